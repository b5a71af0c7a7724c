"""What an import finds in a draft, before it becomes a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from content.findings import Finding, Refused

Asset = tuple[str, bytes]  # a path below the articles' folder, and what is in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything that a draft told about its article; what it did not tell is empty."""

    body: str  # Markdown
    title: str = ""
    description: str = ""
    authors: tuple[dict[str, str], ...] = ()
    day: date | None = None
    language: str = ""
    tags: tuple[str, ...] = ()
    canonical: str = ""
    takeaways: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    assets: tuple[Asset, ...] = ()


def refused(rule: str, name: str, why: str, mend: str = "") -> Refused:
    """The refusal of a whole file."""
    return Refused([Finding(rule=f"import.{rule}", severity="block", why=why, mend=mend, file=name)])


def numbers(lines: list[int]) -> str:
    """`line 4`, `lines 4 to 6`, `lines 2, 4 and 9`."""
    known = sorted(set(lines))
    if len(known) == 1:
        return f"line {known[0]}"
    if known[-1] - known[0] == len(known) - 1:
        return f"lines {known[0]} to {known[-1]}"
    return f"lines {', '.join(map(str, known[:-1]))} and {known[-1]}"


def one_line(text: str) -> str:
    """The words of a text with single blanks between them."""
    return re.sub(r"\s+", " ", text).strip()
