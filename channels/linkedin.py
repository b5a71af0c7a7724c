"""LinkedIn: one post of an organization or member. Posts API, little text format.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api
"""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Receipt
from channels.errors import ChannelError, Duplicate
from channels.network import Message, Network, Remote
from content.findings import Finding
from content.fitting import Limits
from content.measures import linkedin
from content.post import Post

API = "https://api.linkedin.com"
RESERVED = re.compile(r"[\\<>#~_|\[\]*(){}@]")
HASHTAG = re.compile(r"(?<!\w)#(\w*[^\W\d_]\w*)")
URN = re.compile(r"urn:li:(?:share|ugcPost|activity):\d+")


class LinkedInSettings(BaseModel):
    """A token with `w_organization_social` (or `w_member_social`), and who posts: `urn:li:organization:123`."""

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
        self, account: str = "", settings: LinkedInSettings | None = None, http: httpx.Client | None = None
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

    def message(self, post: Post, number: int, earlier: tuple[str, ...], key: str) -> Message:
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

    def deliver(self, message: Message) -> Remote:
        """Post; the id comes in a header."""
        answer = self.call(message.method, message.url, json=message.body, headers=dict(message.headers))
        return _remote(answer.headers["x-restli-id"])

    def update(self, receipt: Receipt, rendition: Post) -> Receipt:
        """Change the words; LinkedIn keeps the card as it was."""
        patch = {"patch": {"$set": {"commentary": little_text(rendition.parts[0].text)}}}
        headers = {**dict(self._protocol()), "X-RestLi-Method": "PARTIAL_UPDATE"}
        urn = receipt.remote_ids[0]
        self.call("POST", f"{self._posts}/{quote(urn, safe='')}", json=patch, headers=headers)
        return self.receipt(rendition, [_remote(urn)])

    def retract(self, receipt: Receipt) -> None:
        """Delete the post."""
        address = f"{self._posts}/{quote(receipt.remote_ids[0], safe='')}"
        self.gone_is_fine(partial(self.call, "DELETE", address, headers=dict(self._protocol())))

    def doctor(self) -> list[Finding]:
        """Say what is missing; LinkedIn has no question that every token may ask."""
        return [] if self.configured else self.missing("token", "author")

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """A duplicate names the post that is there."""
        if response.status_code == 422 and "DUPLICATE_POST" in response.text:
            named = URN.search(response.text)
            return Duplicate(self.account, f"{named[0]}: {detail}" if named else detail)
        return None

    def _protocol(self) -> tuple[tuple[str, str], ...]:
        return (("LinkedIn-Version", self._settings.version), ("X-Restli-Protocol-Version", "2.0.0"))


def little_text(text: str) -> str:
    """Escape what LinkedIn reads as markup; without it, a post is cut off at the first bracket in silence."""
    escaped, at = "", 0
    for tag in HASHTAG.finditer(text):
        escaped += _escape(text[at : tag.start()]) + f"{{hashtag|\\#|{_escape(tag[1])}}}"
        at = tag.end()
    return escaped + _escape(text[at:])


def _escape(text: str) -> str:
    return RESERVED.sub(lambda match: "\\" + match[0], text)


def _remote(urn: str) -> Remote:
    return Remote(urn, f"https://www.linkedin.com/feed/update/{urn}/")
