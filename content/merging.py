"""Merge fields: `{{ subscriber.first_name | default("there") }}`, filled in for each recipient of a mail.

They are no template language: a name and the words for those of whom the name is not known, nothing that runs.
From the reading of the article on, a field is a mark between characters that no file has (Unicode keeps them for a
program's inner use): no text can be taken for one, and none is read as Markdown or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from typing import NamedTuple

OPEN, OTHERWISE, CLOSE = "\ufdd3", "\ufdd4", "\ufdd5"
BLANK = "\ufdd6"  # a blank within a mark, where no line is broken
JOINERS = "\u200c\u200d"  # names in Persian and Hindi hold them, and so do many emoji
UNSUBSCRIBE = "unsubscribe"  # the one field that every mail has: each recipient's own way off the list
SPELLED = re.compile(
    # a name neither begins nor ends with "_", which would be Markdown's emphasis
    r"\{\{-?[ \t]*subscriber\.(?P<name>[A-Za-z](?:[A-Za-z0-9_]*[A-Za-z0-9])?)[ \t]*"
    r"(?:\|[ \t]*default\([ \t]*(?P<quote>[\"'“”‘’])(?P<otherwise>[^{}\n]*?)[\"'“”‘’][ \t]*\)[ \t]*)?-?\}\}"
)
MISSPELT = re.compile(r"\{\{-?[ \t]*subscribers?\b[^{}\n]{0,200}\}\}", re.IGNORECASE)
EXAMPLE = '{{ subscriber.first_name | default("there") }}'
MARK = re.compile(f"{OPEN}([^{OTHERWISE}]*){OTHERWISE}(.*?){CLOSE}", re.DOTALL)
MARKUP = re.compile(r"[<>&*_`\[\]\\|]")

Value = Callable[[str, str], str]  # a field's name and its default; what stands in its place


class Field(NamedTuple):
    """One field of a text: what it is called, and what stands for those who have none."""

    name: str
    otherwise: str


def mark(text: str) -> str:
    """Turn every field as people spell it into a mark."""
    return SPELLED.sub(lambda match: _mark(match["name"], match["otherwise"] or ""), text)


def unsubscribe_mark(address: str) -> str:
    """The mark for a recipient's own way off the list; `address` serves those who have none."""
    return _mark(UNSUBSCRIBE, address)


def plain(text: str) -> str:
    """The text as it reads for somebody of whom nothing is known."""
    return fill(text, lambda _name, otherwise: otherwise) if OPEN in text else text


def fill(text: str, value: Value) -> str:
    """Put something in the place of every mark."""
    return MARK.sub(lambda match: value(match[1], _words(match[2])), text)


def fields(*texts: str) -> tuple[Field, ...]:
    """The fields of some texts, each once, but for the way off the list."""
    found = (Field(match[1], unescape(_words(match[2]))) for text in texts for match in MARK.finditer(text))
    return tuple(dict.fromkeys(field for field in found if field.name != UNSUBSCRIBE))


def pieces(text: str) -> tuple[list[str], list[Field]]:
    """The text between the marks, and the marks: always one piece more than there are marks."""
    cut = MARK.split(text)
    return cut[0::3], [Field(name, _words(words)) for name, words in zip(cut[1::3], cut[2::3], strict=True)]


def in_html(value: str) -> str:
    """A recipient's own words as they may stand in HTML: escaped, on one line."""
    return escape(one_line(value), quote=True)


def one_line(value: str) -> str:
    """A recipient's own words as they may stand in a header: on one line, nothing that controls."""
    if not value.isprintable():
        value = "".join(sign if sign.isprintable() or sign in JOINERS else " " for sign in value)
    return " ".join(value.split())


def trouble(name: str, otherwise: str | None) -> str:
    """What is wrong with a field as it was written; "" where nothing is."""
    if name == UNSUBSCRIBE:
        return "every mail has its own way off the list; it is no field of a subscriber"
    if not otherwise:
        return f'it says nothing for those without one: write {{{{ subscriber.{name} | default("there") }}}}'
    return "its default holds signs of Markdown or HTML: use plain words" if MARKUP.search(otherwise) else ""


def _mark(name: str, otherwise: str) -> str:
    return f"{OPEN}{name}{OTHERWISE}{BLANK.join(otherwise.split())}{CLOSE}"


def _words(otherwise: str) -> str:
    return otherwise.replace(BLANK, " ")
