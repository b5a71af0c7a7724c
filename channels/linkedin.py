"""LinkedIn: one post of an organization or member. Posts API, little text format.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from channels.base import Capabilities, Lapse, Receipt
from channels.errors import ChannelError, Duplicate, Misconfigured, Unavailable, Uncertain
from channels.http import retry_after
from channels.littletext import little_text
from channels.network import Message, Remote
from channels.oauth import Authority
from channels.renewing import OAuthSettings, Renewing
from content.findings import Finding
from content.fitting import Limits
from content.measures import linkedin
from content.pictures import CARD, Canvas
from content.post import Post

if TYPE_CHECKING:
    import httpx

    from content.rendition import Asset

API = "https://api.linkedin.com"
SITE = "https://www.linkedin.com"
# 36,152,320 pixels are allowed
PICTURE = Canvas(width=6000, height=6000, bytes=8_000_000)
SERVED, WARNED = 12, 10  # months for which a version is served, and after which its end is near
EVERYBODY = {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []}
URN = re.compile(r"urn:li:(?:share|ugcPost|activity):\d+")


class LinkedInSettings(OAuthSettings):
    """`pressroom connect linkedin` sets these up. The author is `urn:li:organization:123` or `urn:li:person:abc`."""

    author: str = ""
    version: str = "202610"  # YYYYMM; each lapses after about a year
    api: str = API
    site: str = SITE


class LinkedIn(Renewing):
    """LinkedIn fetches no link card: title, description and picture go with the post."""

    name = "linkedin"
    title = "LinkedIn"
    settings_model = LinkedInSettings
    asks = ("client_id", "client_secret", "author")
    guide = """At https://www.linkedin.com/developers/apps make an app for your company's page. Under Products, ask for
"Community Management API" to post as the page (LinkedIn looks at each request), or for
"Share on LinkedIn" to post as yourself. Under Auth, add the redirect URL
    {callback}
The Client ID and the Primary Client Secret stand there as well.
The author is urn:li:organization:NUMBER, with the number from the address of the page's admin view,
or urn:li:person:ID. It costs nothing. A token lasts 60 days; then you connect again, but for apps
that LinkedIn has approved for refresh tokens: those renew theirs for a year."""
    can = Capabilities(
        # the limit is not published: 3,000 is what the editor and other programs keep
        limits=Limits(
            text=3000,
            count=linkedin,
            images=1,
            picture=PICTURE,
            thumbnail=CARD,
            alt=4086,
            knows=frozenset({"mention"}),
        ),
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
        self._settings: LinkedInSettings = settings or LinkedInSettings()
        super().__init__(account, self._settings, http)
        self._rest = f"{self._settings.api.rstrip('/')}/rest"
        self._posts = f"{self._rest}/posts"

    @property
    def configured(self) -> bool:
        """Whether there are a token and an author."""
        return bool(self.tokened and self._settings.author)

    @property
    def authority(self) -> Authority:
        """LinkedIn itself. It takes http for `localhost`, as its documentation shows it."""
        oauth = f"{self._settings.site.rstrip('/')}/oauth/v2"
        person = self._settings.author.startswith("urn:li:person:")
        scopes = ("w_member_social",) if person else ("w_organization_social",)
        page, endpoint = f"{oauth}/authorization", f"{oauth}/accessToken"
        return Authority(page=page, endpoint=endpoint, scopes=scopes, host="localhost")

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """The words in little text, and the picture or the card."""
        part = post.parts[number]
        return Message(
            method="POST",
            url=self._posts,
            headers=self._protocol(),
            body={
                "author": self._settings.author or "(urn of the author)",
                "commentary": little_text(part.text, part.marks),
                "visibility": "PUBLIC",
                "distribution": EVERYBODY,
                "content": _content(post, number, pictures),
                "lifecycleState": "PUBLISHED",
                "isReshareDisabledByAuthor": False,
            },
        )

    def carried(self, post: Post, number: int) -> tuple[Asset, ...]:
        """A part's own picture, or that of the card."""
        if post.parts[number].images or post.card.image is None:
            return post.parts[number].images
        return (post.card.image,)

    def upload(self, picture: Asset) -> str:
        """Ask for an address, and bring the picture there. Its id is a urn."""
        owner = {"initializeUploadRequest": {"owner": self._settings.author}}
        asked = {"json": owner, "params": {"action": "initializeUpload"}, "headers": dict(self._protocol())}
        answer = self.call("POST", f"{self._rest}/images", **asked)
        address, urn = self.told(answer, "value", "uploadUrl"), self.told(answer, "value", "image")
        self.call("PUT", address, content=picture.data, headers={"Content-Type": picture.media_type})
        return urn

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
        """Change the words; LinkedIn keeps card and picture as they were."""
        self.same_parts(receipt, rendition)
        part = rendition.parts[0]
        patch = {"patch": {"$set": {"commentary": little_text(part.text, part.marks)}}}
        headers = {**dict(self._protocol()), "X-RestLi-Method": "PARTIAL_UPDATE"}
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
        answers: list[httpx.Response] = []
        asked = {"params": wanted, "headers": dict(self._protocol())}
        refused = self.examined(lambda: answers.append(self.call("GET", self._posts, **asked)))
        # a token that may write need not read: 403 still says that token and version are known
        if refused and ": 403 " not in refused[0].why:
            return refused
        return self.lasting(_now(answers))

    def ends(self) -> list[Lapse]:
        """The token, and the API's version."""
        version, ends = self._settings.version, super().ends()
        if not re.fullmatch(r"20\d\d(?:0[1-9]|1[0-2])", version):
            return ends
        at = _month(version, SERVED)
        lapse = Lapse(
            what=f"LinkedIn-Version {version}",
            at=at,
            because=f"LinkedIn serves each for about {SERVED} months",
            mend=f"Set {self.variable('version')} to a newer month, as YYYYMM, and try it.",
            rule="account.version",
            about=True,
            notice=at - _month(version, WARNED),
        )
        return [lapse, *ends]

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
        now = datetime.now(UTC)
        return Receipt(channel=self.account, remote_ids=(urn,), url=remote.url, digest="", sent_at=now)

    def _protocol(self) -> tuple[tuple[str, str], ...]:
        return (("LinkedIn-Version", self._settings.version), ("X-Restli-Protocol-Version", "2.0.0"))


def _content(post: Post, number: int, pictures: tuple[str, ...]) -> dict[str, Any]:
    """What stands below the words: a picture of their own, or the card of the page."""
    images = post.parts[number].images
    if images:
        return {"media": {"id": pictures[0], "altText": images[0].alt}}
    thumbnail = {"thumbnail": pictures[0]} if pictures else {}
    card = post.card
    return {"article": {"source": card.url, "title": card.title, "description": card.description, **thumbnail}}


def _month(version: str, later: int) -> datetime:
    """The beginning of the month that comes so many after a version's own."""
    year, month = divmod(int(version[:4]) * 12 + int(version[4:]) - 1 + later, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def _now(answers: list[httpx.Response]) -> datetime:
    """Now, as LinkedIn says it where it has said anything."""
    try:
        return parsedate_to_datetime(answers[0].headers["Date"]).astimezone(UTC)
    except (LookupError, ValueError):
        return datetime.now(UTC)


def _until_midnight() -> float:
    now = datetime.now(UTC)
    return ((now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0) - now).total_seconds()


def _remote(urn: str) -> Remote:
    return Remote(urn, f"https://www.linkedin.com/feed/update/{urn}/")
