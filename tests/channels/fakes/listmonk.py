"""listmonk as far as a campaign goes: fields, transitions and error codes of its source, and Go's templates."""

from __future__ import annotations

import re
from typing import Any

from pydantic import SecretStr

from channels.listmonk import ListmonkSettings
from tests.channels.fakes.server import Answer, Request
from tests.channels.fakes.service import Service, lacking, unknown

USER, TOKEN = "pressroom", "listmonk-token-5a2b"
LISTS = {3, 7}
SUBSCRIBERS = {"ada@example.org"}
FIELDS = {
    "name", "subject", "lists", "from_email", "type", "content_type", "body", "body_source", "altbody", "send_at",
    "messenger", "template_id", "tags", "headers", "attribs",
}  # fmt: skip
KINDS = {"richtext", "html", "markdown", "plain", "visual"}
NAMES = {".FirstName": "first_name", ".LastName": "last_name", ".Name": "name", ".Email": "email"}
FROM = {"running": {"draft", "paused"}, "paused": {"running"}, "cancelled": {"running", "paused"}}
# an action: what it says, or a string of either kind
ACTION = re.compile(r"\{\{\s*((?:\w+\s+)?`[^`]*`|\"[^\"]*\"|[^{}`\"]*?)\s*\}\}")
LINK = re.compile(r"(https?://[\w.~!#$&'()*+,/:;=?@\[\]%-]*)@TrackLink")


class Platform(Service):
    """One server with two lists."""

    secrets = (TOKEN,)
    going = "running"

    def settings(self) -> ListmonkSettings:
        return ListmonkSettings(server=self.url, user=USER, token=SecretStr(TOKEN), lists="3, 7")

    def creates(self, request: Request) -> bool:
        return request.path.endswith("/status") and request.json == {"status": "running"}

    def makes(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/api/campaigns")

    def words(self, campaign: dict[str, Any]) -> tuple[str, str]:
        return campaign["subject"], campaign["body"]

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        return Answer(status=status, json={"message": f"no: {TOKEN}"}, headers=headers)

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"token {USER}:{TOKEN}":
            return self.refusal(403, {})
        path = request.path.removeprefix("/api")
        if listed := re.fullmatch(r"/lists/(\d+)", path):
            return Answer(json={"data": {"id": listed[1]}}) if int(listed[1]) in LISTS else self.refusal(400, {})
        if self.makes(request):
            return self._create(request.json)
        if path == "/campaigns":
            return self._list(request.query)
        campaign_id, _, action = path.removeprefix("/campaigns/").partition("/")
        if campaign_id not in self.campaigns:
            return self.refusal(400, {})  # not 404
        return self._one(self.campaigns[campaign_id], action, request)

    def _create(self, body: dict[str, Any]) -> Answer:
        if refused := self.fault(*self._wrong(body)):
            return refused
        campaign_id = len(self.received)
        self.campaigns[str(campaign_id)] = {**body, "id": campaign_id, "status": "draft"}
        return Answer(json={"data": self.campaigns[str(campaign_id)]})

    def _one(self, campaign: dict[str, Any], action: str, request: Request) -> Answer:
        match (request.method, action):
            case ("PUT", ""):
                return self._change(campaign, request.json)
            case ("PUT", "status"):
                return self._move(campaign, request.json["status"])
            case ("POST", "test"):
                return self._test(request.json)
        return Answer(json={"data": campaign})

    def _change(self, campaign: dict[str, Any], body: dict[str, Any]) -> Answer:
        if refused := self.fault(*self._wrong(body)):
            return refused
        if campaign["status"] not in {"draft", "paused", "scheduled"}:
            return self.refusal(400, {})
        campaign |= body
        return Answer(json={"data": campaign})

    def _move(self, campaign: dict[str, Any], status: str) -> Answer:
        if campaign["status"] not in FROM[status]:
            return self.refusal(400, {})
        campaign["status"] = status
        return Answer(json={"data": campaign})

    def _test(self, body: dict[str, Any]) -> Answer:
        subscribers = body.pop("subscribers")
        if refused := self.fault(*self._wrong(body)):
            return refused
        known = tuple(address for address in subscribers if address in SUBSCRIBERS)
        self.tests += [known] if known else []
        return Answer(json={"data": True}) if known else self.refusal(400, {})

    def _wrong(self, body: dict[str, Any]) -> list[str]:
        wrong = [*unknown(body, FIELDS), *lacking(body, {"name", "subject", "lists", "type", "content_type", "body"})]
        wrong += [] if set(body["lists"]) <= LISTS else ["no such list"]
        wrong += [] if body["content_type"] in KINDS else ["no such content"]
        if body["content_type"] != "visual" and "template_id" not in body:
            wrong.append("the default template is put around it")
        wrong += [] if re.fullmatch(r"((.+?)\s)?<(.+?)@(.+?)>", body["from_email"]) else ["no sender"]
        wrong += ["a stray < in the plain text"] if "<" in ACTION.sub("", body["altbody"]) else []
        return wrong + self.unread(body["subject"], body["body"], body.get("altbody", ""))

    def _list(self, query: dict[str, str]) -> Answer:
        if set(query) - {"order", "order_by", "query", "status", "tags", "page", "per_page", "no_body"}:
            self.faults.append(f"query: {query}")
        found = [c for c in reversed(self.campaigns.values()) if query["query"] in f"{c['name']} {c['subject']}"]
        return Answer(json={"data": {"results": found}})

    def rendered(self, text: str, *, html: bool) -> str:
        if LINK.search(text):
            raise ValueError("an address became a tracked one")
        pieces = ACTION.split(text)
        out, shown, value = [], True, ""
        for n, piece in enumerate(pieces):
            if n % 2 == 0:
                out.append(_literal(piece, html=html) if shown else "")
            elif piece.startswith("with "):
                shown = bool(value := self._value(piece.removeprefix("with .Subscriber")))
            elif piece == "else":
                shown = not shown
            elif piece == "end":
                shown = True
            elif shown:
                out.append(value if piece == "." else self._said(piece))
        return "".join(out)

    def _value(self, name: str) -> str:
        return self.reader.get(NAMES.get(name) or name.removeprefix(".Attribs."), "")

    def _said(self, action: str) -> str:
        if action == "UnsubscribeURL":
            return self.leave
        if said := re.fullmatch(r"Safe `([^`]*)`|\"([^\"]*)\"", action):
            return said[1] or said[2]
        raise ValueError(f"Go does not understand {action}")


def _literal(text: str, *, html: bool) -> str:
    """Text between actions: Go's HTML templates drop comments."""
    if "{{" in text:
        raise ValueError(f"an action is not closed: {text}")
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL) if html else text
