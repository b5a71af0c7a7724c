"""The articles of a project: their front matter alone, for a list must be there at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from content.article import Article
from content.findings import Finding, Refused, blocking
from desk.proofs.past import standing
from flows.plan import ARTICLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desk.proofs.past import Past
    from flows.records import Record

OPEN = {"held", "unknown", "failed", "begun"}
FILTERS = {
    "all": "All",
    "mend": "To mend",
    "draft": "Drafts",
    "unsent": "Not sent yet",
    "dry": "In the outbox",
    "sent": "Sent",
    "open": "Waiting for somebody",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spine:
    """What an article shows on the shelf."""

    name: str  # of its file, without .md
    slug: str = ""
    title: str = ""
    date: date | None = None
    tags: tuple[str, ...] = ()
    draft: bool = False
    language: str = ""
    direction: str = "auto"
    faults: tuple[Finding, ...] = ()

    def holds(self, words: str) -> bool:
        """Whether every word is in its title, its tags or its name."""
        text = " ".join((self.title, self.name, *self.tags)).casefold()
        return all(word in text for word in words.casefold().split())


class Shelf:
    """Reads a file again only when it has changed."""

    def __init__(self, root: Path, more: Iterable[Path] = ()) -> None:
        self._root = root
        self._more = {path.stem: path.resolve() for path in more}
        self._read: dict[Path, tuple[tuple[int, int], Spine]] = {}

    def paths(self) -> dict[str, Path]:
        """Every article's file by its name. What is not here can't be asked for."""
        return {path.stem: path for path in sorted((self._root / ARTICLES).glob("*.md"))} | self._more

    def spines(self) -> list[Spine]:
        """Every article, the newest first; what can't be read comes before all others."""
        found = [self._spine(name, path) for name, path in self.paths().items()]
        return sorted(found, key=lambda spine: (bool(spine.faults), spine.date or date.min, spine.name), reverse=True)

    def _spine(self, name: str, path: Path) -> Spine:
        try:
            seen = path.stat()
        except OSError:
            return Spine(name=name, title=name)
        stamp = (seen.st_mtime_ns, seen.st_size)
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            self._read[path] = known = (stamp, _read(name, path))
        return known[1]


def _read(name: str, path: Path) -> Spine:
    try:
        article = Article.load(path, (ARTICLES / path.name).as_posix())
    except Refused as refused:
        return Spine(name=name, title=name, faults=tuple(blocking(refused.findings)))
    meta = article.meta
    return Spine(
        name=name,
        slug=meta.identity,
        title=meta.title,
        date=date(*meta.date.timetuple()[:3]),
        tags=meta.tags,
        draft=meta.draft,
        language=meta.language,
        direction=article.direction,
    )


def choose(spines: list[Spine], past: Past, words: str, state: str) -> list[tuple[Spine, dict[str, Record]]]:
    """The articles that a search and a filter leave, each with its deliveries by channel."""
    found = [(spine, past.of(spine.slug)) for spine in spines if spine.holds(words)]
    return [(spine, records) for spine, records in found if _is(spine, records, state)]


def _is(spine: Spine, records: dict[str, Record], state: str) -> bool:
    states = {standing(record) for record in records.values()}
    match state:
        case "mend":
            return bool(spine.faults)
        case "draft":
            return spine.draft
        case "unsent":
            return "sent" not in states
        case "sent" | "dry":
            return state in states
        case "open":
            return bool(states & OPEN)
    return True
