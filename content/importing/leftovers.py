"""What a copied page leaves of its table of contents."""

from __future__ import annotations

import re

from content.importing.finds import numbers
from content.importing.linework import Line, reread

SURE = re.compile(r"^table of contents\W*(?P<toggle>toggle\W*)?$", re.IGNORECASE)
LIKELY = re.compile(r"^(?:contents|in this article|on this page|jump to)\W*$", re.IGNORECASE)
TOGGLE = re.compile(r"^(?:toggle|hide|show)\W*$", re.IGNORECASE)
GLUED = re.compile(r"^Toggle(?=[A-Z0-9“\"'])")
LEADERS = re.compile(r"[\s.…·]*\b\d{1,3}$")


def drop(lines: list[Line]) -> tuple[list[Line], tuple[str, ...]]:
    """The lines without the remains of a table of contents, and what was dropped."""
    at = next((n for n, line in enumerate(lines) if SURE.match(line.text) or LIKELY.match(line.text)), -1)
    if at < 0:
        return lines, ()
    rest = lines[at + 1 :]
    gone = [lines[at].number]
    if rest and TOGGLE.match(rest[0].text):
        gone.append(rest.pop(0).number)
    elif rest and GLUED.match(rest[0].text):
        gone.append(rest[0].number)
        rest[0] = reread(rest[0], GLUED.sub("", rest[0].text))
    while rest and _entry(rest[0], rest[1:]):
        gone.append(rest.pop(0).number)
    if len(gone) == 1 and not SURE.match(lines[at].text):
        return lines, ()
    return [*lines[:at], *rest], (f"Dropped the table-of-contents remains on {numbers(gone)}.",)


def _entry(line: Line, later: list[Line]) -> bool:
    """An entry stands again further down, as the heading that it points to."""
    wanted = {_key(line.text), _key(LEADERS.sub("", line.text)), _key(LEADERS.sub("", line.bare))}
    return any(_key(other.text) in wanted or _key(other.bare) in wanted for other in later)


def _key(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(":.")
