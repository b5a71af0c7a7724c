"""The lines of a plain text: list marks, gaps between paragraphs, and wrapped lines put together again."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

MARK = re.compile(r"^(?:(?P<bullet>[•●▪■‣◦○⁃·])\s*|(?P<dash>[-*+–—])\s+|(?P<number>\d{1,3})[.)]\s+)(?=\S)")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufeff\u200b]")
WIDEST = 110  # nobody wraps wider by hand or in a mail
SLACK = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line with words in it; after `join`, one paragraph."""

    text: str
    number: int  # in the file, from 1
    indent: int = 0
    gap: bool = False  # an empty line stands above
    mark: str = ""  # "*" for a bullet, "3" for the third of a list

    @property
    def bare(self) -> str:
        """The words behind the list mark."""
        return MARK.sub("", self.text, count=1)

    @property
    def ends(self) -> bool:
        """Whether a sentence ends with this line."""
        return self.text.rstrip("\"'”’)]*_").endswith((".", "!", "?", "…", ":", ";"))


def split(text: str) -> list[Line]:
    """The lines that have words, with what surrounds them."""
    found: list[Line] = []
    gap = False
    for number, raw in enumerate(text.replace("\f", "\n").split("\n"), 1):
        shown = CONTROL.sub("", raw).expandtabs(4).rstrip()
        words = shown.lstrip()
        if words:
            found.append(_line(words, number, len(shown) - len(words), gap=gap))
        gap = not words
    return found


def reread(line: Line, text: str) -> Line:
    """The same line with other words."""
    return _line(text, line.number, line.indent, gap=line.gap)


def _line(text: str, number: int, indent: int, *, gap: bool) -> Line:
    match = MARK.match(text)
    mark = "" if not match else str(int(match["number"])) if match["number"] else "*"
    return Line(text=text, number=number, indent=indent, gap=gap, mark=mark)


def join(lines: list[Line]) -> tuple[list[Line], tuple[str, ...], tuple[str, ...]]:
    """Put paragraphs together that were wrapped at a width: the paragraphs, what was done, what to look at."""
    width = _width(lines)
    joined: list[Line] = []
    doubts: list[str] = []
    last = lines[0] if lines else None
    for line in lines:
        if joined and last and _continues(last, line, joined[-1], width):
            glue, doubt = _glue(joined[-1].text, line)
            doubts += doubt
            joined[-1] = replace(joined[-1], text=joined[-1].text + glue + line.text)
        else:
            joined.append(line)
        last = line
    if len(joined) == len(lines):
        return joined, (), ()
    return joined, (f"Joined wrapped lines: {len(lines)} lines became {len(joined)}.",), tuple(doubts)


def _width(lines: list[Line]) -> int:
    """Where the text was wrapped, or 0: wrapped lines are full, so the next word would not have fitted."""
    lengths = [len(line.text) + line.indent for line in lines]
    narrow = [length for length in lengths if length <= WIDEST]
    if not narrow or len(narrow) < 0.9 * len(lengths) or max(narrow) < 40:
        return 0
    width = max(narrow)
    pairs = [(a, b) for a, b in pairwise(lines) if not b.gap and not b.mark]
    full = [1 for a, b in pairs if _full(a, b, width)]
    return width if pairs and len(full) >= 0.6 * len(pairs) else 0


def _full(line: Line, after: Line, width: int) -> bool:
    return line.indent + len(line.text) + 1 + len(after.text.split(" ")[0]) > width - SLACK


def _continues(last: Line, line: Line, whole: Line, width: int) -> bool:
    if line.gap or set(line.text) <= set("-=_* "):
        return False
    if line.mark:
        return bool(width) and not last.ends and not whole.mark and _full(last, line, width)
    if whole.mark and line.indent > whole.indent:
        return True
    if not width or line.indent > last.indent:
        return False
    return _full(last, line, width) or (line.text[0].islower() and not last.ends)


def _glue(before: str, line: Line) -> tuple[str, list[str]]:
    if not re.search(r"\w-$", before) or not line.text[0].islower():
        return " ", []
    word = before.rsplit(maxsplit=1)[-1] + line.text.split()[0]
    return "", [f"'{word}' was divided at the end of a line (before line {line.number}): is its hyphen right?"]
