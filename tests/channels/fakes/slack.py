"""Slack's Web API as far as a message goes: 200 for a refusal too, and rich text taken at its word."""

from __future__ import annotations

import re
from typing import Any

from pydantic import SecretStr

from channels.slack import SlackSettings
from tests.channels.fakes.server import Answer, Fake, Request

TOKEN = "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcBrzbqgy"
CHANNEL, USER, BOT = "C0123456789", "U0BOT56789", "B0123456789"
# https://docs.slack.dev/reference/methods: what each method may be given, and what it must
TAKES: dict[str, tuple[set[str], set[str]]] = {
    "chat.postMessage": ({"channel", "text", "blocks"}, {"unfurl_links", "unfurl_media", "thread_ts", "parse"}),
    "chat.update": ({"channel", "ts", "text", "blocks"}, {"link_names", "parse"}),
    "chat.delete": ({"channel", "ts"}, set()),
    "chat.getPermalink": ({"channel", "message_ts"}, set()),
    "conversations.history": ({"channel"}, {"limit", "cursor", "latest", "oldest"}),
    "auth.test": (set(), set()),
}
READS = ("chat.getPermalink", "conversations.history", "auth.test")
ELEMENTS = {"text": {"type", "text", "style"}, "link": {"type", "url", "text", "style"}}
STYLES = {"text": {"bold", "italic", "strike", "code"}, "link": {"bold", "italic", "strike"}}


class Platform(Fake):
    """One app in one channel, where other people write too."""

    secrets = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}  # the app's own
        self.others: list[dict[str, Any]] = []
        self.refused: dict[str, dict[str, Any]] = {}  # method: what it answers in place of the right thing
        self.scopes = "chat:write,channels:history"

    def settings(self) -> SlackSettings:
        return SlackSettings(token=SecretStr(TOKEN), channel=CHANNEL, api=f"{self.url}/api")

    def texts(self) -> list[str]:
        return ["".join(words for _, words in seen(message["blocks"])) for message in self.messages.values()]

    def creates(self, request: Request) -> bool:
        return request.path == "/api/chat.postMessage"

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return refusal("invalid_auth")
        method = request.path.removeprefix("/api/")
        if method in self.refused:
            return refusal(**self.refused[method])
        body = request.query if method in READS else request.json or {}
        wrong = self._wrong(method, request.method, body)
        if wrong:
            self.faults += wrong
            return refusal("invalid_arguments", response_metadata={"messages": [f"[ERROR] {w}" for w in wrong]})
        if body.get("channel", CHANNEL) != CHANNEL:
            return refusal("channel_not_found")
        return self._done(method, body)

    def _done(self, method: str, body: dict[str, Any]) -> Answer:
        match method:
            case "auth.test":
                told = {"user_id": USER, "bot_id": BOT, "team": "Clinic"}
                return fine(headers={"X-OAuth-Scopes": self.scopes} if self.scopes else {}, **told)
            case "conversations.history":
                return self._history(body)
            case "chat.postMessage":
                return self._kept(f"{self.now().timestamp():.0f}.{len(self.received):06}", body)
        return self._one(method, body)

    def _history(self, asked: dict[str, Any]) -> Answer:
        newest = [*reversed(self.others), *reversed(self.messages.values())]
        newest = [message for message in newest if float(message["ts"]) > float(asked.get("oldest", "0"))]
        begin = int(asked.get("cursor", "0"))
        following = begin + int(asked.get("limit", "100"))
        more = self.endless or following < len(newest)
        cursor = {"response_metadata": {"next_cursor": str(following) if more else ""}}
        return fine(messages=newest[begin:following], has_more=more, **cursor)

    def _one(self, method: str, body: dict[str, Any]) -> Answer:
        ts = body.get("ts") or body["message_ts"]
        if ts not in self.messages:
            return refusal("message_not_found")
        if method == "chat.update":
            return self._kept(ts, body)
        if method == "chat.delete":
            del self.messages[ts]
            return fine(channel=CHANNEL, ts=ts)
        return fine(channel=CHANNEL, permalink=f"https://clinic.slack.com/archives/{CHANNEL}/p{ts.replace('.', '')}")

    def _kept(self, ts: str, body: dict[str, Any]) -> Answer:
        # given back, the links of a text stand in angle brackets
        text = re.sub(r"https?://[^\s<>]+", r"<\g<0>>", body["text"])
        self.messages[ts] = {"type": "message", "user": USER, "bot_id": BOT, "ts": ts, **body, "text": text}
        return fine(channel=CHANNEL, ts=ts, message=self.messages[ts])

    def _wrong(self, method: str, verb: str, body: dict[str, Any]) -> list[str]:
        must, may = TAKES[method]
        wrong = [f"{method} takes no {name}" for name in set(body) - must - may]
        wrong += [f"{method} lacks {name}" for name in must - set(body)]
        wrong += [] if verb == ("GET" if method in READS else "POST") else [f"{verb} {method}"]
        if method == "chat.postMessage" and body.get("unfurl_links") is not True:
            wrong.append("no card will be shown")
        if re.search(r"[<>]|&(?!amp;|lt;|gt;)", body.get("text", "")):
            wrong.append("the text for notifications holds markup")
        return wrong + [fault for block in body.get("blocks", []) for fault in block_faults(block)]


def block_faults(block: dict[str, Any]) -> list[str]:
    """What a block of rich text has beside what Slack knows."""
    [section] = block["elements"]
    wrong = [] if (set(block), block["type"]) == ({"type", "elements"}, "rich_text") else ["no rich_text"]
    wrong += [] if (set(section), section["type"]) == ({"type", "elements"}, "rich_text_section") else ["no section"]
    for element in section["elements"]:
        kind = element["type"]
        wrong += [f"{kind} takes no {name}" for name in set(element) - ELEMENTS[kind]]
        wrong += [f"{kind} takes no style {name}" for name in set(element.get("style", {})) - STYLES[kind]]
        wrong += [] if element.get("text", element.get("url")) else [f"an empty {kind}"]
    if sum(len(words) for _, words in seen([block])) > 3000:
        wrong.append("over 3000 characters")
    return wrong


def seen(blocks: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What people see, in stretches of one style."""
    found = []
    for element in (element for block in blocks for section in block["elements"] for element in section["elements"]):
        style = [*sorted(element.get("style", {})), *([element["url"]] if "url" in element else [])]
        found.append((" ".join(style), element.get("text", element.get("url"))))
    return found


def fine(headers: dict[str, str] | None = None, **told: Any) -> Answer:
    """Done."""
    return Answer(json={"ok": True, **told}, headers=headers or {})


def refusal(error: str, headers: dict[str, str] | None = None, **told: Any) -> Answer:
    """What Slack does not do, it says with status 200."""
    return Answer(json={"ok": False, "error": error, **told}, headers=headers or {})
