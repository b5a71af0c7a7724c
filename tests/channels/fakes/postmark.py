"""Postmark as far as a batch goes: one 200 for all, an error code for each message."""

from __future__ import annotations

import re
from typing import Any

from pydantic import SecretStr

from channels.campaigns import JOINER
from channels.postmark import PostmarkSettings
from tests.channels.fakes.server import Answer, Fake, Request
from tests.channels.fakes.service import lacking, unknown

TOKEN = "postmark-token-e1f2"
STREAM = "letters"
FIELDS = {
    "From", "To", "Cc", "Bcc", "Subject", "Tag", "HtmlBody", "TextBody", "ReplyTo", "Headers", "Metadata",
    "TrackOpens", "TrackLinks", "Attachments", "MessageStream",
}  # fmt: skip


class Platform(Fake):
    """One server with one broadcast stream. `codes` are errors by address."""

    secrets = (TOKEN,)
    leave = "https://service.example/leave/ada"

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.codes: dict[str, int] = {}
        self.kind = "Broadcasts"

    def settings(self) -> PostmarkSettings:
        return PostmarkSettings(audience=SecretStr("list.csv"), token=SecretStr(TOKEN), stream=STREAM, api=self.url)

    def texts(self) -> list[str]:
        return [self.read(message) for message in self.sent]

    def read(self, message: dict[str, Any]) -> str:
        """Subject and HTML as the recipient has them."""
        html = re.sub(r"\{\{\{ pm:unsubscribe \}\}\}", self.leave, message["HtmlBody"])
        return f"{message['Subject']}\n{html}".replace(JOINER, "")

    def creates(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/email/batch")

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        return Answer(status=status, json={"ErrorCode": 300, "Message": f"no: {TOKEN}"}, headers=headers)

    def handle(self, request: Request) -> Answer:
        if request.headers.get("x-postmark-server-token") != TOKEN:
            return Answer(status=401, json={"ErrorCode": 10, "Message": "No Account or Server API tokens"})
        if request.headers.get("accept") != "application/json":
            self.faults.append("no Accept: application/json")
        if request.path == f"/message-streams/{STREAM}":
            return Answer(json={"ID": STREAM, "MessageStreamType": self.kind})
        if not self.creates(request):
            return self.refusal(404, {})
        if len(request.json) > 500:
            return Answer(status=422, json={"ErrorCode": 410, "Message": "Too many batch messages"})
        return Answer(json=[self._one(message) for message in request.json])

    def _one(self, message: dict[str, Any]) -> dict[str, Any]:
        wrong = [*unknown(message, FIELDS), *lacking(message, {"From", "To", "Subject", "HtmlBody", "TextBody"})]
        wrong += [] if message.get("MessageStream") == STREAM else ["no such stream"]
        wrong += [f"header {h}" for h in message.get("Headers", []) if set(h) != {"Name", "Value"}]
        metadata = message.get("Metadata", {})
        if len(metadata) > 10 or any(len(name) > 20 or len(value) > 80 for name, value in metadata.items()):
            wrong.append("metadata")
        self.faults += wrong
        code = 300 if wrong else self.codes.get(message["To"], 0)
        if code:
            return {"ErrorCode": code, "Message": f"no: {message['To']}"}
        self.sent.append(message)
        return {"ErrorCode": 0, "Message": "OK", "MessageID": f"b7bc2f4a-{len(self.sent):04}", "To": message["To"]}
