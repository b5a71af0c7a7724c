"""Bluesky: records in the account's own repository. https://docs.bsky.app/docs/api/com-atproto-repo-put-record"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import regex
from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Receipt
from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable
from channels.network import Message, Network, Remote
from content.findings import Finding
from content.fitting import Limits
from content.measures import graphemes, link_spans
from content.post import Post

if TYPE_CHECKING:
    import httpx

POST = "app.bsky.feed.post"
BASE32 = "234567abcdefghijklmnopqrstuvwxyz"  # the TID alphabet, in sorting order
HASHTAG = regex.compile(r"(?<![\w#/&])#(\w*[^\W\d_]\w*)")
EPOCH = datetime(2023, 1, 1, tzinfo=UTC)
SPREAD = timedelta(days=730)  # record keys lie in 2023 and 2024: servers may refuse keys from the future
AUTH = ("InvalidToken", "ExpiredToken", "AuthMissing", "AccountTakedown")
YOUR_DID, YOUR_CID, NOW = "(did of the account)", "(cid of that part)", "(time of sending)"


class BlueskySettings(BaseModel):
    """A handle and an app password; `server` is the account's PDS."""

    model_config = ConfigDict(frozen=True)

    server: str = "https://bsky.social"
    handle: str = ""
    password: SecretStr = SecretStr("")


class Bluesky(Network):
    """The key of a delivery names its record, so writing it twice makes one post."""

    name = "bluesky"
    title = "Bluesky"
    settings_model = BlueskySettings
    can = Capabilities(
        # https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
        limits=Limits(text=300, count=graphemes, bytes=3000, parts=12),
        unit="graphemes",
        repeat_safe=True,
        finds=True,
        retracts=True,
        source="https://docs.bsky.app/docs/advanced-guides/posts",
    )

    def __init__(
        self,
        account: str = "",
        settings: BlueskySettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or BlueskySettings()
        self._xrpc = f"{self._settings.server.rstrip('/')}/xrpc"
        self._session: dict[str, str] = {}

    @property
    def configured(self) -> bool:
        """Whether there are a handle and a password."""
        return bool(self._settings.handle and self._settings.password.get_secret_value())

    def credentials(self) -> dict[str, str]:
        """The session's token, once there is one."""
        return {"Authorization": f"Bearer {self._session['accessJwt']}"} if self._session else {}

    def secrets(self) -> tuple[str, ...]:
        """The password, and the session's tokens."""
        password = self._settings.password.get_secret_value()
        return (password, self._session.get("accessJwt", ""), self._session.get("refreshJwt", ""))

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """One record. `earlier` are `uri cid` pairs, as `deliver` gives them."""
        text = post.parts[number].text
        record: dict[str, Any] = {
            "$type": POST,
            "text": text,
            "langs": [post.language],
            "createdAt": NOW,
        }
        if found := facets(text):
            record["facets"] = found
        if number == 0:
            record["embed"] = _card(post)
        if earlier:
            record["reply"] = {"root": _reference(earlier[0]), "parent": _reference(earlier[-1])}
        body = {"repo": YOUR_DID, **_place(record_key(key, number)), "record": record}
        return Message(method="POST", url=f"{self._xrpc}/com.atproto.repo.putRecord", body=body)

    def deliver(self, message: Message) -> Remote:
        """Put one record. Its id is `uri cid`: a reply needs both."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # a record that is there keeps its time: put again, it is the same record with the same cid
        there = self._read(message.body["rkey"])
        with self.understood("record"):
            since = there["value"].get("createdAt", now) if there is not None else now
        record = {**message.body["record"], "createdAt": since}
        return self._remote(self._ask("POST", "repo.putRecord", json={**message.body, "record": record}))

    def find(self, rendition: Post, key: str, prepared: str = "") -> Receipt | None:
        """Read the records back by their keys."""
        records = [self._read(record_key(key, number)) for number in range(len(rendition.parts))]
        return self.found(rendition, [self._remote(record) for record in records if record is not None])

    def retract(self, receipt: Receipt) -> None:
        """Delete the records; deleting twice is no error for a PDS."""
        for remote_id in reversed(receipt.remote_ids):
            place = _place(remote_id.split()[0].rpartition("/")[2])
            self._ask("POST", "repo.deleteRecord", json={"repo": YOUR_DID, **place})

    def doctor(self) -> list[Finding]:
        """Log in."""
        return self.examined(self._log_in) if self.configured else self.missing("handle", "password")

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """A PDS says 400 where others say 401. Its limits end at a second since 1970."""
        if response.status_code == 400 and any(f'"{name}"' in response.text for name in AUTH):
            return Misconfigured(self.account, detail)
        reset = response.headers.get("ratelimit-reset", "")
        if response.status_code == 429 and reset.isdigit():
            return Unavailable(self.account, detail, retry_after=max(0.0, int(reset) - time.time()))
        return None

    def _ask(self, method: str, name: str, **request: Any) -> dict[str, Any]:
        """One call in the account's session, which lasts for two hours or so and is renewed once."""
        self._log_in()
        try:
            return self._once(method, name, **request)
        except Misconfigured as error:
            if "ExpiredToken" not in error.detail:
                raise
        self._session = {}
        self._log_in()
        return self._once(method, name, **request)

    def _once(self, method: str, name: str, **request: Any) -> dict[str, Any]:
        for place in ("json", "params"):
            if place in request:
                request[place] = {**request[place], "repo": self._session["did"]}
        answer = self.call(method, f"{self._xrpc}/com.atproto.{name}", **request)
        told = self.read(answer) if answer.content else {}
        with self.understood("object"):
            return {**told}

    def _read(self, rkey: str) -> dict[str, Any] | None:
        try:
            return self._ask("GET", "repo.getRecord", params={"repo": YOUR_DID, **_place(rkey)})
        except Rejected as error:
            if "RecordNotFound" in error.detail:
                return None
            raise

    def _log_in(self) -> None:
        # 30 sessions in five minutes are allowed: one serves for the life of the channel
        if self._session:
            return
        password = self._settings.password.get_secret_value()
        body = {"identifier": self._settings.handle, "password": password}
        answer = self.call("POST", f"{self._xrpc}/com.atproto.server.createSession", json=body)
        self._session = {name: self.told(answer, name) for name in ("did", "accessJwt", "refreshJwt")}

    def _remote(self, record: dict[str, Any]) -> Remote:
        with self.understood("record"):
            uri, cid = record["uri"], record["cid"]
        page = f"https://bsky.app/profile/{self._session['did']}/post/{uri.rpartition('/')[2]}"
        return Remote(f"{uri} {cid}", page)


def record_key(key: str, number: int) -> str:
    """A TID (13 sortable characters) made of the delivery's key and the part's number alone.

    https://atproto.com/specs/tid: 53 bits of microseconds, 10 bits of a clock id.
    """
    drawn = int(sha256(key.encode()).hexdigest(), 16)
    microseconds = int(EPOCH.timestamp()) * 1_000_000 + drawn % (SPREAD // timedelta(microseconds=1)) + number
    value = microseconds << 10 | drawn >> 64 & 1023
    return "".join(BASE32[value >> shift & 31] for shift in range(60, -1, -5))


def facets(text: str) -> list[dict[str, Any]]:
    """Links and hashtags with their offsets in UTF-8 bytes."""
    links = [range(*span) for span in link_spans(text)]
    found: list[tuple[dict[str, str], int, int]] = [
        ({"$type": "app.bsky.richtext.facet#link", "uri": text[link.start : link.stop]}, link.start, link.stop)
        for link in links
    ]
    # the anchor of a link is no hashtag
    tags = [tag for tag in HASHTAG.finditer(text) if not any(tag.start() in link for link in links)]
    found += [({"$type": "app.bsky.richtext.facet#tag", "tag": tag[1]}, *tag.span()) for tag in tags]
    return [
        {
            "index": {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())},
            "features": [feature],
        }
        for feature, start, end in sorted(found, key=lambda item: item[1])
    ]


def _card(post: Post) -> dict[str, Any]:
    card = post.card
    external = {"uri": card.url, "title": card.title, "description": card.description}
    return {"$type": "app.bsky.embed.external", "external": external}


def _place(rkey: str) -> dict[str, str]:
    return {"collection": POST, "rkey": rkey}


def _reference(remote_id: str) -> dict[str, str]:
    uri, _, cid = remote_id.partition(" ")
    return {"uri": uri, "cid": cid or YOUR_CID}
