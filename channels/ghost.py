"""Ghost: posts by its Admin API. https://docs.ghost.org/admin-api/"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from lxml import html as parser
from pydantic import BaseModel, ConfigDict, SecretStr

from channels.errors import ChannelError, Misconfigured, Rejected
from channels.system import Item, Media, System, moment
from content.findings import Finding

if TYPE_CHECKING:
    import httpx

    from content.document import Document
    from content.rendition import Asset

LIVES = 240  # seconds for which a token is good; Ghost takes five minutes
VERSION = "v5.0"
# in a card of its own HTML is kept as it is; else Ghost would make its own of it
CARD = "<!--kg-card-begin: html-->\n{}\n<!--kg-card-end: html-->"
# Ghost's own schema of posts; longer ones are refused
LONGEST = {"title": 255, "custom_excerpt": 300, "feature_image_alt": 191, "slug": 191}
KEY = re.compile(r"[0-9a-f]+:(?:[0-9a-f]{2})+")


class GhostSettings(BaseModel):
    """A site's address and the Admin API key of a custom integration, `ID:SECRET`."""

    model_config = ConfigDict(frozen=True)

    url: str = ""  # "https://clinic.example"
    key: SecretStr = SecretStr("")
    status: Literal["published", "draft"] = "published"


class Ghost(System):
    """One site. Nothing is mailed: that is the newsletter's channels' work."""

    name = "ghost"
    title = "Ghost"
    settings_model = GhostSettings
    guide = """In Ghost, under Settings › Advanced › Integrations, add a custom integration named Pressroom and copy
    its Admin API key."""
    asks = ("url", "key")

    def __init__(
        self, account: str = "", settings: GhostSettings | None = None, http: httpx.Client | None = None
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or GhostSettings()

    @property
    def configured(self) -> bool:
        """Whether there is a site and a key."""
        return bool(self._settings.url and self._settings.key.get_secret_value())

    @property
    def address(self) -> str:
        """The site's."""
        return self._settings.url.rstrip("/")

    def credentials(self) -> dict[str, str]:
        """A token signed with the key, good for some minutes (RFC 7519)."""
        key = self._settings.key.get_secret_value()
        if not KEY.fullmatch(key):
            raise Misconfigured(self.account, "the key is no Admin API key: ID:SECRET, both in hexadecimal digits")
        name, _, secret = key.partition(":")
        now = int(time.time())
        head = {"alg": "HS256", "typ": "JWT", "kid": name}
        signed = b".".join([_packed(head), _packed({"iat": now, "exp": now + LIVES, "aud": "/admin/"})])
        proof = hmac.new(bytes.fromhex(secret), signed, hashlib.sha256).digest()
        token = f"{signed.decode()}.{urlsafe_b64encode(proof).rstrip(b'=').decode()}"
        return {"Authorization": f"Ghost {token}", "Accept-Version": VERSION}

    def secrets(self) -> tuple[str, ...]:
        """The key, and its secret part."""
        key = self._settings.key.get_secret_value()
        return (key, key.partition(":")[2])

    def seek(self, slug: str) -> Item | None:
        """By slug, whatever its status."""
        try:
            return self._post("GET", f"posts/slug/{slug}/")
        except Rejected as error:
            if error.detail.startswith("404"):
                return None
            raise

    def item(self, remote_id: str) -> Item:
        """By id."""
        return self._post("GET", f"posts/{remote_id}/")

    def fields(self, rendition: Document, html: str) -> dict[str, Any]:
        """As a post has them."""
        at = moment(rendition.published)
        when = at or datetime(*rendition.published.timetuple()[:6])  # noqa: DTZ001 - written as UTC below
        later = self._settings.status == "published" and at is not None and at.timestamp() > time.time()
        told = {
            "title": rendition.title,
            "slug": rendition.slug,
            "html": CARD.format(html),
            "status": "scheduled" if later else self._settings.status,
            "published_at": f"{when:%Y-%m-%dT%H:%M:%S}.000Z",
            "custom_excerpt": rendition.description,
            "tags": [{"name": name} for name in rendition.tags],
        }
        return told | ({"canonical_url": rendition.original} if rendition.original else {})

    def store(self, rendition: Document, fields: dict[str, Any], hero: Media | None, before: Item | None) -> Item:
        """Make or change the post; a change names the version that it changes."""
        shown = rendition.hero
        post = {**fields, "feature_image": hero.url if hero else None}
        if hero and shown:
            post |= {"feature_image_alt": shown.alt, "feature_image_caption": rendition.caption}
        if before is None:
            return self._post("POST", "posts/", post)
        return self._post("PUT", f"posts/{before.id}/", {**post, "updated_at": before.revision})

    def upload(self, picture: Asset, before: Item | None) -> Media:
        """Ghost has no list of pictures: one that the post shows already is known by the digest in its name."""
        name = f"{picture.digest[:16]}-{picture.path}"
        for url in _pictures(before.html) if before else ():
            if f"/{picture.digest[:16]}-" in url:
                return Media("", url)
        file = {"file": (name, picture.data, picture.media_type)}
        response = self.call("POST", self._at("images/upload/"), files=file, data={"purpose": "image", "ref": name})
        with self.understood("picture"):
            return Media("", self.read(response)["images"][0]["url"])

    def delete(self, remote_id: str, *, whole: bool = False) -> None:
        """For good: Ghost has no trash."""
        self.call("DELETE", self._at(f"posts/{remote_id}/"))

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """A change that came too late, and a key that is not known."""
        if "UpdateCollisionError" in detail:
            return Rejected(self.account, f"somebody has changed the post there meanwhile: {detail}")
        if response.status_code == 400 and "INVALID_JWT" in detail:
            return Misconfigured(self.account, detail)
        return None

    def check(self, rendition: Document) -> list[Finding]:
        """What Ghost's schema would refuse."""
        alt = rendition.hero.alt if rendition.hero else ""
        found = {"title": rendition.title, "custom_excerpt": rendition.description, "feature_image_alt": alt}
        found["slug"] = rendition.slug
        return [
            Finding(
                rule="ghost.long",
                severity="block",
                why=f"{name} has {len(said)} characters; Ghost takes {LONGEST[name]}.",
                mend="Say it shorter.",
                channel=self.account,
            )
            for name, said in found.items()
            if len(said) > LONGEST[name]
        ]

    def doctor(self) -> list[Finding]:
        """Does the key open the site?"""
        if not self.configured:
            return self.missing("url", "key")
        return self.insecure() or self.examined(lambda: self.call("GET", self._at("posts/"), params={"limit": 1}))

    def _post(self, method: str, path: str, post: dict[str, Any] | None = None) -> Item:
        params = {"formats": "html"} | ({"source": "html"} if post else {})
        body = {"json": {"posts": [post]}} if post else {}
        told = self.read(self.call(method, self._at(path), params=params, **body))
        with self.understood("post"):
            [one] = told["posts"]
            pictures = f'<img src="{one.get("feature_image") or ""}">'
            return Item(
                id=one["id"],
                slug=one["slug"],
                url=one["url"],
                html=(one.get("html") or "") + pictures,
                revision=one["updated_at"],
            )

    def _at(self, path: str) -> str:
        return f"{self.address}/ghost/api/admin/{path}"


def _packed(told: dict[str, Any]) -> bytes:
    return urlsafe_b64encode(json.dumps(told, separators=(",", ":")).encode()).rstrip(b"=")


def _pictures(html: str) -> list[str]:
    return [image.get("src", "") for image in parser.fromstring(f"<div>{html}</div>").iter("img")]
