"""How the command line speaks: tables and colour for people, JSON for scripts."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from content.findings import SEVERITIES, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

COLOURS = {
    "block": "31;1",
    "review": "35",
    "warn": "33",
    "info": "36",
    "good": "32",
    "dim": "2",
    "bold": "1",
}


class Voice:
    """Writes to the terminal. With `json`, people get nothing on standard output and scripts one document."""

    def __init__(self, *, as_json: bool = False, colour: bool = False) -> None:
        self.as_json = as_json
        self.colour = colour

    def say(self, text: str = "", style: str = "") -> None:
        """A line for people."""
        if not self.as_json:
            print(self.paint(text, style), flush=True)  # noqa: T201 - the command line's own voice

    def warn(self, text: str, style: str = "") -> None:
        """A line on standard error, for people, in either mode."""
        print(self.paint(text, style), file=sys.stderr, flush=True)  # noqa: T201

    def agrees(self, question: str) -> bool:
        """Ask a person; scripts must say it with the command (`--yes`)."""
        if self.as_json or not sys.stdin.isatty():
            self.warn(f"{question} Say so with --yes.")
            return False
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}

    def progress(self, words: str) -> Callable[[int, int], None]:
        """What tells how far a long work is, once a second."""
        told = time.monotonic()

        def tell(done: int, of_all: int) -> None:
            nonlocal told
            if time.monotonic() - told > 1:
                told = time.monotonic()
                self.say(f"  {done:,} of {of_all:,} {words}", "dim")

        return tell

    def data(self, value: Any) -> None:
        """The document for scripts."""
        if self.as_json:
            print(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))  # noqa: T201

    def paint(self, text: str, style: str) -> str:
        """Colour, on a terminal only."""
        return f"\x1b[{COLOURS[style]}m{text}\x1b[0m" if self.colour and style else text

    def findings(self, findings: Iterable[Finding]) -> None:
        """Each finding: where, how grave, why, and the mend below it."""
        for finding in sorted(findings, key=lambda found: SEVERITIES.index(found.severity)):
            where = f"{finding.where}: " if finding.where else ""
            self.say(f"{where}{self.paint(finding.severity, finding.severity)}: {finding.why}")
            if finding.mend:
                self.say(f"    {finding.mend}", "dim")

    def table(self, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """Columns as wide as their widest cell."""
        widths = [max(len(row[n]) for row in [heads, *rows]) for n in range(len(heads))]
        for row in [heads, *rows]:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            self.say(line, "bold" if row is heads else "")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
