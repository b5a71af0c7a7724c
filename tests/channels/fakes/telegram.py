"""Telegram's Bot API as far as a channel's messages go. The token in each path is taken out before anybody sees it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from channels.telegram import TelegramSettings
from tests.channels.fakes.described import bot_faults, bot_type_faults, bot_values
from tests.channels.fakes.server import Answer, Fake, Request

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
BOT, CHAT, NAME = 110201543, -1001234567890, "clinic"
KNOWN = {"bold", "italic", "strikethrough", "code", "text_link"}
SENDS = ("sendMessage", "sendPhoto")


class Platform(Fake):
    """One bot, an administrator of one channel."""

    secrets = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[int, dict[str, Any]] = {}
        self.member: dict[str, Any] = {"status": "administrator", "can_post_messages": True}
        self.chat = {"id": CHAT, "type": "channel", "title": "Clinic", "username": NAME}
        self.too_old = False  # every message, to be deleted

    def settings(self) -> TelegramSettings:
        return TelegramSettings(token=SecretStr(TOKEN), chat=f"@{NAME}", api=self.url)

    def texts(self) -> list[str]:
        return [message["words"] for message in self.messages.values()]

    def pictures(self) -> list[tuple[bytes, str]]:
        """Nobody is told what a photo shows: there is no alternative text."""
        return [(message["photo"], "") for message in self.messages.values() if "photo" in message]

    def creates(self, request: Request) -> bool:
        return request.method == "POST" and request.path.rpartition("/")[2] in SENDS

    def refusal(self, status: int, headers: dict[str, str], said: str = "") -> Answer:
        body: dict[str, Any] = {"ok": False, "error_code": status, "description": said or f"No: {TOKEN}"}
        if "Retry-After" in headers:
            body["parameters"] = {"retry_after": int(headers["Retry-After"])}
        return Answer(status=status, json=body, headers=headers)

    def answer(self, request: Request) -> Answer | None:
        if "(token)" in request.path:
            self.faults.append("a placeholder was sent in the token's place")
        return super().answer(replace(request, path=request.path.replace(f"/bot{TOKEN}/", "/bot(token)/")))

    def handle(self, request: Request) -> Answer:
        called = re.fullmatch(r"/bot([^/]+)/(\w+)", request.path)
        if called is None or not re.fullmatch(r"\(token\)|\d+:[\w-]+", called[1]):
            return self.refusal(404, {}, "Not Found")
        if called[1] != "(token)":
            return self.refusal(401, {}, "Unauthorized")
        method = called[2]
        body = {**request.query, **bot_values(method, request.form), **(request.json or {})}
        wrong = bot_faults(method, _typed({**body, **dict.fromkeys(_fields(request), "(file)")}))
        if wrong:
            self.faults += wrong
            return self.refusal(400, {}, f"Bad Request: {wrong[0]}")
        if method != "getMe" and body["chat_id"] not in {f"@{NAME}", str(CHAT)}:
            return self.refusal(400, {}, "Bad Request: chat not found")
        answer: Answer = getattr(self, f"_{method}")(body, request)
        return answer

    def _getMe(self, body: dict[str, Any], request: Request) -> Answer:  # noqa: N802 - Telegram's own name
        return _fine({"id": BOT, "is_bot": True, "first_name": "Clinic", "username": "clinic_bot"})

    def _getChat(self, body: dict[str, Any], request: Request) -> Answer:  # noqa: N802
        return _fine(self.chat)

    def _getChatMember(self, body: dict[str, Any], request: Request) -> Answer:  # noqa: N802
        if body["user_id"] != str(BOT):
            return self.refusal(400, {}, "Bad Request: user not found")
        return _fine({"user": {"id": BOT, "is_bot": True}, **self.member})

    def _sendMessage(self, body: dict[str, Any], request: Request) -> Answer:  # noqa: N802
        return self._written(len(self.received), body, "text", "entities", 4096)

    def _sendPhoto(self, body: dict[str, Any], request: Request) -> Answer:  # noqa: N802
        photo = {"photo": request.files["photo"].data}
        return self._written(len(self.received), body, "caption", "caption_entities", 1024, photo)

    def _editMessageText(self, body: dict[str, Any], request: Request) -> Answer:  # noqa: N802
        return self._edited(body, "text", "entities", 4096)

    def _editMessageMedia(self, body: dict[str, Any], request: Request) -> Answer:  # noqa: N802
        media = body["media"]
        wrong = [] if media["media"] == "attach://photo" else [f"no file of the request: {media['media']}"]
        self.faults += [*wrong, *bot_type_faults("InputMediaPhoto", media)]
        return self._edited({**media, **body}, "caption", "caption_entities", 1024, request.files["photo"].data)

    def _deleteMessage(self, body: dict[str, Any], request: Request) -> Answer:  # noqa: N802
        if body["message_id"] not in self.messages:
            return self.refusal(400, {}, "Bad Request: message to delete not found")
        if self.too_old:
            return self.refusal(400, {}, "Bad Request: message can't be deleted for everyone")
        del self.messages[body["message_id"]]
        return _fine(True)

    def _edited(self, body: dict[str, Any], words: str, marks: str, most: int, photo: bytes = b"") -> Answer:
        there = self.messages.get(body["message_id"])
        if there is None:
            return self.refusal(400, {}, "Bad Request: message to edit not found")
        if ("photo" in there) != (words == "caption"):
            return self.refusal(400, {}, f"Bad Request: there is no {words} in the message to edit")
        if (there["words"], there["marks"], there.get("photo", b"")) == (body[words], body[marks], photo):
            same = "message is not modified: specified new message content and reply markup are exactly the same"
            return self.refusal(400, {}, f"Bad Request: {same}")
        return self._written(body["message_id"], body, words, marks, most, {"photo": photo} if photo else {})

    def _written(
        self, number: int, body: dict[str, Any], words: str, marks: str, most: int, photo: dict[str, Any] | None = None
    ) -> Answer:
        text = body[words]
        wrong = [fault for mark in body[marks] for fault in _mark_faults(mark, text)]
        wrong += [f"{words} is too long"] if len(text.encode("utf-16-le")) > 2 * most else []
        self.faults += wrong
        if wrong:
            return self.refusal(400, {}, f"Bad Request: {wrong[0]}")
        self.messages[number] = {"words": text, "marks": body[marks], "sent": body, **(photo or {})}
        return _fine({"message_id": number, "chat": self.chat, "date": 1_700_000_000, words: text})


def _fields(request: Request) -> list[str]:
    """The files that are fields themselves, and not attached to one by name."""
    return [name for name in request.files if not any(f"attach://{name}" in value for value in request.form.values())]


def _typed(body: dict[str, Any]) -> dict[str, Any]:
    """Numbers of a query string as numbers."""
    return {name: int(value) if name == "user_id" else value for name, value in body.items()}


def _mark_faults(mark: dict[str, Any], text: str) -> list[str]:
    """A mark must be of a known kind, lie in the text, and part no character."""
    data = text.encode("utf-16-le")
    start, end = 2 * mark["offset"], 2 * (mark["offset"] + mark["length"])
    wrong = [] if mark["type"] in KNOWN else [f"unknown mark {mark['type']}"]
    wrong += [] if 0 <= start < end <= len(data) else ["a mark beyond the text"]
    wrong += [] if (mark["type"] == "text_link") == ("url" in mark) else ["a url that is no link's, or none"]
    try:
        data[start:end].decode("utf-16-le")
    except UnicodeDecodeError:
        wrong.append("a mark that parts a character")
    return wrong


def _fine(result: Any) -> Answer:
    return Answer(json={"ok": True, "result": result})
