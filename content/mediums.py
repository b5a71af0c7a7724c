"""Blocks for one medium alone: `::: web-only` or `::: mail-only` on a line, until a line of `:::`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from content.findings import Finding

Medium = Literal["web", "mail"]
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
BEGIN = re.compile(r"^:{3,}[ \t]*\{?[ \t]*\.?(web|mail)-only[ \t]*\}?[ \t]*:*[ \t]*$", re.IGNORECASE)
END = re.compile(r"^:{3,}[ \t]*$")
MORE = re.compile(r"^[ \t]*<!--[ \t]*more[ \t]*-->[ \t]*$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an article, and who sees it: None is both, "" is nobody (the marks themselves)."""

    text: str
    seen: Medium | Literal[""] | None


def only(markdown: str, medium: Medium) -> str:
    """What one medium carries, line for line: what it does not is left empty."""
    if ":::" not in markdown:
        return markdown
    return "\n".join(line.text if line.seen in {None, medium} else "" for line in _lines(markdown))


def differ(markdown: str) -> bool:
    """Whether the mediums carry different words."""
    return ":::" in markdown and any(line.seen is not None for line in _lines(markdown))


def until_more(markdown: str) -> str | None:
    """What stands above a line of `<!-- more -->`; None where there is no such line."""
    found = MORE.search(markdown)
    return markdown[: found.start()] if found else None


def faults(markdown: str, file: str, first_line: int) -> list[Finding]:
    """Blocks that never end, or that begin inside another."""
    if ":::" not in markdown:
        return []
    found: list[Finding] = []
    begun = 0
    for number, line in enumerate(_lines(markdown), first_line):
        if line.seen == "" and BEGIN.match(line.text):
            if begun:
                found.append(_fault("begins inside the one of line " + str(begun), file, number))
            begun = number
        elif line.seen == "":
            begun = 0
    return [*found, _fault("never ends", file, begun)] if begun else found


def _lines(markdown: str) -> list[Line]:
    lines: list[Line] = []
    seen: Medium | None = None
    code = ""
    for text in markdown.split("\n"):
        fence = FENCE.match(text)
        if code:
            code = "" if fence and text.strip().startswith(code) and not text.strip(" `~") else code
        elif fence:
            code = fence[1]
        elif begin := BEGIN.match(text):
            seen = "web" if begin[1].lower() == "web" else "mail"
            lines.append(Line(text, ""))
            continue
        elif seen and END.match(text):
            seen = None
            lines.append(Line(text, ""))
            continue
        lines.append(Line(text, seen))
    return lines


def _fault(what: str, file: str, line: int) -> Finding:
    mend = "End each with a line of three colons: :::"
    why = f"The block for one medium that begins here {what}."
    return Finding(rule="medium.block", severity="block", why=why, mend=mend, file=file, line=line)
