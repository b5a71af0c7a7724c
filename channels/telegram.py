"""Telegram: one message of a bot in a channel. https://core.telegram.org/bots/api#sendmessage"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Quota, Receipt
from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable
from channels.http import retry_after
from channels.network import Message, Network, Remote
from content.findings import Finding
from content.fitting import Limits
from content.measures import utf16_units
from content.pictures import Canvas
from content.post import Part, Post

if TYPE_CHECKING:
    import httpx

API = "https://api.telegram.org"
TOKEN = re.compile(r"\d+:[\w-]+", re.ASCII)
HIDDEN = "(token)"  # the address of a request holds the secret: this stands in its place until it is sent
KINDS = {"bold": "bold", "italic": "italic", "strike": "strikethrough", "code": "code", "link": "text_link"}
MARKS = 100  # of one message; Telegram drops the others
# what else a 400 says that no other article would mend
SETTINGS = ("chat not found", "rights", "CHAT_WRITE_FORBIDDEN", "bot is not a member", "have no access")


class TelegramSettings(BaseModel):
    """A bot's token, as @BotFather gives it, and the channel: "@clinic", or the number of a private one."""

    model_config = ConfigDict(frozen=True)

    token: SecretStr = SecretStr("")
    chat: str = ""
    api: str = API


class Telegram(Network):
    """A bot can't read back what it has posted: an answer that was lost waits for a person."""

    name = "telegram"
    title = "Telegram"
    settings_model = TelegramSettings
    guide = """Write /newbot to @BotFather: it gives you the token. Add the bot to your channel as an administrator
who may post. The chat is the channel's @name, or the number of a private one. It costs nothing."""
    can = Capabilities(
        # a photo's sides may be 10,000 in sum, and one twenty times the other: /bots/api#sendphoto
        limits=Limits(
            text=4096,
            count=utf16_units,
            captioned=1024,
            images=1,
            picture=Canvas(width=5000, height=5000, bytes=10_000_000, narrowest=1 / 20, widest=20.0),
            alt=0,
            knows=frozenset(KINDS),
            shown_link=40,
        ),
        unit="UTF-16 units",
        updates=True,
        retracts=True,
        fetches_card=True,
        # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: of a group; for channels no
        # figure is published, and programs in use keep to the same
        quota=Quota(count=20, hours=1 / 60),
        source="https://core.telegram.org/bots/api#sendmessage",
    )

    def __init__(
        self,
        account: str = "",
        settings: TelegramSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or TelegramSettings()
        self._bot = f"{self._settings.api.rstrip('/')}/bot{HIDDEN}"

    @property
    def configured(self) -> bool:
        """Whether there are a token and a channel."""
        return bool(self._settings.token.get_secret_value() and self._settings.chat)

    def credentials(self) -> dict[str, str]:
        """No header: the token stands in the address."""
        return {}

    def secrets(self) -> tuple[str, ...]:
        """The token."""
        return (self._settings.token.get_secret_value(),)

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """The words with a large preview of the page, or a photo with the words below it."""
        part = post.parts[number]
        files = tuple(("photo", picture) for picture in part.images[:1])
        method = "sendPhoto" if files else "sendMessage"
        chat = self._settings.chat or "(id of the chat)"
        body = {"chat_id": chat, **_worded(part, post.card.url)}
        return Message(method="POST", url=f"{self._bot}/{method}", body=body, files=files)

    def deliver(self, message: Message) -> Remote:
        """Post. The id is the chat's and the message's."""
        result = self._result(self.put(message))
        with self.understood("result"):
            chat, number = result["chat"], result["message_id"]
            username = chat.get("username")
            return Remote(f"{chat['id']} {number}", f"https://t.me/{username}/{number}" if username else "")

    def update(self, receipt: Receipt, rendition: Post) -> Receipt:
        """Change the words, and the photo with them. Raises `Rejected` where there was none before."""
        self.same_parts(receipt, rendition)
        try:
            self.put(self._edit(receipt, rendition))
        except Rejected as error:
            if "message is not modified" not in error.detail:
                raise
        return self.receipt(rendition, [Remote(receipt.remote_ids[0], receipt.url)])

    def _edit(self, receipt: Receipt, post: Post) -> Message:
        part = post.parts[0]
        files = tuple(("photo", picture) for picture in part.images[:1])
        worded = _worded(part, post.card.url)
        if not files:
            body = {**_named(receipt), **worded}
            return Message(method="POST", url=f"{self._bot}/editMessageText", body=body)
        body = {**_named(receipt), "media": {"type": "photo", "media": "attach://photo", **worded}}
        return Message(method="POST", url=f"{self._bot}/editMessageMedia", body=body, files=files)

    def retract(self, receipt: Receipt) -> None:
        """Delete the message, which Telegram lets bots do for 48 hours. Raises `Rejected` after that."""
        try:
            self.call("POST", f"{self._bot}/deleteMessage", json=_named(receipt))
        except Rejected as error:
            if "message to delete not found" not in error.detail:
                raise

    def doctor(self) -> list[Finding]:
        """Ask Telegram who the bot is, and what it may do in the channel."""
        if not self.configured:
            return self.missing("token", "chat")
        rights: list[Finding] = []
        return self.examined(lambda: rights.extend(self._rights())) or rights

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """Telegram says 400 for what the settings have wrong, and 404 for a token that is none."""
        told = self.said(response)
        said, more = str(told.get("description", "")), told.get("parameters")
        more = more if isinstance(more, dict) else {}
        if response.status_code == 429:
            wait = more.get("retry_after")
            wait = wait if isinstance(wait, int) else retry_after(response.headers)
            return Unavailable(self.account, detail, retry_after=wait)
        if "migrate_to_chat_id" in more:
            return Misconfigured(self.account, f"the chat's id is {more['migrate_to_chat_id']} now: {detail}")
        if "message can't be deleted" in said:
            return Rejected(self.account, f"bots may delete a message for 48 hours: {detail}")
        # any other 404 is of a method or of some proxy
        wrong = said == "Not Found" or (response.status_code == 400 and any(words in said for words in SETTINGS))
        return Misconfigured(self.account, detail) if wrong else None

    def _call(self, method: str, url: str, **request: Any) -> httpx.Response:
        """Every request goes to an address with the token in it."""
        token = self._settings.token.get_secret_value()
        if not TOKEN.fullmatch(token):
            raise Misconfigured(self.account, "the token is no bot's: those are like 123456:ABC")
        return super()._call(method, url.replace(HIDDEN, token), **request)

    def _result(self, response: httpx.Response) -> Any:
        told = self.read(response)
        with self.understood("result"):
            return told["result"]

    def _asked(self, method: str, **asked: str) -> Any:
        return self._result(self.call("GET", f"{self._bot}/{method}", params=asked))

    def _rights(self) -> list[Finding]:
        chat = self._settings.chat
        with self.understood("id, type and status"):
            me = str(self._asked("getMe")["id"])
            channel = self._asked("getChat", chat_id=chat)["type"] == "channel"
            member = self._asked("getChatMember", chat_id=chat, user_id=me)
            status, posts = member["status"], member.get("can_post_messages", False)
        if status == "creator" or (status == "administrator" and (posts or not channel)):
            return []
        why = f"The bot may not post in {chat}: it is '{status}' there."
        mend = "Make it an administrator who may post messages."
        return [Finding(rule="account.rights", severity="block", why=why, mend=mend, channel=self.account)]


def _worded(part: Part, page: str) -> dict[str, Any]:
    """The fields of a message's words; `page` is what its preview shows."""
    if part.images:
        return {"caption": part.text, "caption_entities": entities(part)}
    preview = {"url": page, "prefer_large_media": True}
    return {"text": part.text, "entities": entities(part), "link_preview_options": preview}


def entities(part: Part) -> list[dict[str, Any]]:
    """Marks as Telegram knows them, their offsets in UTF-16 units."""
    found = []
    for mark in part.marks[:MARKS]:
        start, length = utf16_units(part.text[: mark.start]), utf16_units(part.text[mark.start : mark.end])
        url = {"url": mark.url} if mark.kind == "link" else {}
        found.append({"type": KINDS[mark.kind], "offset": start, "length": length, **url})
    return found


def _named(receipt: Receipt) -> dict[str, Any]:
    chat, _, number = receipt.remote_ids[0].partition(" ")
    return {"chat_id": chat, "message_id": int(number)}
