"""Which articles are new to a campaign of each new article, and the beginning of one for each of them, once."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from channels.disk import place_file
from content.article import Article
from content.catalogue import moment
from content.findings import Finding, Refused
from content.words import slug
from flows.directing import directing
from flows.plan import ARTICLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from flows.courses import Course
    from flows.directing import Director

BEFORE = "articles-before.json"  # in .pressroom: by campaign, the articles that were there when it was started
log = logging.getLogger("pressroom.watch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What has to be known of an article."""

    stem: str  # of its file: what it is called here
    names: frozenset[str]  # all that it is called, or was
    topics: frozenset[str]
    day: date
    title: str
    draft: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look has brought: the courses that it began, each with a title, and why others can't begin."""

    begun: tuple[tuple[str, str], ...] = ()
    refused: tuple[Finding, ...] = ()


class Newcomers:
    """Looks for new articles. What it has read once is read again when it has changed."""

    def __init__(self, root: Path, since: date | None = None) -> None:
        self._root, self._since = root, since
        self._read: dict[Path, tuple[tuple[float, int], Glance | None]] = {}
        self._told: dict[str, tuple[Finding, ...]] = {}

    def look(self) -> Seen:
        """Begin what is to begin. What can't is told once, and tried with each look. Raises `Unusable`."""
        begun: list[tuple[str, str]] = []
        refused: list[Finding] = []
        with directing(self._root) as director:
            for master in masters(director):
                for glance in self._new(master, director):
                    try:
                        started = director.start(master.plan, glance.stem)
                    except Refused as error:
                        refused += self._news(f"{master.id}/{glance.stem}", error.findings)
                        continue
                    begun += [(id_, glance.title) for id_ in started.ids if started.said == "new"]
        return Seen(begun=tuple(begun), refused=tuple(refused))

    def note(self, master: Course) -> frozenset[str]:
        """The articles that were there when a campaign was started: none of them is new. Noted at the first look."""
        known = _noted(self._root)
        if master.key not in known:
            # one that can't be read was perhaps published long ago: nothing is sent on a guess
            there = [path.stem for path, glance in self._glances() if glance is None or not glance.draft]
            known[master.key] = sorted(there)
            place_file(self._root / ".pressroom" / BEFORE, json.dumps(known, indent=1).encode())
        return frozenset(known[master.key])

    def _new(self, master: Course, director: Director) -> list[Glance]:
        """The articles that a campaign is to begin with, the oldest first."""
        each = master.plan.terms.each
        topics = {slug(topic) for topic in each.tags} if each else set()
        known = {course.article for course in director.agenda.of_campaign(master.campaign)}
        before = self.note(master)
        found = [
            glance
            for _, glance in self._glances()
            if glance
            and not glance.draft
            and not known & glance.names
            and (not topics or topics & glance.topics)
            and (glance.stem not in before or (self._since and glance.day >= self._since))
        ]
        return sorted(found, key=lambda glance: (glance.day, glance.stem))

    def _glances(self) -> Iterator[tuple[Path, Glance | None]]:
        for path in sorted((self._root / ARTICLES).glob("*.md")):
            with suppress(FileNotFoundError):
                told = path.stat()
                mark = (told.st_mtime, told.st_size)
                if path not in self._read or self._read[path][0] != mark:
                    self._read[path] = (mark, glanced(path))
                yield path, self._read[path][1]

    def _news(self, id_: str, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        told, self._told[id_] = self._told.get(id_), findings
        return findings if told != findings else ()


def masters(director: Director) -> Iterator[Course]:
    """The campaigns of each new article that were started, and run."""
    for course in director.agenda.open_courses():
        try:
            if course.state == "running" and not course.article and course.plan.terms.each:
                yield course
        except Refused as refused:
            log.warning("%s can't be read any more: %s", course.id, refused)


def glanced(path: Path) -> Glance | None:
    """An article's front matter; None where it can't be read."""
    try:
        meta = Article.load(path, path.name).meta
    except Refused:
        return None
    return Glance(
        stem=path.stem,
        names=frozenset((path.stem, meta.slug, *meta.formerly)),
        topics=frozenset(map(slug, meta.tags)),
        day=moment(meta.date).date(),
        title=meta.title,
        draft=meta.draft,
    )


def _noted(root: Path) -> dict[str, list[str]]:
    try:
        found = json.loads((root / ".pressroom" / BEFORE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
