"""Discord's Markdown: what is to be seen as it stands is escaped, and nothing but marks becomes markup.

https://support.discord.com/hc/en-us/articles/210298617
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from content.measures import link_spans, utf16_units

if TYPE_CHECKING:
    from content.styled import Mark

EMPHASIS = {"bold": "**", "italic": "*", "strike": "~~"}
# what Discord reads as markup: wherever it stands, and where a line begins
MARKUP = re.compile(r"[\\*_~`|\[\]<]|@(?=everyone|here)|:(?=[\w+-]+:)")
OPENING = re.compile(r"^[ \t]*(?:\d+(?=\.\s)|(?=[->]|#{1,3}\s))", re.MULTILINE)
SHUT_OUT = re.compile(r"[\s()<>*\\]")  # of the address of a link behind words
ESCAPED = re.compile(r"\\.", re.DOTALL)


def size(text: str, marks: tuple[Mark, ...] = ()) -> int:
    """How long a text is as it is sent, in UTF-16 units: no other count of it is longer."""
    return utf16_units(markdown(text, marks))


def markdown(text: str, marks: tuple[Mark, ...] = ()) -> str:
    """A text and its marks in Discord's Markdown, where nothing else is markup.

    Bare links stand in angle brackets, which keep Discord from making a card of its own for each.
    """
    spelled, marks = _literal(text), _tight(text, marks)
    for mark in marks:
        if mark.kind == "code":
            spelled[mark.start : mark.end] = text[mark.start : mark.end]
    before, after = [""] * len(text), [""] * len(text)
    for mark in marks:
        opening, closing = _signs(mark, text[mark.start : mark.end], "".join(spelled[mark.start : mark.end]))
        before[mark.start] += opening
        after[mark.end - 1] = closing + after[mark.end - 1]
    return "".join(map("".join, zip(before, spelled, after, strict=True)))


def _literal(text: str) -> list[str]:
    """Each character as it must be written to be seen."""
    spelled = list(text)
    for at in {match.start() for match in MARKUP.finditer(text)} | {match.end() for match in OPENING.finditer(text)}:
        spelled[at] = f"\\{text[at]}"
    for start, end in link_spans(text):
        spelled[start:end] = text[start:end]
        spelled[start] = f"<{text[start]}"
        spelled[end - 1] += ">"
    return spelled


def _tight(text: str, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """The marks that Discord can tell apart, without the white space at their ends that would undo them."""
    kept: list[Mark] = []
    for mark in marks:
        words = text[mark.start : mark.end]
        start = mark.start + len(words) - len(words.lstrip())
        tight = replace(mark, start=start, end=mark.start + len(words.rstrip()))
        if words.strip() and not any(_clash(other, tight) for other in kept):
            kept.append(tight)
    return tuple(kept)


def _clash(earlier: Mark, mark: Mark) -> bool:
    """One within another of its kind, or signs that close and open in one row."""
    if earlier.end == mark.start:
        return {earlier.kind, mark.kind} <= set(EMPHASIS) or earlier.kind == mark.kind == "code"
    return earlier.kind == mark.kind and earlier.end > mark.start


def _signs(mark: Mark, words: str, spelled: str) -> tuple[str, str]:
    """What stands before the words of a mark, and behind them."""
    if mark.kind == "code":
        ticks = "`" * (1 + max(map(len, re.findall("`+", words)), default=0))
        # a space beside a backtick is taken away again
        before, after = (" " if words.strip(" ")[end] == "`" else "" for end in (0, -1))
        return ticks + before, after + ticks
    if mark.kind == "link":
        url = SHUT_OUT.sub(lambda match: quote(match[0]), mark.url)
        # between its brackets Discord shows the backslashes of escapes: such a link stands behind its words
        masked = words == spelled and not set(words) & set("[]")
        return ("[", f"](<{url}>)") if masked else ("", f" (<{url}>)")
    sign = EMPHASIS[mark.kind]
    # code and addresses can't be escaped: a sign in them would end the mark
    return ("", "") if sign[0] in ESCAPED.sub("", spelled) else (sign, sign)
