"""Discord as far as a webhook goes. Its id and token are taken out of each path before anybody sees it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from channels.discord import DiscordSettings
from tests.channels.fakes.described import faults, fields
from tests.channels.fakes.server import Answer, Fake, Request

NUMBER, TOKEN = "223704706495545344", "3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372"
GUILD, CHANNEL = "199737254929760256", "199737254929760257"
POST = "POST /webhooks/{webhook_id}/{webhook_token}"
PATCH = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
HOME = "/api/v10/webhooks/(id)/(token)"
UNKNOWN_WEBHOOK, UNKNOWN_MESSAGE, INVALID_TOKEN, INVALID_FORM = 10015, 10008, 50027, 50035
STYLES = {"**": "bold", "*": "italic", "_": "italic", "__": "underline", "~~": "strike", "||": "spoiler"}
# whatever else Discord makes of a text: where a line begins, and anywhere
LINE = re.compile(r"(?m)^ *(?:#{1,3}\s|-#\s|[-*]\s|\d+\.\s|>\s|>>>\s)")
ANYWHERE = re.compile(
    r"<(?:@[!&]?\d+|#\d+|a?:\w+:\d+|t:-?\d+|id:\w+|/\w+:\d+)>|@(?:everyone|here)|:[\w+-]+:|https?://|<[^\s>]+@[^\s>]+>"
)
# a mark ends at its own sign, which is no part of a longer row and stands behind no backslash
MARKS = (
    r"(?s)(\*\*)((?:\\.|[^\\])+?)\*\*(?!\*)",
    r"(?s)(\*)(?=\S)((?:\*\*|\\.|[^*\\])+?)(?<!\s)\*(?!\*)",
    r"(?s)(__)((?:\\.|[^\\])+?)__(?!_)",
    r"(?s)(_)((?:__|\\.|[^_\\])+?)_(?!\w)",
    r"(?s)(~~)((?:\\.|[^\\])+?)~~",
    r"(?s)(\|\|)(.+?)\|\|",
)


class Platform(Fake):
    """One webhook of one channel."""

    secrets = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}
        self.guild: str | None = GUILD
        self.gone = False  # somebody has deleted the webhook

    def settings(self) -> DiscordSettings:
        return DiscordSettings(webhook=SecretStr(f"{self.url}/api/webhooks/{NUMBER}/{TOKEN}"))

    def texts(self) -> list[str]:
        return ["".join(words for _, words in self.seen(message["content"])) for message in self.messages.values()]

    def pictures(self) -> list[tuple[bytes, str]]:
        """The attachments that stand for themselves and not in an embed."""
        return [
            (file["data"], file.get("description", ""))
            for message in self.messages.values()
            for file in message["files"]
            if f"attachment://{file['filename']}" not in json.dumps(message["embeds"])
        ]

    def creates(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", HOME)

    def refusal(self, status: int, headers: dict[str, str], code: int = 0, **more: Any) -> Answer:
        wait = {"retry_after": float(headers["Retry-After"])} if "Retry-After" in headers else {}
        body = {"message": f"No: {TOKEN}", "code": code, **wait, **more}
        return Answer(status=status, json=body, headers=headers)

    def answer(self, request: Request) -> Answer | None:
        if "(" in request.path:
            self.faults.append("a placeholder was sent in the webhook's place")
        return super().answer(replace(request, path=request.path.replace(f"{NUMBER}/{TOKEN}", "(id)/(token)")))

    def handle(self, request: Request) -> Answer:
        called = re.fullmatch(rf"{re.escape(HOME)}(?:/messages/(\d+))?", request.path)
        if called is None or self.gone:
            known = NUMBER in request.path
            return self.refusal(401, {}, INVALID_TOKEN) if known else self.refusal(404, {}, UNKNOWN_WEBHOOK)
        if request.method == "GET" and called[1] is None:
            told = {"id": NUMBER, "type": 1, "name": "Clinic", "channel_id": CHANNEL, "guild_id": self.guild}
            return Answer(json={**told, "application_id": None, "avatar": None, "token": TOKEN})
        if self.creates(request):
            if request.query != {"wait": "true"}:
                self.faults.append("without wait=true there is no answer")
            return self._kept(str(1_200_000_000_000_000_000 + len(self.received)), POST, request, {})
        if called[1] not in self.messages:
            return self.refusal(404, {}, UNKNOWN_MESSAGE)
        if request.method == "DELETE":
            del self.messages[called[1]]
            return Answer(status=204)
        return self._kept(called[1], PATCH, request, self.messages[called[1]])

    def _kept(self, number: str, operation: str, request: Request, earlier: dict[str, Any]) -> Answer:
        body = json.loads(request.form["payload_json"]) if request.files else request.json
        wrong = self._wrong(operation, body, set(request.files))
        if wrong:
            self.faults += wrong
            errors = {"content": {"_errors": [{"code": "INVALID", "message": fault} for fault in wrong]}}
            return self.refusal(400, {}, INVALID_FORM, errors=errors)
        stays = {file["id"]: file for file in earlier.get("files", [])}
        sent = {name.strip("files[]"): file.data for name, file in request.files.items()}
        files = [{**file, "data": sent[n]} if (n := file["id"]) in sent else stays[n] for file in body["attachments"]]
        self.messages[number] = {"content": body["content"], "embeds": body["embeds"], "files": files}
        return Answer(json={"id": number, "channel_id": CHANNEL, "content": body["content"], "type": 0})

    def _wrong(self, operation: str, body: dict[str, Any], files: set[str]) -> list[str]:
        wrong = faults("discord", operation, body)
        wrong += [f"unknown field {name}" for name in set(body) - fields("discord", operation)]
        if body.get("allowed_mentions") != {"parse": []}:
            wrong.append("somebody may be called by a mention")
        if len(body["content"].encode("utf-16-le")) > 4000:
            wrong.append("Must be 2000 or fewer in length.")
        names = {f"files[{file['id']}]" for file in body.get("attachments", [])}
        wrong += [f"a file that is nowhere named: {name}" for name in files - names]
        for embed in body["embeds"]:
            image = embed.get("image", {}).get("url", "").removeprefix("attachment://")
            if image and image not in {file["filename"] for file in body["attachments"]}:
                wrong.append("an embed's picture is not attached")
        return wrong

    def seen(self, content: str) -> list[tuple[str, str]]:
        """What people see of a message, in stretches of one style; what no mark makes is a fault."""
        found = Reader(content).read()
        unmeant = ("strange", "underline", "spoiler")
        self.faults += [f"'{words}' is markup" for style, words in found if any(name in style for name in unmeant)]
        return found


class Reader:
    """Reads Discord's Markdown from the left: an escape, code, a link, a mark, or else one character."""

    def __init__(self, content: str, styles: tuple[str, ...] = ()) -> None:
        self.content = content
        self.styles = styles
        self.found: list[tuple[str, str]] = []

    def read(self) -> list[tuple[str, str]]:
        at = 0
        while at < len(self.content):
            at += self._next(at)
        return self.found

    def _next(self, at: int) -> int:
        rest = self.content[at:]
        linked = any(style.startswith("link") for style in self.styles)  # where Discord reads no escapes
        if not linked and (escape := re.match(r"\\([^0-9A-Za-z\s])", rest)):
            return self._add(escape[1], escape)
        if code := re.match(r"(?s)(`+)(.*?[^`])\1(?!`)", rest):
            return self._add(re.sub(r"^ (?= *`)|(?<=`)( *) $", r"\1", code[2]), code, "code")
        if link := re.match(r"<(https?://[^ >]+)>", rest):
            return self._add(link[1], link, "url")
        if link := re.match(r"\[([^\]]+)\]\(<?(https?://[^\s<>)]+)>?\)", rest):
            return self._within(link[1], link, f"link {link[2]}")
        if mark := self._mark(rest):
            return self._within(mark[2], mark, STYLES[mark[1]])
        if strange := ANYWHERE.match(rest) or (not self.styles and LINE.match(self.content, at)):
            return self._add(strange[0], strange, "strange")
        return self._add(rest[0], None)

    def _mark(self, rest: str) -> re.Match[str] | None:
        """The mark that begins here; of two that might, the longer one."""
        might = [re.match(pattern, rest) for pattern in MARKS]
        return max(filter(None, might), key=lambda match: match.end(), default=None)

    def _add(self, words: str, match: re.Match[str] | None, style: str = "") -> int:
        styles = " ".join(sorted({*self.styles, style} - {""}))
        if self.found and self.found[-1][0] == styles:
            words = self.found.pop()[1] + words
        self.found.append((styles, words))
        return len(match[0]) if match else 1

    def _within(self, words: str, match: re.Match[str], style: str) -> int:
        self.found += Reader(words, (*self.styles, style)).read()
        return len(match[0])
