"""Bluesky: records in the account's own repository. https://docs.bsky.app/docs/api/com-atproto-repo-put-record"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Quota, Receipt
from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable
from channels.lexicon import (
    MENTIONED,
    NOW,
    POST,
    YOUR_DID,
    blob,
    embed,
    facets,
    key_of,
    place,
    record_key,
    reference,
)
from channels.network import Message, Network, Remote
from content.findings import Finding
from content.fitting import Limits
from content.measures import graphemes
from content.pictures import CARD, JPEG, PNG, WEBP, Canvas
from content.post import Post

if TYPE_CHECKING:
    import httpx

    from content.rendition import Asset

# servers of 2024 still hold each picture to a million bytes; the lexicon says two for pictures, one for a card's
PICTURE = Canvas(width=2000, height=2000, bytes=1_000_000, types=frozenset({JPEG, PNG, WEBP}))
AUTH = ("InvalidToken", "ExpiredToken", "AuthMissing", "AccountTakedown")


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
    guide = """In Bluesky's settings, under Privacy and security, App passwords, make one for Pressroom.
The handle is like clinic.bsky.social; the server is only for accounts that are not on Bluesky's own.
It costs nothing; the password does not run out."""
    can = Capabilities(
        # https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
        limits=Limits(
            text=300,
            count=graphemes,
            bytes=3000,
            parts=12,
            images=4,
            picture=PICTURE,
            thumbnail=CARD,
            knows=frozenset({"link"}),
            shown_link=30,
        ),
        unit="graphemes",
        repeat_safe=True,
        finds=True,
        updates=True,
        retracts=True,
        # https://docs.bsky.app/docs/advanced-guides/rate-limits: 5,000 points, three a post; in a day 11,666 posts
        quota=Quota(count=1666, hours=1),
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
        part = post.parts[number]
        record: dict[str, Any] = {
            "$type": POST,
            "text": part.text,
            "langs": [post.language],
            "createdAt": NOW,
        }
        if found := facets(part):
            record["facets"] = found
        blobs = [blob(*pair) for pair in zip(pictures, self.carried(post, number), strict=True)]
        if around := embed(post, number, blobs):
            record["embed"] = around
        if earlier:
            record["reply"] = {"root": reference(earlier[0]), "parent": reference(earlier[-1])}
        body = {"repo": YOUR_DID, **place(record_key(key, number)), "record": record}
        return Message(method="POST", url=f"{self._xrpc}/com.atproto.repo.putRecord", body=body)

    def carried(self, post: Post, number: int) -> tuple[Asset, ...]:
        """A part's own pictures, or that of the card: Bluesky fetches none itself."""
        if post.parts[number].images or number or post.card.image is None:
            return post.parts[number].images
        return (post.card.image,)

    def upload(self, picture: Asset) -> str:
        """Bring a blob; without a record it is swept away again."""
        told = self._ask("POST", "repo.uploadBlob", content=picture.data, headers={"Content-Type": picture.media_type})
        with self.understood("blob"):
            return str(told["blob"]["ref"]["$link"])

    def deliver(self, message: Message) -> Remote:
        """Put one record. Its id is `uri cid`: a reply needs both."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # a record that is there keeps its time: put again, it is the same record with the same cid
        there = self._read(message.body["rkey"])
        with self.understood("record"):
            since = there["value"].get("createdAt", now) if there is not None else now
        record = {**message.body["record"], "createdAt": since}
        if "facets" in record:
            record["facets"] = [facet for facet in map(self._resolved, record["facets"]) if facet]
        return self._remote(self._ask("POST", "repo.putRecord", json={**message.body, "record": record}))

    def find(self, rendition: Post, key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """Read the records back by their keys."""
        records = [self._read(record_key(key, number)) for number in range(len(rendition.parts))]
        return self.found(rendition, [self._remote(record) for record in records if record is not None])

    def update(self, receipt: Receipt, rendition: Post) -> Receipt:
        """Put each record anew, at its time of then. (Apps show the new words, and not that they are new.)"""
        self.same_parts(receipt, rendition)
        sent: list[Remote] = []
        for number, remote_id in enumerate(receipt.remote_ids):
            message = self.prepared(rendition, number, tuple(remote.id for remote in sent), "")
            body = {**message.body, **place(key_of(remote_id))}
            sent.append(self.deliver(replace(message, body=body)))
        return self.receipt(rendition, sent)

    def retract(self, receipt: Receipt) -> None:
        """Delete the records; deleting twice is no error for a PDS."""
        for remote_id in reversed(receipt.remote_ids):
            self._ask("POST", "repo.deleteRecord", json={"repo": YOUR_DID, **place(key_of(remote_id))})

    def doctor(self) -> list[Finding]:
        """Log in, and see with which kind of password."""
        if not self.configured:
            return self.missing("handle", "password")
        refused = self.examined(self._log_in)
        if refused or _scope(self._session["accessJwt"]) != "com.atproto.access":
            return refused
        why = "This is the account's own password: whoever finds it has the account."
        mend = "Make an app password: Settings, Privacy and security, App passwords."
        return [Finding(rule="account.password", severity="warn", why=why, mend=mend, channel=self.account)]

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
        for given in ("json", "params"):
            if "repo" in request.get(given, {}):
                request[given] = {**request[given], "repo": self._session["did"]}
        answer = self.call(method, f"{self._xrpc}/com.atproto.{name}", **request)
        told = self.read(answer) if answer.content else {}
        with self.understood("object"):
            return {**told}

    def _read(self, rkey: str) -> dict[str, Any] | None:
        try:
            return self._ask("GET", "repo.getRecord", params={"repo": YOUR_DID, **place(rkey)})
        except Rejected as error:
            if "RecordNotFound" in error.detail:
                return None
            raise

    def _resolved(self, facet: dict[str, Any]) -> dict[str, Any] | None:
        """A facet whose mention has an identity; None for a handle that nobody has: it stays mere text."""
        [feature] = facet["features"]
        if "did" not in feature:
            return facet
        start, end = MENTIONED
        handle = feature["did"].removeprefix(start).removesuffix(end)
        try:
            did = self._ask("GET", "identity.resolveHandle", params={"handle": handle})["did"]
        except (Rejected, KeyError):
            return None
        return {**facet, "features": [{**feature, "did": did}]}

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


def _scope(token: str) -> str:
    """What a session may do, as its token (a JWT) says; "" where it does not."""
    try:
        claims = token.split(".")[1]
        return str(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["scope"])
    except (IndexError, ValueError, LookupError, TypeError):
        return ""
