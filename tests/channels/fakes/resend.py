"""Resend as far as a broadcast goes; bodies by its OpenAPI description."""

from __future__ import annotations

import re
from typing import Any

from pydantic import SecretStr

from channels.resend import ResendSettings
from tests.channels.fakes.described import faults, fields
from tests.channels.fakes.server import Answer, Request
from tests.channels.fakes.service import Service

KEY = "re_key_77f0"
SEGMENT, TOPIC = "78261eea-8f8b-4381-83c6-79fa7120f1cf", "b6d24b8e-af0b-4c3c-be0c-359bbd97381e"
NAMES = {"FIRST_NAME": "first_name", "LAST_NAME": "last_name", "EMAIL": "email"}
TAG = re.compile(r"\{\{\{(.*?)\}\}\}")


class Platform(Service):
    """One account with one segment."""

    secrets = (KEY,)
    going = "queued"

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[dict[str, Any]] = []
        self.keys: set[str] = set()

    def settings(self) -> ResendSettings:
        return ResendSettings(key=SecretStr(KEY), segment=SEGMENT, topic=TOPIC, api=self.url)

    def creates(self, request: Request) -> bool:
        return request.path.endswith("/send")

    def makes(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/broadcasts")

    def words(self, campaign: dict[str, Any]) -> tuple[str, str]:
        return campaign["subject"], campaign["html"]

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        said = {"statusCode": status, "name": "refused", "message": f"no: {KEY}"}
        return Answer(status=status, json=said, headers=headers)

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return self.refusal(401, {})
        if request.path == f"/segments/{SEGMENT}":
            return Answer(json={"object": "segment", "id": SEGMENT, "name": "Readers"})
        if self.makes(request):
            return self._create(request.json)
        if request.path == "/broadcasts":
            return self._list(request.query)
        if request.path == "/emails":
            return self._mail(request)
        broadcast_id, _, action = request.path.removeprefix("/broadcasts/").partition("/")
        if broadcast_id not in self.campaigns:
            return self.refusal(404, {})
        return self._one(self.campaigns[broadcast_id], action, request)

    def _create(self, body: dict[str, Any]) -> Answer:
        wrong = self._wrong("POST /broadcasts", body)
        wrong += ["it would be sent at once"] if "send" in body else []
        wrong += [] if body.get("segment_id") == SEGMENT else ["no such segment"]
        if refused := self.fault(*wrong, status=422):
            return refused
        broadcast_id = f"e169aa45-1ecf-4183-9955-{len(self.received):012}"
        self.campaigns[broadcast_id] = {**body, "id": broadcast_id, "status": "draft"}
        return Answer(status=201, json={"object": "broadcast", "id": broadcast_id})

    def _one(self, broadcast: dict[str, Any], action: str, request: Request) -> Answer:
        match (request.method, action):
            case ("GET", ""):
                return Answer(json={"object": "broadcast", **broadcast})
            case ("PATCH", ""):
                refused = self.fault(*self._wrong("PATCH /broadcasts/{id}", request.json), status=422)
                return refused or self._moved(broadcast, {"draft"}, **request.json)
            case ("POST", "send"):
                refused = self.fault(*self._wrong("POST /broadcasts/{id}/send", request.json), status=422)
                return refused or self._moved(broadcast, {"draft"}, status="queued")
            case ("POST", "cancel"):
                return self._moved(broadcast, {"queued", "scheduled"}, status="canceled")
        return self.fault(f"{request.method} {action}", status=404) or Answer()

    def _moved(self, broadcast: dict[str, Any], within: set[str], **changes: Any) -> Answer:
        if broadcast["status"] not in within:
            return self.refusal(403, {})
        broadcast |= changes
        return Answer(json={"object": "broadcast", "id": broadcast["id"]})

    def _mail(self, request: Request) -> Answer:
        key = request.headers.get("idempotency-key", "")
        wrong = self._wrong("POST /emails", request.json)
        wrong += [] if 0 < len(key) <= 256 else ["no Idempotency-Key"]
        wrong += ["a merge tag outside of a broadcast"] if TAG.search(request.json["html"]) else []
        if refused := self.fault(*wrong, status=422):
            return refused
        if key not in self.keys:
            self.keys.add(key)
            self.mails.append(request.json)
            self.tests.append(tuple(request.json["to"]))
        return Answer(json={"id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"})

    def _wrong(self, operation: str, body: dict[str, Any]) -> list[str]:
        wrong = faults("resend", operation, body)
        wrong += [f"unknown field {name}" for name in sorted(set(body) - fields("resend", operation))]
        return wrong + self.unread(body.get("subject", ""), body.get("html", ""), body.get("text", ""))

    def _list(self, query: dict[str, str]) -> Answer:
        if not 1 <= int(query.get("limit", "1")) <= 100 or set(query) - {"limit", "after", "before"}:
            self.faults.append(f"query: {query}")
        shown = [{name: c[name] for name in ("id", "name", "status")} for c in reversed(self.campaigns.values())]
        return Answer(json={"object": "list", "has_more": False, "data": shown})

    def rendered(self, text: str, *, html: bool) -> str:
        return TAG.sub(lambda tag: self._value(*tag[1].partition("|")[::2]), text)

    def _value(self, name: str, otherwise: str) -> str:
        if name == "RESEND_UNSUBSCRIBE_URL":
            return self.leave
        if name not in NAMES:
            raise ValueError(f"no property {name}")
        return self.reader.get(NAMES[name]) or otherwise
