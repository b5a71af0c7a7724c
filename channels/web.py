"""Web: pages and the lists around them, put where the team's site lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from channels.base import Capabilities, Channel, Parcel, Receipt
from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain
from channels.places.access import WebSettings
from channels.places.doors import place
from channels.places.place import Conflict, Place
from content.context import Context
from content.findings import Finding
from content.fitting import Limits
from content.manifest import FILE, Change, Manifest, mark
from content.page import MARKER, Page

if TYPE_CHECKING:
    from channels.places.place import File

HOME = "index.html"
TRIES = 4  # where others publish to the same branch or host at the same moment


class Web(Channel[Page]):
    """A static site. New files go first, pages and lists last; what is there already is not written again."""

    name = "web"
    title = "Web page"
    form = Page
    settings_model = WebSettings
    can = Capabilities(limits=Limits(), repeat_safe=True, finds=True, updates=True, retracts=True)

    def __init__(self, account: str = "", settings: WebSettings | None = None) -> None:
        super().__init__(account)
        self._settings = settings or WebSettings()
        self._place: Place | None = None

    @property
    def configured(self) -> bool:
        """Whether there is a place."""
        return bool(self._settings.directory)

    def parcel(self, rendition: Page, _key: str) -> Parcel:
        """The page and its pictures in one folder, readable without a server."""
        files = [(asset.path, asset.data) for asset in rendition.assets]
        return Parcel(files=(*files, ("index.html", rendition.html.encode())), opens="index.html")

    def publish(self, rendition: Page, key: str, prepared: str = "") -> Receipt:
        """Put the page and what names it in place. Raises `Rejected` where a stranger's page stands there."""

        def make(before: Manifest, context: Context) -> Change:
            return before.with_page(rendition, context, whole=self._lost(before, rendition.path))

        self._change(make, f"Publish {rendition.title}", rendition.path)
        return self._receipt(rendition)

    def find(self, rendition: Page, _key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """Compare the page's bytes with those that stand there, and with what the manifest says."""
        html = rendition.html.encode()
        there = self._manifest().files.get(rendition.path) == mark(html) and self._there().read(rendition.path) == html
        return self._receipt(rendition) if there else None

    def update(self, receipt: Receipt, rendition: Page) -> Receipt:
        """Write the page again; where its address has changed, the old one leads to the new."""
        return self.publish(rendition, "")

    def retract(self, receipt: Receipt) -> None:
        """Take the page away, and its name out of every list; its pictures stay, for they may be linked."""
        path = receipt.remote_ids[0]
        self._change(lambda before, context: before.without(path, context), f"Take back {path}", "")

    def revived(self, kept: dict[str, Any]) -> Page:
        """The page as it was; its pictures still stand beside it."""
        try:
            return Page.revived(kept, self._there().read)
        except LookupError as error:
            raise Rejected(self.account, f"that version can't be put back: {error} is gone") from None

    def doctor(self) -> list[Finding]:
        """Is there a place that can be written to?"""
        if not self.configured:
            why = "Pages go to the outbox: no place is set."
            mend = f"Set {self.variable('directory')} to the folder that the web server serves, or to an address."
            return [Finding(rule="account.missing", severity="info", why=why, mend=mend, channel=self.account)]
        try:
            self._there().examine()
        except ChannelError as error:
            why = f"Nothing can be written to {self._settings.directory}: {error.detail}."
            mend = "Let Pressroom's user write there, or mend the address."
            return [Finding(rule="account.refused", severity="block", why=why, mend=mend, channel=self.account)]
        return list(self._left_alone())

    def _left_alone(self) -> Iterator[Finding]:
        known = self._manifest()
        if known.entries and HOME not in known.files:
            why = f"The site's {HOME} is not Pressroom's: it stays as it is, and names no article by itself."
            yield Finding(rule="site.home", severity="info", why=why, channel=self.account)

    def close(self) -> None:
        """Let go of the place."""
        if self._place:
            self._place.close()
            self._place = None

    def _there(self) -> Place:
        if not self.configured:
            raise Misconfigured(self.account, f"no place is set; set {self.variable('directory')}")
        self._place = self._place or place(self.account, self._settings)
        return self._place

    def _manifest(self) -> Manifest:
        told = self._there().read(FILE)
        try:
            return Manifest.read(told) if told is not None else Manifest()
        except ValueError as error:
            raise Misconfigured(self.account, f"{FILE} at the site can't be read: {error}") from error

    def _change(self, make: Callable[[Manifest, Context], Change], note: str, page: str) -> None:
        context = Context.open(self._settings.project)
        for _ in range(TRIES):
            try:
                with self._there().taken() as still:
                    before = self._manifest()
                    self._carry_out(before, make(before, context), note, page, still)
                    return
            except Conflict:
                continue
        raise Unavailable(self.account, "others keep publishing to the same place", retry_after=10)

    def _carry_out(self, before: Manifest, change: Change, note: str, page: str, still: Callable[[], None]) -> None:
        """Everything but what is a stranger's; the manifest last."""
        theirs = self._strangers(before, change.files, page)
        files = [file for file in change.files if file[0] not in theirs]
        after = change.after.leaving(theirs)
        gone = [path for path in change.gone if path in before.files]
        if after.told() == before.told() and not files:
            return
        there = self._there()
        new = [path for path, _ in files if path not in before.files]
        with _in_doubt():
            if new and not there.whole:
                there.write(FILE, before.claiming(new).told())
            still()
            there.put([*files, (FILE, after.told())], gone, note)
            there.settle([*(path for path, _ in files), *gone])

    def _lost(self, before: Manifest, path: str) -> bool:
        """Whether somebody has changed or taken away what we put there."""
        return path in before.files and mark(self._there().read(path) or b"") != before.files[path]

    def _strangers(self, before: Manifest, files: tuple[File, ...], page: str) -> set[str]:
        """Paths at which something stands that we did not write. Raises `Rejected` where that is the page itself."""
        theirs = set()
        for path, data in files:
            if path in before.files:
                continue
            there = self._there().read(path)
            if there is None or there == data or f'"{MARKER}"'.encode() in there:
                continue
            theirs.add(path)
            if path == page:
                mend = "move it, or give the article another slug"
                raise Rejected(self.account, f"{path} at the site is a page that Pressroom did not write; {mend}")
        return theirs

    def _receipt(self, rendition: Page) -> Receipt:
        return Receipt(
            channel=self.account,
            remote_ids=(rendition.path,),
            url=rendition.url,
            digest=rendition.digest,
            sent_at=datetime.now(UTC),
        )


@contextmanager
def _in_doubt() -> Iterator[None]:
    """Once the writing has begun, what breaks off may have left a part of it."""
    try:
        yield
    except Unavailable as error:
        raise Uncertain(error.channel, error.detail) from error
