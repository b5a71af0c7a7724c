"""X: one post. https://docs.x.com/x-api/posts/manage-tweets/introduction"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Receipt
from channels.errors import ChannelError, Duplicate, Misconfigured, Unavailable
from channels.network import Message, Network, Remote, bears
from content.findings import Finding
from content.fitting import Limits
from content.measures import x_weighted
from content.post import Post

if TYPE_CHECKING:
    import httpx

API = "https://api.x.com"


class XSettings(BaseModel):
    """An OAuth 2.0 user token with `tweet.read tweet.write users.read`."""

    model_config = ConfigDict(frozen=True)

    token: SecretStr = SecretStr("")
    api: str = API


class X(Network):
    """No key makes a second attempt safe: what is uncertain is looked for among the posts."""

    name = "x"
    title = "X"
    settings_model = XSettings
    can = Capabilities(
        # replies are for those whom the author summoned; is one's own thread exempt? one part
        limits=Limits(text=280, count=x_weighted, alt=1000),
        unit="weighted characters, links as 23",
        finds=True,
        retracts=True,
        fetches_card=True,
        price=0.20,
        source="https://docs.x.com/fundamentals/counting-characters",
    )

    def __init__(self, account: str = "", settings: XSettings | None = None, http: httpx.Client | None = None) -> None:
        super().__init__(account, http)
        self._settings = settings or XSettings()
        self._api = self._settings.api.rstrip("/")

    @property
    def configured(self) -> bool:
        """Whether there is a token."""
        return bool(self._settings.token.get_secret_value())

    def credentials(self) -> dict[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """The text, and what it answers."""
        body: dict[str, object] = {"text": post.parts[number].text}
        if earlier:
            body["reply"] = {"in_reply_to_tweet_id": earlier[-1]}
        return Message(method="POST", url=f"{self._api}/2/tweets", body=body)

    def deliver(self, message: Message) -> Remote:
        """Post one part."""
        return _remote(self.told(self.call(message.method, message.url, json=message.body), "data", "id"))

    def find(self, rendition: Post, _key: str, prepared: str = "") -> Receipt | None:
        """Look through the account's newest posts for this delivery's own link."""
        me = self.told(self.call("GET", f"{self._api}/2/users/me"), "data", "id")
        wanted = {"max_results": 100, "tweet.fields": "entities"}
        asked = self.call("GET", f"{self._api}/2/users/{me}/tweets", params=wanted)
        told = self.read(asked)
        with self.understood("posts"):
            there = [post["id"] for post in told.get("data", []) if _bears(post, rendition.link)]
        return self.found(rendition, [_remote(post_id) for post_id in there[:1]])

    def retract(self, receipt: Receipt) -> None:
        """Delete the post."""
        for post_id in reversed(receipt.remote_ids):
            self.gone_is_fine(partial(self.call, "DELETE", f"{self._api}/2/tweets/{post_id}"))

    def doctor(self) -> list[Finding]:
        """Ask X whose token this is."""
        return (
            self.examined(partial(self.call, "GET", f"{self._api}/2/users/me"))
            if self.configured
            else self.missing("token")
        )

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """X says "duplicate" with a 403, and when to come back in seconds since 1970."""
        if response.status_code == 403 and "duplicate content" in response.text:
            return Duplicate(self.account, detail)
        if "usage-capped" in response.text:
            return Misconfigured(self.account, f"the credits are used up: {detail}")
        reset = response.headers.get("x-rate-limit-reset", "")
        if response.status_code == 429 and reset.isdigit():
            return Unavailable(self.account, detail, retry_after=max(0.0, int(reset) - time.time()))
        return None


def _bears(post: dict[str, Any], link: str) -> bool:
    return any(bears(url.get("expanded_url", ""), link) for url in post.get("entities", {}).get("urls", []))


def _remote(post_id: str) -> Remote:
    return Remote(post_id, f"https://x.com/i/status/{post_id}")
