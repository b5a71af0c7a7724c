"""X: one post. https://docs.x.com/x-api/posts/manage-tweets/introduction"""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from channels.base import Capabilities, Quota, Receipt
from channels.errors import ChannelError, Duplicate, Misconfigured, Unavailable
from channels.network import Message, Remote, bears
from channels.oauth import Authority
from channels.renewing import OAuthSettings, Renewing
from content.findings import Finding
from content.fitting import Limits
from content.measures import x_weighted
from content.pictures import JPEG, PNG, WEBP, Canvas
from content.post import Post

if TYPE_CHECKING:
    import httpx

    from content.rendition import Asset

API = "https://api.x.com"
SITE = "https://x.com"
SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
# https://docs.x.com/x-api/media/quickstart/best-practices; GIFs, which may move, take another way: they go as a still
PICTURE = Canvas(width=4096, height=4096, bytes=5_000_000, types=frozenset({JPEG, PNG, WEBP}))


class XSettings(OAuthSettings):
    """`pressroom connect x` sets these up; or an OAuth 2.0 user token, which lasts two hours."""

    api: str = API
    site: str = SITE


class X(Renewing):
    """No key makes a second attempt safe: what is uncertain is looked for among the posts."""

    name = "x"
    title = "X"
    settings_model = XSettings
    asks = ("client_id", "client_secret")
    guide = """At https://console.x.com make an app. In its user authentication settings choose
"Web App, Automated App or Bot", permissions "Read and write", and the callback address
    {callback}
Under Keys and tokens stand the OAuth 2.0 Client ID and Client Secret.
X charges for each post by credits, which are bought there: about $0.20 with a link."""
    can = Capabilities(
        # replies are for those whom the author summoned; is one's own thread exempt? one part
        limits=Limits(text=280, count=x_weighted, images=4, picture=PICTURE, alt=1000),
        unit="weighted characters, links as 23",
        finds=True,
        retracts=True,
        fetches_card=True,
        price=0.20,
        bare_price=0.015,
        # https://docs.x.com/x-api/fundamentals/rate-limits: of a user; an app has 10,000 a day
        quota=Quota(count=100, hours=0.25),
        source="https://docs.x.com/fundamentals/counting-characters",
    )

    def __init__(self, account: str = "", settings: XSettings | None = None, http: httpx.Client | None = None) -> None:
        self._settings: XSettings = settings or XSettings()
        super().__init__(account, self._settings, http)
        self._api = self._settings.api.rstrip("/")

    @property
    def configured(self) -> bool:
        """Whether there is a token."""
        return self.tokened

    @property
    def authority(self) -> Authority:
        """X itself; a token lasts two hours, and each renewal spends its predecessor."""
        page = f"{self._settings.site.rstrip('/')}/i/oauth2/authorize"
        return Authority(page=page, endpoint=f"{self._api}/2/oauth2/token", scopes=SCOPES, pkce=True, basic=True)

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """The text, its pictures, and what it answers."""
        body: dict[str, object] = {"text": post.parts[number].text}
        if pictures:
            body["media"] = {"media_ids": list(pictures)}
        if earlier:
            body["reply"] = {"in_reply_to_tweet_id": earlier[-1]}
        return Message(method="POST", url=f"{self._api}/2/tweets", body=body)

    def carried(self, post: Post, number: int) -> tuple[Asset, ...]:
        """A part's own pictures."""
        return post.parts[number].images

    def upload(self, picture: Asset) -> str:
        """Bring a picture, then its description."""
        file = {"media": (picture.path, picture.data, picture.media_type)}
        form = {"media_category": "tweet_image"}
        media_id = self.told(self.call("POST", f"{self._api}/2/media/upload", data=form, files=file), "data", "id")
        if picture.alt:
            described = {"id": media_id, "metadata": {"alt_text": {"text": picture.alt}}}
            self.call("POST", f"{self._api}/2/media/metadata", json=described)
        return media_id

    def deliver(self, message: Message) -> Remote:
        """Post one part."""
        return _remote(self.told(self.call(message.method, message.url, json=message.body), "data", "id"))

    def find(self, rendition: Post, _key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """Look through the account's newest posts for this delivery's own link."""
        me = self.told(self.call("GET", f"{self._api}/2/users/me"), "data", "id")
        recent = self.paged(lambda mark: self._page(me, mark, since))
        with self.understood("posts"):
            there = [post["id"] for post in recent if _bears(post, rendition.link)]
        return self.found(rendition, [_remote(post_id) for post_id in there[-1:]])

    def _page(self, me: str, mark: str, since: datetime | None) -> tuple[list[dict[str, Any]], str]:
        """A page of the account's posts, newest first, and the next one's token."""
        wanted = {"max_results": 100, "tweet.fields": "entities", "exclude": "replies,retweets"}
        begin = {"start_time": since.strftime("%Y-%m-%dT%H:%M:%SZ")} if since else {}
        place = {"pagination_token": mark} if mark else {}
        told = self.read(self.call("GET", f"{self._api}/2/users/{me}/tweets", params={**wanted, **begin, **place}))
        with self.understood("posts"):
            return [*told.get("data", [])], told.get("meta", {}).get("next_token", "")

    def retract(self, receipt: Receipt) -> None:
        """Delete the post."""
        for post_id in reversed(receipt.remote_ids):
            self.gone_is_fine(partial(self.call, "DELETE", f"{self._api}/2/tweets/{post_id}"))

    def doctor(self) -> list[Finding]:
        """Ask X whose token this is, and look at what is known of it."""
        if not self.configured:
            return self.missing("token")
        return self.examined(partial(self.call, "GET", f"{self._api}/2/users/me")) or self.lasting()

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
