"""Plain text as it comes out of a mail, a chat or a copied page: what its lines are for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from content.importing import bylines, leftovers, linework, signs
from content.importing.finds import Found, numbers
from content.importing.linework import Line

TAKEAWAYS = re.compile(
    r"^(?:(?:the )?(?:key |main )?takeaways|(?:the )?key (?:points|facts|messages)|at a glance|in brief|highlights"
    r"|tl;?dr)\W*$",
    re.IGNORECASE,
)
NUMBERED = re.compile(
    r"^(?:\d{1,2}(?P<deeper>(?:\.\d{1,2})*)[.)]?|(?:chapter|part|step) \d+\W?)\s+(?=\S)", re.IGNORECASE
)
UNDERLINE = re.compile(r"^(?:={3,}|-{3,}|~{3,})$")
RULE = re.compile(r"^(?:[*_\-–—=~]\s?){3,}$")
LABEL = re.compile(r"^(?P<key>title|author|date|published|tags|keywords)\s*:\s*(?P<value>\S.*)$", re.IGNORECASE)


@dataclass(slots=True)
class _Draft:
    """What was found so far, and the lines that are left."""

    lines: list[Line]
    title: str = ""
    authors: tuple[dict[str, str], ...] = ()
    day: date | None = None
    tags: tuple[str, ...] = ()
    takeaways: tuple[str, ...] = ()
    blocks: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    headings: list[Line] = field(default_factory=list)
    lists: list[int] = field(default_factory=list)
    escaped: list[int] = field(default_factory=list)


def read(text: str) -> Found:
    """Find title, byline, date, takeaways, headings, lists and paragraphs in a plain text."""
    lines, dropped = leftovers.drop(linework.split(text))
    lines, joined, doubts = linework.join(lines)
    draft = _Draft(lines, changes=[*dropped, *joined], guesses=list(doubts))
    _front(draft)
    _takeaways(draft)
    _body(draft)
    _tell(draft)
    return Found(
        body="\n\n".join(draft.blocks) + "\n", title=draft.title, authors=draft.authors, day=draft.day,
        tags=draft.tags, takeaways=draft.takeaways, changes=tuple(draft.changes), guesses=tuple(draft.guesses),
    )  # fmt: skip


def _front(draft: _Draft) -> None:
    """The first lines: labels, a title, then byline and date."""
    if draft.lines and _is_title(draft.lines):
        line = draft.lines.pop(0)
        draft.title = line.text
        draft.changes.append(f"Took the title from line {line.number}.")
        draft.guesses.append(f"The title '{line.text}' is a guess, made from the first line.")
        if draft.lines and UNDERLINE.match(draft.lines[0].text):
            draft.lines.pop(0)
    while draft.lines and (_label(draft, draft.lines[0]) or _byline(draft, draft.lines[0])):
        line = draft.lines.pop(0)
        draft.changes.append(f"Took line {line.number} out of the text, for the front matter: '{line.text}'.")


def _is_title(lines: list[Line]) -> bool:
    first = lines[0].text
    if len(lines) < 2 or not _short(first) or LABEL.match(first) or TAKEAWAYS.match(first) or bylines.read(first):
        return False
    after = lines[1]
    told = bylines.read(after.text) or LABEL.match(after.text) or UNDERLINE.match(after.text)
    return not lines[0].mark and bool(told or after.gap or _is_body(after) or _short(after.text))


def _label(draft: _Draft, line: Line) -> bool:
    label = LABEL.match(line.text)
    key, value = (label["key"].lower(), label["value"]) if label else ("", "")
    match key:
        case "title" if not draft.title:
            draft.title = value
            return True
        case "tags" | "keywords" if not draft.tags:
            draft.tags = tuple(tag.strip() for tag in value.split(",") if tag.strip())
            return True
    return False


def _byline(draft: _Draft, line: Line) -> bool:
    found = bylines.read(line.text)
    if not found or (found[0] and draft.authors) or (found[1] and draft.day):
        return False
    draft.authors, draft.day = found[0] or draft.authors, found[1] or draft.day
    return True


def _takeaways(draft: _Draft) -> None:
    """Move the points below a label such as `Key Takeaways:` to the front matter."""
    for at, line in enumerate(draft.lines):
        points = draft.lines[at + 1 : _list_end(draft.lines, at + 1)] if TAKEAWAYS.match(line.text) else []
        if points:
            draft.takeaways = tuple(point.bare for point in points)
            places = numbers([line.number, *(point.number for point in points)])
            draft.changes.append(f"Moved '{line.text}' and its {len(points)} points ({places}) to the takeaways.")
            del draft.lines[at : at + 1 + len(points)]
            return


def _body(draft: _Draft) -> None:
    at = 0
    while at < len(draft.lines):
        line = draft.lines[at]
        end = _list_end(draft.lines, at)
        below = draft.lines[at + 1].text if at + 1 < len(draft.lines) else ""
        if end:
            _list(draft, draft.lines[at:end])
            at = end
        elif UNDERLINE.match(below) and _short(line.text) and not draft.lines[at + 1].gap:
            _heading(draft, line)
            at += 2
        else:
            _single(draft, at)
            at += 1


def _single(draft: _Draft, at: int) -> None:
    line = draft.lines[at]
    if RULE.match(line.text):
        draft.blocks.append("* * *")
    elif _is_heading(draft.lines, at):
        _heading(draft, line)
    else:
        draft.blocks.append(_escape(draft, line, line.text))


def _heading(draft: _Draft, line: Line) -> None:
    number = NUMBERED.match(line.text)
    deeper = (number["deeper"] or "").count(".") if number else 0
    draft.blocks.append("#" * min(6, 2 + deeper) + " " + signs.heading(line.text.rstrip(":")))
    draft.headings.append(line)


def _list(draft: _Draft, items: list[Line]) -> None:
    """Lists in the form that Python-Markdown nests: four blanks a level."""
    rows: list[str] = []
    levels: list[int] = []
    for item in items:
        while levels and item.indent < levels[-1]:
            levels.pop()
        if not levels or item.indent > levels[-1]:
            levels.append(item.indent)
        mark = "-" if item.mark == "*" else f"{item.mark}."
        rows.append("    " * (len(levels) - 1) + f"{mark} {_escape(draft, item, item.bare)}")
        draft.lists.append(item.number)
    draft.blocks.append("\n".join(rows))


def _list_end(lines: list[Line], at: int) -> int:
    """Where the list that begins here ends; 0 where none begins. One marked line alone is prose."""
    if at >= len(lines) or not lines[at].mark or RULE.match(lines[at].text):
        return 0
    first, expected = lines[at], lines[at].mark
    end = at
    while end < len(lines) and lines[end].mark:
        line = lines[end]
        if line.indent <= first.indent:
            if line.mark != expected:
                break
            expected = "*" if expected == "*" else str(int(expected) + 1)
        end += 1
    led = at > 0 and lines[at - 1].text.endswith(":")
    glyph = first.text[0] in "•●▪■‣◦○⁃"
    return end if end - at > 1 or led or glyph else 0


def _is_heading(lines: list[Line], at: int) -> bool:
    """A short line without a full stop, between paragraphs. The last line of a text is never one."""
    line, after = lines[at], lines[at + 1 : at + 3]
    if not after or not _short(line.text) or line.text.startswith(('"', "“", "'", "‘", "«")):
        return False
    spaced = any(other.gap for other in lines)
    if spaced and at and not line.gap:
        return False
    leads = len(after) > 1 and _short(after[0].text) and _is_body(after[1])
    return _is_body(after[0]) or leads


def _is_body(line: Line) -> bool:
    return bool(line.mark and not _short(line.text)) or (line.ends and not _short(line.text)) or len(line.text) > 90


def _short(text: str) -> bool:
    words = NUMBERED.sub("", text)
    if not words or len(text) > 90 or len(text.split()) > 14 or not re.search(r"[^\W\d_]", words):
        return False
    starts = (
        words[0].isupper()
        or words[0].isdigit()
        or words[0] in "“\"'‘¿¡"
        or (words[0].isalpha() and not words[0].islower())
    )
    return starts and not words.endswith((".", ",", ";", ":", "…", "-"))


def _escape(draft: _Draft, line: Line, text: str) -> str:
    escaped = signs.line(text)
    if escaped != text:
        draft.escaped.append(line.number)
    return escaped


def _tell(draft: _Draft) -> None:
    if draft.headings:
        draft.changes.append(f"Made headings of {numbers([line.number for line in draft.headings])}.")
        names = "; ".join(f"'{line.text}'" for line in draft.headings)
        draft.guesses.append(f"These short lines were taken for headings: {names}.")
    if any(line.text.isupper() for line in draft.headings):
        draft.guesses.append("Headings in capitals were left so; small letters read better.")
    if draft.lists:
        draft.changes.append(f"Made lists of {numbers(draft.lists)}.")
    if draft.escaped:
        draft.changes.append(f"Marked signs that Markdown would take for its own on {numbers(draft.escaped)}.")
