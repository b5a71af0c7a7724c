"""Mastodon as far as a status goes. `keeps_keys` False: a server that ignores Idempotency-Key."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from pydantic import SecretStr

from channels.mastodon import MastodonSettings
from content.measures import links_in, mastodon
from tests.channels.fakes.described import faults
from tests.channels.fakes.server import Answer, Fake, Request

TOKEN = "mastodon-token-77aa"
ME = "109"
ALWAYS = ("status", "visibility", "language", "sensitive", "spoiler_text")


class Platform(Fake):
    """One account on one server."""

    secrets = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.statuses: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, str] = {}
        self.keeps_keys = True
        self.media: dict[str, tuple[bytes, str]] = {}
        self.slow = 0  # questions until a picture is ready
        self.scopes: list[str] | None = ["read", "write"]
        self.instances: dict[str, Any] = {"v2": instance(500, 23)}

    def settings(self) -> MastodonSettings:
        return MastodonSettings(server=self.url, token=SecretStr(TOKEN))

    def texts(self) -> list[str]:
        return [status["text"] for status in self.statuses.values()]

    def pictures(self) -> list[tuple[bytes, str]]:
        return [self.media[media_id] for status in self.statuses.values() for media_id in status["media_ids"]]

    def uploads(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/api/v2/media")

    def creates(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/api/v1/statuses")

    def handle(self, request: Request) -> Answer:  # noqa: C901 - one branch a call
        if version := re.fullmatch(r"/api/(v[12])/instance", request.path):
            known = self.instances.get(version[1])
            return Answer(json=known) if known else self.refusal(404, {})
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(status=401, json={"error": "The access token is invalid"})
        if self.creates(request):
            return self._create(request)
        if self.uploads(request):
            return self._upload(request)
        if request.path.startswith("/api/v1/media/"):
            self.slow -= 1
            return Answer(status=206 if self.slow > 0 else 200, json={"id": request.path.rpartition("/")[2]})
        if request.path == "/api/v1/apps/verify_credentials":
            return Answer(json={"name": "Pressroom", "scopes": self.scopes})
        if request.path == "/api/v1/accounts/verify_credentials":
            return Answer(json={"id": ME, "username": "clinic"})
        if request.path == f"/api/v1/accounts/{ME}/statuses":
            before = "9" if self.endless else request.query.get("max_id", "9")
            newest = [status for name, status in reversed(self.statuses.items()) if name < before]
            return Answer(json=newest[: min(int(request.query.get("limit", "20")), 40)])
        return self._one(request, request.path.removeprefix("/api/v1/statuses/"))

    def _create(self, request: Request) -> Answer:
        key = request.headers.get("idempotency-key", "")
        if not key:
            self.faults.append("no Idempotency-Key")
        if self.keeps_keys and key in self.keys:
            known = self.statuses.get(self.keys[key])
            return Answer(json=known) if known else Answer(status=404, json={"error": "Record not found"})
        if not self._understood("POST /api/v1/statuses", request.json, ALWAYS):
            return Answer(status=422, json={"error": "Validation failed"})
        status_id = f"11{len(self.received):04}"
        self.keys[key] = status_id
        self.statuses[status_id] = self._status(status_id, request.json)
        return Answer(json=self.statuses[status_id])

    def _upload(self, request: Request) -> Answer:
        file = request.files["file"]
        self.faults += faults("mastodon", "POST /api/v2/media", {**request.form, "file": file.name})
        if file.media_type not in {"image/jpeg", "image/png", "image/gif", "image/webp"}:
            return Answer(status=422, json={"error": "Validation failed: File content type is invalid"})
        media_id = f"22{len(self.received):04}"
        self.media[media_id] = (file.data, request.form["description"])
        return Answer(status=202 if self.slow else 200, json={"id": media_id, "type": "image"})

    def _one(self, request: Request, status_id: str) -> Answer:
        if status_id not in self.statuses:
            return Answer(status=404, json={"error": "Record not found"})
        if request.method == "DELETE":
            return Answer(json=self.statuses.pop(status_id))
        wanted = tuple(name for name in ALWAYS if name != "visibility")
        if not self._understood("PUT /api/v1/statuses/{id}", request.json, wanted):
            return Answer(status=422, json={"error": "Validation failed"})
        self.statuses[status_id] = self._status(status_id, {**self.statuses[status_id], **request.json})
        return Answer(json=self.statuses[status_id])

    def _understood(self, operation: str, body: Any, always: tuple[str, ...]) -> bool:
        wrong = faults("mastodon", operation, body)
        wrong += [f"{name} is not sent" for name in always if name not in body]
        if mastodon(23)(body.get("status", "")) > 500:
            wrong.append("over 500 characters")
        if set(body.get("media_ids", [])) - set(self.media):
            wrong.append("media that is not there")
        if body.get("in_reply_to_id", next(iter(self.statuses), "")) not in {"", *self.statuses}:
            wrong.append("answers nothing that is there")
        self.faults += wrong
        return not wrong

    def _status(self, status_id: str, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": status_id,
            "url": f"{self.url}/@clinic/{status_id}",
            "created_at": self.now().isoformat().replace("+00:00", "Z"),
            "content": html(body["status"]),
            "text": body["status"],
            "status": body["status"],
            "in_reply_to_id": body.get("in_reply_to_id"),
            "media_ids": body.get("media_ids", []),
        }


def instance(characters: int, link: int) -> dict[str, Any]:
    """What a server says of its limits."""
    return {"configuration": {"statuses": {"max_characters": characters, "characters_reserved_per_url": link}}}


def html(text: str) -> str:
    """A status as servers give it back: escaped, a link's ends hidden from sight."""
    shown = escape(text)
    for link in links_in(text):
        whole = escape(link)
        rest = whole.removeprefix("https://")
        hidden = f'<span class="invisible">https://</span><span class="ellipsis">{rest[:30]}</span>'
        shown = shown.replace(whole, f'<a href="{whole}" rel="nofollow">{hidden}</a>')
    return f"<p>{shown}</p>"
