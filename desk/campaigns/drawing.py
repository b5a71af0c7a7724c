"""How campaigns are told: times by their own clocks, rows with lines below them, sums of money."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from content.findings import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, tzinfo
    from pathlib import Path

    from desk.console import Voice

WIDTH = 100  # columns of a terminal
INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a table, and what stands below it."""

    cells: tuple[str, ...]
    below: tuple[tuple[str, str], ...] = ()  # lines, each with its style


def table(voice: Voice, heads: tuple[str, ...], rows: Iterable[Row], most: Mapping[int, int]) -> None:
    """Columns as wide as their widest cell, or wrapped where `most` sets a limit; below each row its own lines."""
    known = [Row(cells=heads), *rows]
    widths = [min(max(len(row.cells[n]) for row in known), most.get(n, WIDTH)) for n in range(len(heads))]
    for number, row in enumerate(known):
        cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row.cells, widths, strict=True)]
        for at in range(max(map(len, cells))):
            pieces = [lines[at] if at < len(lines) else "" for lines in cells]
            line = "  ".join(piece.ljust(width) for piece, width in zip(pieces, widths, strict=True)).rstrip()
            voice.say(line, "" if number else "bold")
        for text, style in row.below:
            indented(voice, text, style)


def indented(voice: Voice, text: str, style: str = "") -> None:
    """A line below another, wrapped where it is too long; an address is never broken."""
    for line in textwrap.wrap(text, WIDTH - len(INDENT), break_long_words=False, break_on_hyphens=False):
        voice.say(INDENT + line, style)


def local(moment: datetime, zone: tzinfo) -> str:
    """`Tue 2026-12-01 08:30 EST`."""
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"


def utc(moment: datetime) -> str:
    """`2026-12-01 13:30`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def about(moment: datetime, zone: tzinfo, *, firm: bool) -> str:
    """The same as `local`, with a mark where it is an estimate."""
    return f"{' ' if firm else '~'} {local(moment, zone)}"


def many(number: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def dollars(sum_: float) -> str:
    """`$0.20`; `$0.015` where cents are too coarse."""
    return f"${sum_:,.2f}" if abs(sum_ - round(sum_, 2)) < 1e-9 else f"${sum_:,.3f}"


def titled(article: str, root: Path) -> str:
    """An article's title, in quotes; where it can't be read, what it is called."""
    title = headline(article, root)
    return title if title == article else f"“{title}”"


def headline(article: str, root: Path) -> str:
    """An article's title; where it can't be read, what it is called."""
    from flows.plan import find_article  # noqa: PLC0415 - a list tells no titles, and need not load the adapters

    try:
        return find_article(article, root).meta.title if article else ""
    except Refused:
        return article


def aim(destination: str) -> str:
    """Where a campaign sends."""
    return "for real" if destination == "accounts" else "to the outbox"
