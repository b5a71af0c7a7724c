"""Mastodon: one status a part. https://docs.joinmastodon.org/methods/statuses/"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import datetime
from functools import partial
from html import unescape
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Quota, Receipt
from channels.errors import ChannelError, Rejected, Unavailable
from channels.network import Message, Network, Remote, bears, follow
from content.findings import Finding
from content.fitting import Limits
from content.measures import mastodon as counted
from content.pictures import GIF, JPEG, PNG, WEBP, Canvas
from content.post import Post

if TYPE_CHECKING:
    import httpx

    from content.rendition import Asset

RECENT = 40  # statuses of one page of a read-back: the most that the API gives at once
EDITED = ("status", "language", "sensitive", "spoiler_text", "media_ids")  # the rest can't be changed
LINK = 23  # characters that a link counts, whatever its length
# the image matrix of Mastodon 4: 33 million pixels, 16 MiB
PICTURE = Canvas(width=4096, height=4096, bytes=16_000_000, types=frozenset({JPEG, PNG, GIF, WEBP}))
LIMITS = Limits(text=500, count=counted(LINK), images=4, picture=PICTURE, alt=1500, parts=12)
PROCESSING, POLLS = 1.0, 30  # seconds between two questions whether a picture is ready, and how many
SCOPES = ("read:accounts", "read:statuses", "write:statuses", "write:media")
A_LINK = "https://example.org/"

# an address is shown in part; mentions and hashtags are words
TAG = re.compile(r"<a\b(?![^>]*\bmention\b)[^>]*>.*?</a>|<[^>]*>", re.DOTALL)


class MastodonSettings(BaseModel):
    """An account on one server; the token needs `read`, `write:statuses` and `write:media`."""

    model_config = ConfigDict(frozen=True)

    server: str = ""  # "https://mastodon.social": no default, or a token would go to a stranger
    token: SecretStr = SecretStr("")
    visibility: str = "public"


class Mastodon(Network):
    """A server that speaks Mastodon's API. Many ignore the idempotency key: it proves nothing."""

    name = "mastodon"
    title = "Mastodon"
    settings_model = MastodonSettings
    guide = """Name the server that the account is on. Pressroom registers itself there; you log in, agree,
and copy the code that the page shows. It costs nothing; the token does not run out."""
    can = Capabilities(
        limits=LIMITS,
        unit="characters, links as 23",
        finds=True,
        updates=True,
        retracts=True,
        fetches_card=True,
        # https://github.com/mastodon/mastodon/blob/main/app/lib/rate_limiter.rb; of calls there may be 300 in 5 minutes
        quota=Quota(count=300, hours=3),
        source="https://docs.joinmastodon.org/entities/Instance/",
    )

    def __init__(
        self,
        account: str = "",
        settings: MastodonSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or MastodonSettings()
        self._api = f"{self.server}/api/v1"
        self.processing = PROCESSING

    @property
    def configured(self) -> bool:
        """Whether there are a server and a token."""
        return bool(self._settings.server and self._settings.token.get_secret_value())

    @property
    def server(self) -> str:
        """The address of the account's server."""
        return self._settings.server.rstrip("/") or "https://(server)"

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """Every field is sent always: servers differ in what a missing one means."""
        reply = {"in_reply_to_id": earlier[-1]} if earlier else {}
        media = {"media_ids": list(pictures)} if pictures else {}
        return Message(
            method="POST",
            url=f"{self._api}/statuses",
            headers=(("Idempotency-Key", f"{key}-{number + 1}"),),
            body={
                "status": post.parts[number].text,
                "visibility": self._settings.visibility,
                "language": post.language.split("-")[0].lower(),
                "sensitive": False,
                "spoiler_text": "",
                **media,
                **reply,
            },
        )

    def carried(self, post: Post, number: int) -> tuple[Asset, ...]:
        """A part's own pictures."""
        return post.parts[number].images

    def upload(self, picture: Asset) -> str:
        """Bring a picture and its description; large ones take the server a while."""
        file = {"file": (picture.path, picture.data, picture.media_type)}
        answer = self.call("POST", f"{self.server}/api/v2/media", data={"description": picture.alt}, files=file)
        media_id = self.told(answer, "id")
        for _ in range(POLLS):
            if answer.status_code == 200:
                return media_id
            time.sleep(self.processing)
            answer = self.call("GET", f"{self._api}/media/{media_id}")
        raise Unavailable(self.account, "the server is still working on a picture", retry_after=60)

    def deliver(self, message: Message) -> Remote:
        """Post one status."""
        try:
            answer = self.put(message)
        except Rejected as error:
            # a key of the last hour, whose status was taken back since: the server finds the key, and no status
            if not error.detail.startswith("404") or "not found" not in error.detail:
                raise
            headers = tuple((name, f"{value}-again") for name, value in message.headers)
            answer = self.put(replace(message, headers=headers))
        return self._remote(self.read(answer))

    def find(self, rendition: Post, _key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """Look through the account's newest statuses for this delivery's own link."""
        me = self.told(self.call("GET", f"{self._api}/accounts/verify_credentials"), "id")
        recent = self.paged(lambda mark: self._page(me, mark, since))
        with self.understood("statuses"):
            # the newest come first; later parts and answers to others may bear the link as well
            roots = [status for status in recent if not status["in_reply_to_id"]]
            first = [status for status in roots if bears(unescape(status["content"]), rendition.link)][-1:]
            there = follow(first, recent, rendition, parent=itemgetter("in_reply_to_id"), said=_words)
        return self.found(rendition, [self._remote(status) for status in there])

    def _page(self, me: str, mark: str, since: datetime | None) -> tuple[list[dict[str, Any]], str]:
        """The newest statuses that are older than the one marked, and the mark of the next page."""
        params = {"limit": RECENT, "exclude_reblogs": "true", **({"max_id": mark} if mark else {})}
        statuses = self.read(self.call("GET", f"{self._api}/accounts/{me}/statuses", params=params))
        with self.understood("statuses"):
            if not statuses or (since and datetime.fromisoformat(statuses[-1]["created_at"]) < since):
                return [*statuses], ""
            return [*statuses], str(statuses[-1]["id"])

    def update(self, receipt: Receipt, rendition: Post) -> Receipt:
        """Edit each status. A thread must keep its number of parts."""
        self.same_parts(receipt, rendition)
        sent = []
        for number, status_id in enumerate(receipt.remote_ids):
            body = self.prepared(rendition, number, (), "").body
            body = {name: body[name] for name in EDITED if name in body}
            answer = self.call("PUT", f"{self._api}/statuses/{status_id}", json=body)
            sent.append(self._remote(self.read(answer)))
        return self.receipt(rendition, sent)

    def retract(self, receipt: Receipt) -> None:
        """Delete the statuses, the last one first."""
        for status_id in reversed(receipt.remote_ids):
            self.gone_is_fine(partial(self.call, "DELETE", f"{self._api}/statuses/{status_id}"))

    def doctor(self) -> list[Finding]:
        """Ask the server whether the token still opens the account, what it may do, and what posts may hold."""
        if not self.configured:
            return self.missing("server", "token")
        refused = self.examined(partial(self.call, "GET", f"{self._api}/accounts/verify_credentials"))
        return refused or [*self._scopes(), *self._other_limits()]

    def learn(self) -> dict[str, int]:
        """What this server takes, by its v2 or v1 instance call. Raises `ChannelError`."""
        try:
            told = self._instance("v2")
        except Rejected:
            told = self._instance("v1")
        with self.understood("limits"):
            described = told.get("configuration", {})
            statuses, media = described.get("statuses", {}), described.get("media_attachments", {})
            said = {
                # Pleroma and its kin say max_toot_chars in v1 alone
                "text": statuses.get("max_characters") or told.get("max_toot_chars"),
                "link": statuses.get("characters_reserved_per_url"),
                "images": statuses.get("max_media_attachments"),
                "alt": media.get("description_limit"),
                "bytes": media.get("image_size_limit"),
            }
            return {name: int(number) for name, number in said.items() if number}

    def adapt(self, learnt: dict[str, int]) -> None:
        """Fit posts to what the server has said."""
        link = learnt.get("link", LINK)
        limits = replace(
            LIMITS,
            count=counted(link),
            text=learnt.get("text", LIMITS.text),
            images=learnt.get("images", LIMITS.images),
            alt=learnt.get("alt", LIMITS.alt),
            picture=replace(PICTURE, bytes=min(PICTURE.bytes, learnt.get("bytes", PICTURE.bytes))),
        )
        self.can = replace(self.can, limits=limits, unit=f"characters, links as {link}")

    def _scopes(self) -> list[Finding]:
        """What a token lacks, where the server says what it may do."""
        try:
            told = self.read(self.call("GET", f"{self._api}/apps/verify_credentials"))
        except ChannelError:
            return []
        scopes = told.get("scopes") if isinstance(told, dict) else None
        lacking = [wanted for wanted in SCOPES if scopes and not {wanted, wanted.split(":")[0]} & set(scopes)]
        if not lacking:
            return []
        why = f"The token may not {' or '.join(lacking)}."
        return [Finding(rule="account.scopes", severity="warn", why=why, mend="Make another.", channel=self.account)]

    def _instance(self, version: str) -> dict[str, Any]:
        told: dict[str, Any] = self.read(self.call("GET", f"{self.server}/api/{version}/instance"))
        return told

    def _other_limits(self) -> list[Finding]:
        """A server that takes less than the posts were fitted to would refuse them."""
        try:
            learnt = self.learn()
        except ChannelError as error:
            why = f"The server does not say what it takes: {error.detail}."
            return [Finding(rule="account.limits", severity="warn", why=why, channel=self.account)]
        text, link = learnt.get("text", LIMITS.text), learnt.get("link", LINK)
        limits = self.can.limits
        if (text, link) == (limits.text, limits.size(A_LINK)):
            return []
        why = f"Posts are fitted to {limits.text} characters, links as {limits.size(A_LINK)}; "
        why += f"this server takes {text}, links as {link}. From here on they are fitted to that."
        return [Finding(rule="account.limits", severity="info", why=why, channel=self.account)]

    def credentials(self) -> dict[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}

    def _remote(self, status: dict[str, Any]) -> Remote:
        with self.understood("status"):
            return Remote(str(status["id"]), status.get("url") or "")


def _words(status: dict[str, Any]) -> str:
    """What people read of a status."""
    return unescape(TAG.sub(" ", status["content"]))
