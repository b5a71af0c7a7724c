"""Buttondown as far as an email goes: drafts, idempotency keys, status transitions, Django's language."""

from __future__ import annotations

import re
from typing import Any

from pydantic import SecretStr

from channels.buttondown import ButtondownSettings
from tests.channels.fakes.server import Answer, Request
from tests.channels.fakes.service import Service, lacking, unknown

KEY = "buttondown-key-3d1c"
MODE = "<!-- buttondown-editor-mode: fancy -->"
FIELDS = {
    "attachments", "publish_date", "subject", "slug", "description", "canonical_url", "image", "body", "archival_mode",
    "email_type", "status", "metadata", "secondary_id", "filters", "template", "commenting_mode", "related_email_ids",
    "featured", "should_trigger_pay_per_email_billing",
}  # fmt: skip
TEMPLATES = {"classic", "custom", "modern", "plaintext", "naked"}
TAG = re.compile(r"(\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\})")
FIELD = re.compile(r'\{\{ subscriber\.metadata\.(\w+)\|default:"((?:[^"\\]|\\.)*)" \}\}')


class Platform(Service):
    """One newsletter."""

    secrets = (KEY,)
    going = "about_to_send"

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, str] = {}
        self.lists_late = False  # a new email is not listed yet

    def settings(self) -> ButtondownSettings:
        return ButtondownSettings(key=SecretStr(KEY), api=f"{self.url}/v1")

    def creates(self, request: Request) -> bool:
        return request.method == "PATCH" and "status" in (request.json or {})

    def makes(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/v1/emails")

    def words(self, campaign: dict[str, Any]) -> tuple[str, str]:
        return campaign["subject"], campaign["body"].removeprefix(MODE)

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        said = {"code": "refused", "detail": f"no: {KEY}", "metadata": {}}
        return Answer(status=status, json=said, headers=headers)

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Token {KEY}":
            return self.refusal(401, {})
        if self.makes(request):
            return self._create(request)
        if request.path == "/v1/emails":
            return self._list(request.query)
        email_id, _, action = request.path.removeprefix("/v1/emails/").partition("/")
        if email_id not in self.campaigns:
            return self.refusal(404, {})
        if action:
            return self._send_draft(action, request.json)
        return self._change(email_id, request.json) if request.method == "PATCH" else self._told(email_id)

    def _create(self, request: Request) -> Answer:
        body, key = request.json, request.headers.get("x-idempotency-key", "")
        wrong = [] if 0 < len(key) <= 200 else ["no X-Idempotency-Key of 200 characters or less"]
        wrong += [*lacking(body, {"subject"}), *self._wrong(body)]
        if body.get("status") != "draft":
            wrong.append("without status: draft it is sent at once")
        if key in self.keys and not wrong:
            return self._told(self.keys[key], 201)
        if body.get("body", "").startswith("---\n"):
            return Answer(status=400, json={"code": "body_contains_frontmatter", "detail": "no"})
        if refused := self.fault(*wrong, status=422):
            return refused
        email_id = f"em_{len(self.received):026}"
        self.keys[key] = email_id
        self.campaigns[email_id] = {"id": email_id, "metadata": {}, **body, "absolute_url": self._page(email_id)}
        return self._told(email_id, 201)

    def _change(self, email_id: str, body: dict[str, Any]) -> Answer:
        email = self.campaigns[email_id]
        if refused := self.fault(*self._wrong(body), status=422):
            return refused
        if email["status"] != "draft":
            return self.refusal(400, {})
        if body.get("status", "draft") not in {"draft", "scheduled", "about_to_send"}:
            return self.fault("no such transition") or self.refusal(400, {})
        email |= body
        return self._told(email_id)

    def _wrong(self, body: dict[str, Any]) -> list[str]:
        wrong = unknown(body, FIELDS)
        text = body.get("body", MODE)
        if not text.startswith(MODE):
            wrong.append("the body may be taken for Markdown")
        if body.get("template", "naked") not in TEMPLATES:
            wrong.append("no such template")
        if "body" in body and "{{ unsubscribe_url }}" not in text:
            wrong.append("naked mail needs its own way off the list")
        return wrong + self.unread(body.get("subject", ""), text.removeprefix(MODE))

    def _list(self, query: dict[str, str]) -> Answer:
        if query.get("ordering", "-creation_date") != "-creation_date" or query.get("excluded_fields") != "body":
            self.faults.append(f"query: {query}")
        shown = [] if self.lists_late else list(reversed(self.campaigns.values()))
        return Answer(json={"results": [_without_body(email) for email in shown], "count": len(shown)})

    def _send_draft(self, action: str, body: dict[str, Any]) -> Answer:
        if action != "send-draft" or set(body) - {"subscribers", "recipients"}:
            self.faults.append(f"{action}: {body}")
        self.tests.append(tuple(body["recipients"]))
        return Answer()

    def _told(self, email_id: str, status: int = 200) -> Answer:
        return Answer(status=status, json=self.campaigns[email_id])

    def _page(self, email_id: str) -> str:
        return f"{self.url}/archive/{email_id}"

    def rendered(self, text: str, *, html: bool) -> str:
        return "".join(self._filled(piece) for piece in TAG.split(text))

    def _filled(self, piece: str) -> str:
        if not TAG.fullmatch(piece):
            return piece
        if field := FIELD.fullmatch(piece):
            return self.reader.get(field[1]) or re.sub(r"\\(.)", r"\1", field[2])
        known = {"{{ unsubscribe_url }}": self.leave, "{% templatetag openbrace %}": "{"}
        if piece not in known:
            raise ValueError(f"Django does not understand {piece}")
        return known[piece]


def _without_body(email: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in email.items() if name != "body"}
