"""Facebook: one post of a Page. https://developers.facebook.com/documentation/pages-api/posts"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from channels.base import Capabilities, Receipt
from channels.graph import Graph, GraphSettings, begun
from channels.network import Message, Remote, bears
from content.findings import Finding
from content.fitting import Limits
from content.measures import codepoints
from content.pictures import Canvas
from content.post import Post

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

SITE = "https://www.facebook.com"
# 4 MB is Meta's advice; larger sides are made smaller there
PICTURE = Canvas(width=2048, height=2048, bytes=4_000_000)
RECENT = 50  # posts of one page of a read-back
FIELDS = "id,message,permalink_url,attachments{unshimmed_url,url}"
CLICK = re.compile(r"[?&]fbclid=[^&#]*")  # what Facebook adds to addresses


class FacebookSettings(GraphSettings):
    """A Page's number, and the Page's own token."""

    version: str = "v26.0"  # of 2026-07-29; each lives for two years or a little more
    api: str = "https://graph.facebook.com"
    page: str = ""


class Facebook(Graph):
    """A Page; profiles of persons have no API. Facebook fetches the card of a link that comes without a picture."""

    name = "facebook"
    title = "Facebook Page"
    settings_model = FacebookSettings
    asks = ("page", "token")
    guide = """At https://developers.facebook.com/apps make an app with the use case "Manage everything on your Page".
At https://developers.facebook.com/tools/explorer choose the app, and get a token with pages_show_list,
pages_manage_posts and pages_read_engagement; make it long-lived at /tools/debug/accesstoken.
With it ask the explorer for me/accounts: there stand each Page's id and its own access_token, which does
not expire. Take these two. It costs nothing."""
    can = Capabilities(
        limits=Limits(text=63_206, count=codepoints, images=1, picture=PICTURE),
        unit="characters",
        finds=True,
        updates=True,
        retracts=True,
        fetches_card=True,
        source="https://developers.facebook.com/documentation/pages-api/posts",
    )

    def __init__(
        self,
        account: str = "",
        settings: FacebookSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        given = settings or FacebookSettings()
        super().__init__(account, given, http)
        self._page = given.page
        self._mine = f"{self._graph}/{given.page or '(id of the page)'}"

    @property
    def configured(self) -> bool:
        """Whether there are a Page and a token."""
        return bool(self._page and self._token)

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """The words with the link, whose card Facebook makes; or a photo with the words below it."""
        part = post.parts[number]
        if not part.images:
            body = {"message": part.text, "link": post.card.url}
            return Message(method="POST", url=f"{self._mine}/feed", body=body)
        picture = part.images[0]
        body = {"caption": part.text, "alt_text_custom": picture.alt}
        return Message(method="POST", url=f"{self._mine}/photos", body=body, files=(("source", picture),))

    def deliver(self, message: Message) -> Remote:
        """Post. A photo has an id of its own beside that of the post around it."""
        return _remote(self.told(self.put(message), "post_id" if message.files else "id"))

    def find(self, rendition: Post, _key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """Look through the Page's newest posts for this delivery's own link."""
        recent = self.recent(since)
        with self.understood("posts"):
            mine = [post for post in recent if any(bears(text, rendition.link) for text in _texts(post))][-1:]
            return self.found(rendition, [_remote(str(post["id"]), post.get("permalink_url")) for post in mine])

    def recent(self, since: datetime | None) -> list[dict[str, Any]]:
        """The Page's newest posts."""
        return self.listed(f"{self._page}/published_posts", fields=FIELDS, limit=RECENT, **begun(since))

    def update(self, receipt: Receipt, rendition: Post) -> Receipt:
        """Change the words; Facebook keeps card and picture as they were."""
        self.same_parts(receipt, rendition)
        [post_id] = receipt.remote_ids
        self.call("POST", f"{self._graph}/{post_id}", json={"message": rendition.parts[0].text})
        return self.receipt(rendition, [Remote(post_id, receipt.url)])

    def doctor(self) -> list[Finding]:
        """Ask for the Page, whose the token is, and which version answered."""
        if not self.configured:
            return self.missing("page", "token")
        found: list[Finding] = []
        return self.examined(lambda: found.extend(self._state())) or found

    def _state(self) -> list[Finding]:
        answer = self.call("GET", self._mine, params={"fields": "id,name"})
        owner = self.told(self.call("GET", f"{self._graph}/me", params={"fields": "id"}), "id")
        findings = [*self.lapsing(answer), *self.used(answer)]
        if owner == self.told(answer, "id"):
            return findings
        why = "The token is that of a person or an app, not the Page's own: posts may be refused."
        mend = "Ask for me/accounts with it: the Page's own access_token stands there."
        return [
            Finding(rule="account.token", severity="warn", why=why, mend=mend, channel=self.account),
            *findings,
        ]


def _texts(post: dict[str, Any]) -> Iterator[str]:
    """Where a post may bear a link: its words, and what is attached, behind Facebook's own redirects too."""
    yield post.get("message") or ""
    for attached in (post.get("attachments") or {}).get("data", []):
        for address in (attached.get("unshimmed_url") or "", attached.get("url") or ""):
            yield CLICK.sub("", address)
            for target in parse_qs(urlsplit(address).query).get("u", []):
                yield CLICK.sub("", target)


def _remote(post_id: str, page: str | None = None) -> Remote:
    return Remote(post_id, page or f"{SITE}/{post_id}")
