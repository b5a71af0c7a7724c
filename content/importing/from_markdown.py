"""Markdown without front matter: its first `# ` is the title, its key takeaways are front matter."""

from __future__ import annotations

import re

from content import markdown
from content.importing import bylines
from content.importing.finds import Found
from content.importing.from_text import TAKEAWAYS

TITLE = re.compile(r"^#\s+(?P<atx>.+?)\s*#*$|^(?P<set>\S.*)\n=+[ \t]*$", re.MULTILINE)
FENCED = re.compile(r"^(?P<mark>```|~~~).*?^(?P=mark)[ \t]*$", re.MULTILINE | re.DOTALL)
LABEL = re.compile(r"^(?:#{1,6}\s+)?[*_]{0,2}(?P<label>[^\n#*_]+?)[*_]{0,2}:?[*_]{0,2}\s*#*$", re.MULTILINE)
POINT = re.compile(r"^(?:[-*+]|\d+[.)])\s+(?P<text>.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
POINTS = re.compile(r"\n*(?:(?:[-*+]|\d+[.)])\s+.*(?:\n[ \t]+\S.*)*(?:\n+|$))+")
SIGNS = (
    re.compile(r"^#{1,6} \S", re.MULTILINE),
    re.compile(r"\]\(\S+\)"),
    re.compile(r"^(?:```|~~~)", re.MULTILINE),
    re.compile(r"\*\*\S[^*\n]*\*\*"),
)


def looks_so(text: str) -> bool:
    """Whether a text of unknown kind uses at least two of Markdown's signs."""
    return sum(1 for sign in SIGNS if sign.search(text)) > 1


def read(text: str) -> Found:
    """Take title and takeaways out of Markdown; the rest stays as it is."""
    text, title, changes = _title(text)
    text, takeaways, moved = take_points(text)
    first, _, rest = text.lstrip().partition("\n")
    told = bylines.read(first.strip("*_ ")) if title else None
    if not told:
        return Found(body=text, title=title, takeaways=takeaways, changes=(*changes, *moved))
    changes = (*changes, f"Moved '{first}' to the front matter.", *moved)
    authors, day = told
    return Found(body=rest.lstrip("\n"), title=title, authors=authors, day=day, takeaways=takeaways, changes=changes)


def _title(text: str) -> tuple[str, str, tuple[str, ...]]:
    code = [match.span() for match in FENCED.finditer(text)]
    tops = list(TITLE.finditer(text))
    if len(tops) > 1 and text[: tops[0].start()].strip():
        return text, "", ()  # sections, all of the highest level, below an introduction
    for found in tops:
        if any(begin <= found.start() < end for begin, end in code):
            continue
        line = text.count("\n", 0, found.start()) + 1
        rest = text[: found.start()] + text[found.end() :].lstrip("\n")
        return rest, plain(found["atx"] or found["set"]), (f"Took the title from line {line}.",)
    return text, "", ()


def take_points(text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The text without its list of key takeaways, the takeaways, and what was done."""
    for label in LABEL.finditer(text):
        points = POINTS.match(text, label.end()) if TAKEAWAYS.match(label["label"]) else None
        if points:
            found = tuple(plain(point["text"]) for point in POINT.finditer(points[0]))
            rest = text[: label.start()] + text[points.end() :].lstrip("\n")
            return rest, found, (f"Moved '{label['label']}' and its {len(found)} points to the takeaways.",)
    return text, (), ()


def plain(text: str) -> str:
    """The words of a line of Markdown."""
    return markdown.text_of(markdown.render(text).root)
