"""Blocks for one medium alone: `::: web-only` or `::: mail-only` on a line, until a line of `:::`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from content.findings import Finding

Medium = Literal["web", "mail"]
FENCE = re.compile(r"^ {0,3}(`{3,}(?=[^`]*$)|~{3,})")
BEGIN = re.compile(r"^[ \t]*:{3,}[ \t]*\{?[ \t]*\.?(web|mail)-only[ \t]*\}?[ \t]*:*[ \t]*$", re.IGNORECASE)
# what somebody may have meant as the beginning of one
MISSPELT = re.compile(
    r"^[ \t]*:{3,}[ \t]*\{?[ \t]*\.?(?:(?:web|page|site|e?-?mail|newsletter)[ _-]?only|only[ _-]\w+)\b", re.IGNORECASE
)
OTHER = re.compile(r"^[ \t]*:{3,}[ \t]*[^\s:].*$")  # the beginning of another program's block, which has an end as well
END = re.compile(r"^[ \t]*:{3,}[ \t]*$")
MORE = re.compile(r"^([ \t]*)<!--[ \t]*more[ \t]*-->[ \t]*$", re.IGNORECASE)
CUT = "\ufdd7"  # stands for `<!-- more -->` until the text is in blocks; no file has it


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an article, and who sees it: None is both, "" is nobody (the marks themselves)."""

    text: str
    seen: Medium | Literal[""] | None
    code: bool = False


def only(markdown: str, medium: Medium) -> str:
    """What one medium carries, line for line: what it does not is left empty."""
    if ":::" not in markdown:
        return markdown
    return "\n".join(line.text if line.seen in {None, medium} else "" for line in _lines(markdown))


def differ(markdown: str) -> bool:
    """Whether the mediums carry different words."""
    return ":::" in markdown and any(line.seen is not None for line in _lines(markdown))


def with_cut(markdown: str) -> str | None:
    """The text with a paragraph of `CUT` for the first line of `<!-- more -->`; None where there is no such line."""
    if "<!--" not in markdown:
        return None
    lines = _lines(markdown)
    for number, line in enumerate(lines):
        if not line.code and (found := MORE.match(line.text)):
            texts = [line.text for line in lines]
            return "\n".join([*texts[:number], "", found[1] + CUT, "", *texts[number + 1 :]])
    return None


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
        elif not line.code and MISSPELT.match(line.text):
            found.append(_fault("is spelt in another way than ::: web-only and ::: mail-only", file, number))
    return [*found, _fault("never ends", file, begun)] if begun else found


def _lines(markdown: str) -> list[Line]:
    lines: list[Line] = []
    seen: Medium | None = None
    code, within = "", 0  # the fence that code stands in; how many blocks of other programs are open in ours
    for text in markdown.split("\n"):
        fence = FENCE.match(text)
        if code or fence:
            lines.append(Line(text, seen, code=True))
            code = _fence_after(code, fence, text)
        elif begin := BEGIN.match(text):
            seen, within = ("web" if begin[1].lower() == "web" else "mail"), 0
            lines.append(Line(text, ""))
        elif seen and not within and END.match(text):
            seen = None
            lines.append(Line(text, ""))
        else:
            lines.append(Line(text, seen))
            within = max(0, within + bool(OTHER.match(text)) - bool(END.match(text)))
    return lines


def _fence_after(code: str, fence: re.Match[str] | None, text: str) -> str:
    """The fence that is open behind a line; "" where none is."""
    if not code:
        return fence[1] if fence else ""
    return "" if fence and text.strip().startswith(code) and not text.strip(" `~") else code


def _fault(what: str, file: str, line: int) -> Finding:
    mend = "End each with a line of three colons: :::"
    why = f"The block for one medium that begins here {what}."
    return Finding(rule="medium.block", severity="block", why=why, mend=mend, file=file, line=line)
