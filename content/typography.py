"""Quotes, dashes and dots as a printer sets them.

Python-Markdown's own `smarty` does the same with a dozen inline patterns, and takes half of its whole time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

TYPED = re.compile(r"""["']|(?<!-)---?(?!-)|(?<!\.)\.\.\.(?!\.)""")
SET = {"--": "–", "---": "—", "...": "…"}
OPENS_AFTER = frozenset(" \t\n\u00a0([{<“‘«-–—/")
VERBATIM = {"code", "pre", "kbd", "samp", "var"}
INLINE = {
    "a",
    "abbr",
    "b",
    "cite",
    "del",
    "dfn",
    "em",
    "i",
    "ins",
    "mark",
    "q",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
}
ELIDED = re.compile(r"\d0s|tis\b|twas\b|em\b|cause\b", re.IGNORECASE)  # what an apostrophe may begin


def educate(text: str, before: str = "") -> str:
    """Set a text. `before` is the character in front of it, for text that goes on from another element."""

    def place(match: re.Match[str]) -> str:
        mark, start = match[0], match.start()
        if mark in SET:
            return SET[mark]
        previous = text[start - 1] if start else before
        opens = not previous or previous in OPENS_AFTER or (previous in "\"'" and start == 1 and not before)
        if mark == '"':
            return "“" if opens else "”"
        return "‘" if opens and not ELIDED.match(text, match.end()) else "’"

    return TYPED.sub(place, text)


def educate_tree(root: HtmlElement) -> None:
    """Set every text of a tree but code. A quote knows what stands before it, in another element too."""
    before = ""
    for element, attribute in _texts(root):
        text = getattr(element, attribute)
        if attribute == "text" and element.tag not in INLINE:
            before = ""
        if text:
            if not TYPED.search(text):
                before = text[-1]
                continue
            setattr(element, attribute, educate(text, before))
            before = text[-1]


def _texts(element: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    if element.tag not in VERBATIM:
        yield element, "text"
        for child in element:
            yield from _texts(child)
            yield child, "tail"
