"""Proofs as HTML: the same templates for the desk in a browser and for a copy in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from channels.registry import channel_class, known
from content import source
from content.brand import Brand
from content.findings import Refused
from content.newsletter import Newsletter
from content.page import Page
from content.post import Post
from content.story import Story
from content.templates import environment
from desk.proofs import frames
from desk.proofs.addresses import Desktop, Folder
from desk.proofs.boards import COURSES, STAGES
from desk.proofs.inbox import INBOXES
from desk.proofs.past import standing
from desk.proofs.shelf import FILTERS, Spine, choose
from flows.plan import ARTICLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from content.rendition import Asset
    from desk.proofs.boards import Board
    from desk.proofs.workbench import View, Workbench
    from flows.plan import Entry

VIEWS = {"findings": "Findings", "changes": "Changes", "source": "Source"}
WIDTHS = (("desktop", "Desktop", 1280, 860), ("tablet", "Tablet", 820, 1100), ("phone", "Phone", 390, 780))
STATES = {
    "never": "Not sent yet",
    "dry": "In the outbox",
    "claimed": "Being sent",
    "sent": "Sent",
    "changed": "Carries an earlier text",
    "failed": "Failed",
    "unknown": "Not known whether it arrived",
    "held": "Waits for a person",
    "begun": "Some have it",
    "retracted": "Taken back",
}


class Pen:
    """Draws the desk's pages. A project may lay its own templates over `templates/desk/`."""

    def __init__(self, root: Path, *, live: bool, asking: Callable[[], int] = int) -> None:
        self._root = root
        self._asking = asking
        self._links = Desktop() if live else Folder()
        self.fill()

    def fill(self) -> None:
        """Read the templates anew."""
        self._templates = environment(self._root)
        self._templates.globals |= {
            "links": self._links,
            "live": self._links.live,
            "asking": self._asking,
            "STATES": STATES,
            "COURSES": COURSES,
            "STAGES": STAGES,
            "standing": standing,
            "FILTERS": FILTERS,
            "WIDTHS": WIDTHS,
            "INBOXES": INBOXES,
            "PAGE_LOOKS": frames.PAGE_LOOKS,
            "MAIL_LOOKS": frames.MAIL_LOOKS,
        }

    def shelf(self, bench: Workbench, words: str, state: str) -> str:
        """The list of articles."""
        turn = bench.turns
        spines = bench.shelf.spines()
        chosen = choose(spines, bench.past(), words, state)
        titles = {name: channel_class(name).title for name in known()}
        order = {name: place for place, name in enumerate(titles)}
        rows = [
            (spine, sorted(records.items(), key=lambda item: order.get(item[0].split(":")[0], len(order))))
            for spine, records in chosen
        ]
        return self._draw(
            "shelf.html", bench, turn=turn, rows=rows, total=len(spines), words=words, state=state, titles=titles
        )

    def article(self, bench: Workbench, name: str, view: str, campaigns: tuple[Board, ...] = ()) -> str | None:
        """An article, in one of its views; None where there is no such article or view."""
        turn = bench.turns
        found = bench.view(name)
        if found is None:
            return None
        accounts = {proof.account: proof for proof in found.sheet.proofs} if found.sheet else {}
        if view not in {"all", *VIEWS, *accounts} and found.sheet:
            return None
        return self._draw(
            "article.html",
            bench,
            turn=turn,
            name=name,
            found=found,
            sheet=found.sheet,
            view=view,
            proof=accounts.get(view),
            tabs=tabs(found),
            campaigns=campaigns,
            lines=source_lines(bench, name) if view == "source" else [],
        )

    def delivery(self, bench: Workbench, key: str) -> str | None:
        """One delivery; None where the ledger has none of that key."""
        past = bench.past()
        record = past.record(key)
        if record is None:
            return None
        names = {spine.slug: spine.name for spine in bench.shelf.spines()}
        account = record.delivery.account.removeprefix("outbox/")
        return self._draw(
            "delivery.html",
            bench,
            turn=bench.turns,
            record=record,
            name=names.get(record.delivery.article, ""),
            title=channel_class(account).title if account.split(":")[0] in known() else account,
            by_hand=account.split(":")[0] in known() and channel_class(account).can.by_hand,
            sent=past.kept(record.receipt.digest) if record.receipt else None,
        )

    def campaigns(self, bench: Workbench, found: Any, *, turn: int) -> str:
        """The list of campaigns."""
        return self._draw("campaigns.html", bench, turn=turn, found=found, spines=spines(bench))

    def campaign(self, bench: Workbench, board: Board, *, turn: int, **more: Any) -> str:
        """One campaign."""
        return self._draw("campaign.html", bench, turn=turn, board=board, spines=spines(bench), **more)

    def trouble(self, title: str, why: str) -> str:
        """A page that says what is wrong."""
        return self._draw("trouble.html", None, turn=0, title=title, why=why)

    def _draw(self, template: str, bench: Workbench | None, *, turn: int, **names: Any) -> str:
        """`turn` is the bench's from before anything was read: a page never says that it is newer than it is."""
        brand = bench.brand if bench else Brand()
        return self._templates.get_template(f"desk/{template}").render(brand=brand, turn=turn, **names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One view of an article, and a number where one matters."""

    view: str
    title: str
    count: int = 0
    grave: bool = False


def tabs(found: View) -> list[Tab]:
    """The views of an article."""
    sheet = found.sheet
    if sheet is None:
        return [Tab(view="all", title="All"), Tab(view="source", title="Source")]
    marks = {proof.account: [f for f in proof.findings if f.severity != "info"] for proof in sheet.proofs}
    channels = [
        Tab(
            view=proof.account,
            title=proof.title,
            count=len(marks[proof.account]),
            grave=any(f.severity == "block" for f in marks[proof.account]),
        )
        for proof in sheet.proofs
    ]
    counts = {"findings": len(sheet.findings), "changes": len(sheet.changed)}
    grave = any(finding.severity == "block" for finding in sheet.findings)
    others = [
        Tab(view=view, title=title, count=counts.get(view, 0), grave=grave and view == "findings")
        for view, title in VIEWS.items()
    ]
    return [Tab(view="all", title="All"), *channels, *others]


def spines(bench: Workbench) -> dict[str, Spine]:
    """The articles by all that a campaign may call them."""
    found = bench.shelf.spines()
    files = {(ARTICLES / f"{spine.name}.md").as_posix(): spine for spine in found}
    return {spine.slug: spine for spine in found} | {spine.name: spine for spine in found} | files


def source_lines(bench: Workbench, name: str) -> list[str]:
    """The article's file as it stands now, in the lines that findings count; none where it is no text."""
    try:
        return source.read(bench.shelf.paths()[name]).text.split("\n")
    except (KeyError, Refused):
        return []


def frame(bench: Workbench, name: str, account: str, look: str) -> str | None:
    """A page or a mail as one reader sees it; None where there is none."""
    entry = _entry(bench, name, account)
    match entry.rendition if entry else None:
        case Page() | Story() as page:
            return next((frames.page(page, known) for known in frames.PAGE_LOOKS if known.name == look), None)
        case Newsletter() as mail:
            return next((frames.mail(mail, known) for known in frames.MAIL_LOOKS if known.name == look), None)
    return None


def file(bench: Workbench, name: str, account: str, path: str) -> bytes | None:
    """A file as the outbox gets it; None where there is none of that name."""
    entry = _entry(bench, name, account)
    return dict(entry.channel.parcel(entry.rendition, entry.delivery.key).files).get(path) if entry else None


def picture(bench: Workbench, name: str, path: str) -> Asset | None:
    """A picture of an article by the name that it goes out under; None where there is none."""
    planned = bench.planned(name)
    shown = [entry.rendition for entry in planned.entries] if planned else []
    cards = [post.card.image for post in shown if isinstance(post, Post)]
    parts = [image for post in shown if isinstance(post, Post) for part in post.parts for image in part.images]
    return next((asset for asset in (*cards, *parts) if asset and asset.path == path), None)


def _entry(bench: Workbench, name: str, account: str) -> Entry | None:
    planned = bench.planned(name)
    entries = planned.entries if planned else ()
    return next((entry for entry in entries if entry.account == f"outbox/{account}"), None)
