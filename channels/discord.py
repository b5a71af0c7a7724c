"""Discord: one message of a channel's webhook. https://docs.discord.com/developers/resources/webhook#execute-webhook"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Receipt
from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable
from channels.escapes import EMPHASIS, markdown, size
from channels.http import clean, retry_after
from channels.network import Message, Network, Remote
from content.fitting import Limits, fit
from content.pictures import CARD, Canvas
from content.post import Post

if TYPE_CHECKING:
    import httpx

    from content.article import Article
    from content.context import Context
    from content.findings import Finding
    from content.rendition import Asset

WEBHOOK = re.compile(r"(https?://[^/\s]+)/api/(?:v\d+/)?webhooks/(\d+)/([\w-]+)/?", re.ASCII)
HIDDEN = "https://discord.com/api/v10/webhooks/(id)/(token)"  # the address is the secret: this stands in its place
TEXT, STEP = 2000, 100
INVALID = 50035
SETTINGS = (10015, 50027, 220001)  # no such webhook, a wrong token, a webhook of a forum


class DiscordSettings(BaseModel):
    """A webhook's whole address, `https://discord.com/api/webhooks/…`; `username` replaces its name."""

    model_config = ConfigDict(frozen=True)

    webhook: SecretStr = SecretStr("")
    username: str = ""


class Discord(Network):
    """A webhook can't read the channel: an answer that was lost waits for a person."""

    name = "discord"
    title = "Discord"
    settings_model = DiscordSettings
    guide = """In the channel's settings, under Integrations, Webhooks, make a webhook and copy its URL.
Whoever has that address can post: keep it to yourself. It costs nothing."""
    can = Capabilities(
        # files: the least that Discord ever took of anybody is 8 MB
        limits=Limits(
            text=TEXT,
            count=size,
            images=10,
            picture=Canvas(width=4096, height=4096, bytes=8_000_000),
            thumbnail=CARD,
            alt=1024,
            knows=frozenset({*EMPHASIS, "code", "link"}),
        ),
        unit="characters as sent, escapes included",
        updates=True,
        retracts=True,
        source="https://docs.discord.com/developers/resources/webhook",
    )

    def __init__(
        self,
        account: str = "",
        settings: DiscordSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or DiscordSettings()
        self._webhook = self._settings.webhook.get_secret_value().strip().rstrip("/")

    @property
    def configured(self) -> bool:
        """Whether there is a webhook."""
        return bool(self._webhook)

    def credentials(self) -> dict[str, str]:
        """No header: the token stands in the address."""
        return {}

    def secrets(self) -> tuple[str, ...]:
        """The webhook's address, and the token at its end."""
        return (self._webhook, self._webhook.rpartition("/")[2])

    def render(self, article: Article, context: Context) -> Post:
        """Marks need room beside the words, so much is kept free for them as they need."""
        post = super().render(article, context)
        for room in range(TEXT - STEP, 0, -STEP):
            if size(post.parts[0].text, post.parts[0].marks) <= TEXT:
                break
            post = Post.of(article, context, self.account, replace(self.can.limits, text=room))
        return post

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """The words, the card, and the post's pictures or else the card's."""
        name = {"username": self._settings.username} if self._settings.username else {}
        return _request("POST", f"{HIDDEN}?wait=true", post, name)

    def deliver(self, message: Message) -> Remote:
        """Post. The message's own address needs the server's id, which only the webhook tells."""
        server = self._server()
        told = self.read(self.put(message))
        with self.understood("id and channel_id"):
            channel, number = told["channel_id"], str(told["id"])
        return Remote(number, f"https://discord.com/channels/{server}/{channel}/{number}" if server else "")

    def update(self, receipt: Receipt, rendition: Post) -> Receipt:
        """Put words, card and pictures in the place of the earlier ones."""
        self.same_parts(receipt, rendition)
        self.put(_request("PATCH", f"{HIDDEN}/messages/{receipt.remote_ids[0]}", rendition, {}))
        return self.receipt(rendition, [Remote(receipt.remote_ids[0], receipt.url)])

    def retract(self, receipt: Receipt) -> None:
        """Delete the message."""
        self.gone_is_fine(partial(self.call, "DELETE", f"{HIDDEN}/messages/{receipt.remote_ids[0]}"))

    def doctor(self) -> list[Finding]:
        """Ask Discord for the webhook."""
        return self.examined(partial(self._asked, "channel_id")) if self.configured else self.missing("webhook")

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """Discord numbers its refusals, and names the field that it does not take."""
        told = self.said(response)
        if response.status_code == 429:
            wait = told.get("retry_after")
            wait = wait if isinstance(wait, int | float) else retry_after(response.headers)
            return Unavailable(self.account, detail, retry_after=wait)
        if told.get("code") in SETTINGS:
            return Misconfigured(self.account, detail)
        named = "; ".join(_named(told.get("errors"))) if told.get("code") == INVALID else ""
        return Rejected(self.account, f"400 {clean(named, self.secrets())}"[:300]) if named else None

    def _call(self, method: str, url: str, **request: Any) -> httpx.Response:
        """Every request goes to the webhook's address, in the version of the API that this speaks."""
        parts = WEBHOOK.fullmatch(self._webhook)
        if parts is None:
            raise Misconfigured(self.account, "the webhook is no address like https://discord.com/api/webhooks/…")
        host, number, token = parts.groups()
        return super()._call(method, url.replace(HIDDEN, f"{host}/api/v10/webhooks/{number}/{token}"), **request)

    def _asked(self, name: str) -> str:
        told = self.read(self.call("GET", HIDDEN))
        with self.understood(name):
            return str(told[name] or "")

    def _server(self) -> str:
        try:
            return self._asked("guild_id")
        except ChannelError:
            return ""  # a receipt without an address is better than no post


def _request(method: str, url: str, post: Post, more: dict[str, Any]) -> Message:
    part, card = post.parts[0], post.card
    shown = part.images or (() if card.image is None else (card.image,))
    pictures = [replace(picture, path=_file_name(picture)) for picture in shown]
    image = {} if part.images or not pictures else {"image": {"url": f"attachment://{pictures[0].path}"}}
    body = {
        "content": markdown(part.text, part.marks),
        "embeds": [{"url": card.url, "title": _short(card.title, 256), **_described(card.description), **image}],
        "allowed_mentions": {"parse": []},
        # in an edit, these are all that stay
        "attachments": [_attached(str(number), picture) for number, picture in enumerate(pictures)],
        **more,
    }
    files = tuple((f"files[{number}]", picture) for number, picture in enumerate(pictures))
    return Message(method=method, url=url, body={"payload_json": body} if files else body, files=files)


def _file_name(picture: Asset) -> str:
    """Discord renames other files, and their embed would not find them."""
    return re.sub(r"[^\w.-]", "_", picture.path, flags=re.ASCII)


def _attached(number: str, picture: Asset) -> dict[str, str]:
    described = {"description": picture.alt[:1024]} if picture.alt else {}
    return {"id": number, "filename": picture.path, **described}


def _described(description: str) -> dict[str, str]:
    return {"description": _short(description, 4096)} if description else {}


def _short(text: str, most: int) -> str:
    return markdown(fit(text, Limits(text=most, count=size)))


def _named(errors: Any, path: str = "") -> Iterator[str]:
    """The fields that were refused, and why: "embeds.0.title: Must be 256 or fewer in length."."""
    for name, found in errors.items() if isinstance(errors, dict) else ():
        if name == "_errors":
            yield from (f"{path}: {error['message']}" for error in found if "message" in error)
        else:
            yield from _named(found, f"{path}.{name}".lstrip("."))
