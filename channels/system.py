"""What content management systems share: an article is an entry there, found again by its slug."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from channels.base import Capabilities, Parcel, Receipt
from channels.errors import Misconfigured, Rejected, Unavailable
from channels.service import Service
from content.document import Document
from content.findings import Finding
from content.fitting import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from content.rendition import Asset

MARK = re.compile(r"<!-- pressroom (\w+) ([0-9a-f]{16}) -->")  # whose an entry is, and what of
PLACE = "https://where.the.system.puts.it/{}"  # of a picture, in files to look at


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry as the system has it. `revision` changes with every change, whoever makes it."""

    id: str
    slug: str
    url: str
    html: str
    revision: str
    gone: bool = False  # in the trash

    @property
    def mark(self) -> tuple[str, str]:
        """The delivery's key and the rendition's digest; empty for what somebody else wrote."""
        found = MARK.search(self.html)
        return (found[1], found[2]) if found else ("", "")


@dataclass(frozen=True, slots=True)
class Media:
    """A picture that the system has."""

    id: str
    url: str


class System(Service[Document]):
    """A site with an editor of its own. Publishing twice is one entry; people's changes there are not run over."""

    form = Document
    can = Capabilities(limits=Limits(), repeat_safe=True, finds=True, updates=True, retracts=True)

    @abstractmethod
    def seek(self, slug: str) -> Item | None:
        """The entry of a slug, whatever its status. Raises `ChannelError`."""

    @abstractmethod
    def item(self, remote_id: str) -> Item:
        """One entry. Raises `Rejected` where it is gone."""

    @abstractmethod
    def fields(self, rendition: Document, html: str) -> dict[str, Any]:
        """An entry's own fields, without its pictures and tags. Pure."""

    @abstractmethod
    def store(self, rendition: Document, fields: dict[str, Any], hero: Media | None, before: Item | None) -> Item:
        """Make the entry, or change the one that was there `before`. Raises `ChannelError`."""

    @abstractmethod
    def upload(self, picture: Asset, before: Item | None) -> Media:
        """Bring a picture there, once. Raises `ChannelError`."""

    @abstractmethod
    def delete(self, remote_id: str, *, whole: bool = False) -> None:
        """Take an entry away; `whole`: not into the trash. Raises `ChannelError`."""

    @property
    def address(self) -> str:
        """The system's own address, as the settings have it."""
        return ""

    def publish(self, rendition: Document, key: str, prepared: str = "") -> Receipt:
        """Make the entry, or bring the delivery's own up to date. Raises `Rejected` where it is somebody else's."""
        self.must_be_set_up()
        there = self.seek(rendition.slug)
        if there is None:
            return self._made(rendition, key)
        if not any(there.mark):
            mend = "give the article another slug, or delete that entry"
            raise Rejected(self.account, f"{there.url} is an entry that Pressroom did not write; {mend}")
        if there.mark == (key, rendition.digest[:16]):
            return self._receipt(rendition, there)
        return self._receipt(rendition, self._put(rendition, key, there))

    def find(self, rendition: Document, key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """The entry of this slug, if it is this very rendition."""
        there = self.seek(rendition.slug)
        same = there is not None and there.mark == (key, rendition.digest[:16])
        return self._receipt(rendition, there) if same and there else None

    def update(self, receipt: Receipt, rendition: Document) -> Receipt:
        """Change the entry in place. Raises `Rejected` where somebody has changed it there since."""
        remote_id, revision = receipt.remote_ids
        there = self.item(remote_id)
        key, digest = there.mark
        if digest == rendition.digest[:16]:
            return self._receipt(rendition, there)
        if there.gone:
            raise Rejected(self.account, "the entry is in the trash there; put it back, or delete it for good")
        if there.revision != revision:
            mend = "take those changes over into the article, then `pressroom retract` and publish again"
            raise Rejected(self.account, f"somebody has changed {there.url} there since ({there.revision}); {mend}")
        return self._receipt(rendition, self._put(rendition, key, there))

    def retract(self, receipt: Receipt) -> None:
        """Take the entry away. Its pictures stay, for they may be used elsewhere."""
        self.gone_is_fine(lambda: self.delete(receipt.remote_ids[0]))

    def parcel(self, rendition: Document, key: str) -> Parcel:
        """The entry as a page to look at, its pictures, and the request's fields."""
        pictures = {asset.path: asset for asset in (*rendition.assets, *([rendition.hero] if rendition.hero else []))}
        hero = f'<img src="{rendition.hero.path}" alt="{escape(rendition.hero.alt)}">\n' if rendition.hero else ""
        shown = (
            f'<!doctype html>\n<html lang="{escape(rendition.language)}" dir="{rendition.direction}">\n'
            f'<meta charset="utf-8">\n<title>{escape(rendition.title)}</title>\n<h1>{escape(rendition.title)}</h1>\n'
            f"{hero}{rendition.html}"
        )
        html = self._marked(rendition, key, {path: PLACE.format(path) for path in pictures})
        told = json.dumps(self.fields(rendition, html), ensure_ascii=False, indent=2, default=str)
        files = [(path, asset.data) for path, asset in pictures.items()]
        files += [("entry.html", shown.encode()), ("request.json", told.encode() + b"\n")]
        return Parcel(files=tuple(files), opens="entry.html")

    def insecure(self) -> list[Finding]:
        """Whether a password would go over the network in the clear."""
        address = urlsplit(self.address)
        if address.scheme == "https" or address.hostname in {"127.0.0.1", "localhost", "::1", None}:
            return []
        why = f"{self.address} has no TLS: whoever listens could read the password."
        mend = "Use https://."
        return [Finding(rule="account.insecure", severity="block", why=why, mend=mend, channel=self.account)]

    def _call(self, method: str, url: str, **request: Any) -> httpx.Response:
        if found := self.insecure():
            raise Misconfigured(self.account, found[0].why)
        return super()._call(method, url, **request)

    def _made(self, rendition: Document, key: str) -> Receipt:
        """Two publishers at once may both have made an entry: the later one's goes."""
        made = self._put(rendition, key, None)
        first = self.seek(rendition.slug)
        if first and first.id == made.id:
            return self._receipt(rendition, made)
        self.delete(made.id, whole=True)
        if first is None:
            raise Rejected(self.account, f"the slug '{rendition.slug}' belongs to an entry that this user may not see")
        raise Unavailable(self.account, f"the slug '{rendition.slug}' was taken at this moment", retry_after=2)

    def _put(self, rendition: Document, key: str, before: Item | None) -> Item:
        media = {asset.path: self.upload(asset, before) for asset in rendition.assets}
        hero = self.upload(rendition.hero, before) if rendition.hero else None
        html = self._marked(rendition, key, {path: one.url for path, one in media.items()})
        return self.store(rendition, self.fields(rendition, html), hero, before)

    def _marked(self, rendition: Document, key: str, addresses: Mapping[str, str]) -> str:
        return f"{rendition.placed(addresses)}\n<!-- pressroom {key} {rendition.digest[:16]} -->"

    def _receipt(self, rendition: Document, item: Item) -> Receipt:
        return Receipt(
            channel=self.account,
            remote_ids=(item.id, item.revision),
            url=item.url,
            digest=rendition.digest,
            sent_at=datetime.now(UTC),
        )


def moment(given: date) -> datetime | None:
    """A point in time where the front matter names one; None for a day, or a time without an offset."""
    return given.astimezone(UTC) if isinstance(given, datetime) and given.tzinfo else None
