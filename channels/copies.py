"""What sites for other people's articles share: ours is a copy there, and says where the original stands."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from channels.base import Parcel, Receipt
from channels.errors import Rejected
from channels.service import Service
from content.crosspost import CrossPost
from content.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGN = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """An article as the site has it."""

    id: str
    url: str
    title: str
    markdown: str
    public: bool = True  # what was taken back may lie there as a draft

    def shows(self, title: str, markdown: str) -> bool:
        """Whether readers see these very words there."""
        return self.public and self.title == title and self.markdown.strip() == markdown.strip()


class Copies(Service[CrossPost]):
    """A site where articles are published again, with a canonical link. One copy an article."""

    form = CrossPost

    @abstractmethod
    def seek(self, rendition: CrossPost) -> Copy | None:
        """What the account has of this article, whoever wrote it. Raises `ChannelError`."""

    @abstractmethod
    def fields(self, rendition: CrossPost) -> dict[str, Any]:
        """The copy's own fields, as the site's API wants them. Pure."""

    @abstractmethod
    def store(self, rendition: CrossPost, remote_id: str = "") -> Copy:
        """Make the copy, or change the one of this id. Raises `ChannelError`."""

    @abstractmethod
    def words(self, rendition: CrossPost) -> str:
        """The text in the site's own Markdown. Pure."""

    def publish(self, rendition: CrossPost, key: str, prepared: str = "") -> Receipt:
        """Make the copy, or bring ours up to date. Raises `Rejected` where somebody else's stands there."""
        self.must_be_set_up()
        there = self.seek(rendition)
        if there is None:
            return self._receipt(rendition, self.store(rendition))
        if _sign(there.markdown) != _sign(rendition.markdown):
            mend = f"delete it there, or note it: pressroom receipt {rendition.slug} {self.account} {there.url}"
            raise Rejected(self.account, f"{there.url} is a copy that Pressroom did not make; {mend}")
        if there.shows(rendition.title, self.words(rendition)):
            return self._receipt(rendition, there)
        return self._receipt(rendition, self.store(rendition, there.id))

    def find(self, rendition: CrossPost, key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """The account's copy, if it shows these very words."""
        there = self.seek(rendition)
        shown = there is not None and there.shows(rendition.title, self.words(rendition))
        return self._receipt(rendition, there) if shown and there else None

    def update(self, receipt: Receipt, rendition: CrossPost) -> Receipt:
        """Change the copy in place."""
        return self._receipt(rendition, self.store(rendition, receipt.remote_ids[0]))

    def parcel(self, rendition: CrossPost, key: str) -> Parcel:
        """The text, and the request's fields."""
        told = json.dumps(self.fields(rendition), ensure_ascii=False, indent=2)
        files = (("article.md", rendition.markdown.encode()), ("request.json", told.encode() + b"\n"))
        return Parcel(files=files, opens="article.md")

    def left_out(self, tags: Sequence[str], kept: int) -> list[Finding]:
        """Tags for which there is no place."""
        if len(tags) <= kept:
            return []
        why = f"{self.title} takes {kept} tags: {', '.join(tags[kept:])} will not be there."
        return [
            Finding(
                rule="tags.many", severity="info", why=why, mend="Put the important ones first.", channel=self.account
            )
        ]

    def too_long(self, what: str, has: int, most: int) -> list[Finding]:
        """What the site would refuse."""
        if has <= most:
            return []
        why = f"The {what} has {has:,}; {self.title} takes {most:,}."
        return [
            Finding(rule=f"{self.name}.long", severity="block", why=why, mend="Make it shorter.", channel=self.account)
        ]

    def _receipt(self, rendition: CrossPost, there: Copy) -> Receipt:
        return Receipt(
            channel=self.account,
            remote_ids=(there.id,),
            url=there.url,
            digest=rendition.digest,
            sent_at=datetime.now(UTC),
        )


def _sign(markdown: str) -> str:
    """The last line, which leads back to the original: only Pressroom's copies have it."""
    return SIGN.sub("", markdown.rstrip().rpartition("\n")[2])
