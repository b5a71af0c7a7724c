"""LinkedIn: one post of an organization or member. Posts API, little text format.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Receipt
from channels.errors import ChannelError, Duplicate, Misconfigured, Unavailable, Uncertain
from channels.http import retry_after
from channels.network import Message, Network, Remote
from content.findings import Finding
from content.fitting import Limits
from content.measures import linkedin, links_in
from content.post import Post

if TYPE_CHECKING:
    import httpx

API = "https://api.linkedin.com"
RESERVED = re.compile(r"[\\<>#~_|\[\]*(){}@]")
HASHTAG = re.compile(r"(?<![\w/&])#(\w*[^\W\d_]\w*)")
URN = re.compile(r"urn:li:(?:share|ugcPost|activity):\d+")


class LinkedInSettings(BaseModel):
    """A token with `w_organization_social` or `w_member_social`, and `urn:li:organization:123`."""

    model_config = ConfigDict(frozen=True)

    token: SecretStr = SecretStr("")
    author: str = ""
    version: str = "202610"  # YYYYMM; each lapses after about a year
    api: str = API


class LinkedIn(Network):
    """LinkedIn fetches no link card: title and description go with the post."""

    name = "linkedin"
    title = "LinkedIn"
    settings_model = LinkedInSettings
    can = Capabilities(
        # the limit is not published: 3,000 is what the editor and other programs keep
        limits=Limits(text=3000, count=linkedin, alt=4086),
        unit="characters",
        updates=True,
        retracts=True,
        source="https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api",
    )

    def __init__(
        self,
        account: str = "",
        settings: LinkedInSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or LinkedInSettings()
        self._posts = f"{self._settings.api.rstrip('/')}/rest/posts"

    @property
    def configured(self) -> bool:
        """Whether there are a token and an author."""
        return bool(self._settings.token.get_secret_value() and self._settings.author)

    def credentials(self) -> dict[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """The words in little text, and the card."""
        return Message(
            method="POST",
            url=self._posts,
            headers=self._protocol(),
            body={
                "author": self._settings.author or "(urn of the author)",
                "commentary": little_text(post.parts[number].text),
                "visibility": "PUBLIC",
                "distribution": {
                    "feedDistribution": "MAIN_FEED",
                    "targetEntities": [],
                    "thirdPartyDistributionChannels": [],
                },
                "content": {
                    "article": {
                        "source": post.card.url,
                        "title": post.card.title,
                        "description": post.card.description,
                    }
                },
                "lifecycleState": "PUBLISHED",
                "isReshareDisabledByAuthor": False,
            },
        )

    def publish(self, rendition: Post, key: str, prepared: str = "") -> Receipt:
        """Post once. A refused duplicate brings the receipt of the earlier post that it names."""
        try:
            return super().publish(rendition, key)
        except Duplicate as error:
            if error.sent:
                error.sent = replace(error.sent, digest=rendition.digest)
            raise

    def deliver(self, message: Message) -> Remote:
        """Post; the id comes in a header."""
        answer = self.call(message.method, message.url, json=message.body, headers=dict(message.headers))
        if "x-restli-id" not in answer.headers:
            raise Uncertain(self.account, "the answer has no x-restli-id")
        return _remote(answer.headers["x-restli-id"])

    def update(self, receipt: Receipt, rendition: Post) -> Receipt:
        """Change the words; LinkedIn keeps the card as it was."""
        patch = {"patch": {"$set": {"commentary": little_text(rendition.parts[0].text)}}}
        headers = {**dict(self._protocol()), "X-RestLi-Method": "PARTIAL_UPDATE"}
        self.same_parts(receipt, rendition)
        urn = receipt.remote_ids[0]
        self.call("POST", f"{self._posts}/{quote(urn, safe='')}", json=patch, headers=headers)
        return self.receipt(rendition, [_remote(urn)])

    def retract(self, receipt: Receipt) -> None:
        """Delete the post."""
        address = f"{self._posts}/{quote(receipt.remote_ids[0], safe='')}"
        self.gone_is_fine(partial(self.call, "DELETE", address, headers=dict(self._protocol())))

    def doctor(self) -> list[Finding]:
        """Ask for the author's newest post: one request tries token, version and author."""
        if not self.configured:
            return self.missing("token", "author")
        wanted = {"q": "author", "author": self._settings.author, "count": 1}
        ask = partial(self.call, "GET", self._posts, params=wanted, headers=dict(self._protocol()))
        # a token that may write need not read: 403 still says that token and version are known
        return [finding for finding in self.examined(ask) if ": 403 " not in finding.why]

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """A duplicate names the post that is there; the limits of a day end at midnight UTC."""
        if response.status_code == 422 and "DUPLICATE_POST" in response.text:
            named = URN.search(response.text)
            return Duplicate(self.account, detail, sent=self._earlier(named[0]) if named else None)
        if response.status_code == 426:
            return Misconfigured(self.account, f"LinkedIn-Version {self._settings.version} has lapsed: {detail}")
        if response.status_code == 429:
            wait = retry_after(response.headers)
            return Unavailable(self.account, detail, retry_after=_until_midnight() if wait is None else wait)
        return None

    def _earlier(self, urn: str) -> Receipt:
        remote = _remote(urn)
        return Receipt(
            channel=self.account,
            remote_ids=(urn,),
            url=remote.url,
            digest="",
            sent_at=datetime.now(UTC),
        )

    def _protocol(self) -> tuple[tuple[str, str], ...]:
        return (
            ("LinkedIn-Version", self._settings.version),
            ("X-Restli-Protocol-Version", "2.0.0"),
        )


def little_text(text: str) -> str:
    """Escape what LinkedIn reads as markup: else it cuts the post off there, in silence.

    https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format
    """
    escaped, at = "", 0
    # a bare # is reserved, an escaped one is mere text: only the template makes a hashtag
    for tag in _hashtags(text):
        escaped += _escape(text[at : tag.start()]) + f"{{hashtag|\\#|{_escape(tag[1])}}}"
        at = tag.end()
    return escaped + _escape(text[at:])


def _hashtags(text: str) -> list[re.Match[str]]:
    """The hashtags, without the anchors of links."""
    bare = text
    for link in links_in(text):
        bare = bare.replace(link, "." * len(link))
    return list(HASHTAG.finditer(bare))


def _until_midnight() -> float:
    now = datetime.now(UTC)
    return ((now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0) - now).total_seconds()


def _escape(text: str) -> str:
    return RESERVED.sub(lambda match: "\\" + match[0], text)


def _remote(urn: str) -> Remote:
    return Remote(urn, f"https://www.linkedin.com/feed/update/{urn}/")
