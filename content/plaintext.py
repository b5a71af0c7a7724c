"""HTML blocks as plain text that a person would type: wrapped, links as numbered notes."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING
from urllib.parse import urljoin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

WIDTH = 72
BLOCKS = {
    "blockquote", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "li", "ol", "p", "pre", "section", "summary", "table", "ul", "aside", "article", "footer", "header", "main", "nav",
}  # fmt: skip


def of(root: HtmlElement, base: str) -> str:
    """The plain text of a tree's blocks, and below them the addresses of its links."""
    links: list[str] = []
    blocks = [text for text in _blocks(root, _Place(links, base)) if text.strip()]
    notes = [f"[{number}] {address}" for number, address in enumerate(links, 1)]
    return "\n\n".join([*blocks, *(["\n".join(notes)] if notes else [])])


def wrap(text: str, first: str = "", rest: str | None = None) -> str:
    """Wrap at 72 columns; addresses are never broken."""
    rest = " " * len(first) if rest is None else rest
    lines = (_wrap_line(line, first if n == 0 else rest, rest) for n, line in enumerate(text.split("\n")))
    return "\n".join(lines)


def tidy(text: str) -> str:
    """No blank at a line's end, no more than one empty line together."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)).strip() + "\n"


def _wrap_line(line: str, first: str, rest: str) -> str:
    """Greedy, a word at a time: textwrap also breaks words, which mail has no use for, and takes five times as long."""
    lines, current, empty = [], first, True
    for word in line.split():
        if not empty and len(current) + 1 + len(word) > WIDTH:
            lines.append(current)
            current, empty = rest, True
        current += word if empty else f" {word}"
        empty = False
    return "\n".join([*lines, current])


class _Place:
    """Where the links of one text are collected."""

    def __init__(self, links: list[str], base: str) -> None:
        self.links = links
        self.base = base

    def note(self, address: str) -> str:
        address = urljoin(self.base, address)
        if address not in self.links:
            self.links.append(address)
        return f" [{self.links.index(address) + 1}]"


def _blocks(element: HtmlElement, place: _Place) -> Iterator[str]:
    """Text in blocks, in order; loose text between them is a block of its own."""
    loose = element.text or ""
    for child in element:
        if child.tag in BLOCKS:
            yield from _paragraph(loose)
            yield from _block(child, place)
            loose = child.tail or ""
        else:
            loose += _inline(child, place) + (child.tail or "")
    yield from _paragraph(loose)


def _paragraph(text: str) -> Iterator[str]:
    words = _squeeze(text)
    if words.strip():
        yield wrap(words)


def _block(element: HtmlElement, place: _Place) -> Iterator[str]:
    match element.tag:
        case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
            yield _heading(wrap(_squeeze(_inside(element, place))), element.tag)
        case "ul" | "ol":
            yield _list(element, place)
        case "dl":
            yield _definitions(element, place)
        case "blockquote":
            yield textwrap.indent("\n\n".join(_blocks(element, place)), "> ", lambda _: True)
        case "pre":
            yield textwrap.indent(element.text_content().rstrip("\n"), "    ")
        case "table":
            yield _table(element, place)
        case "hr":
            yield "* * *"
        case _:
            yield from _blocks(element, place)


def _heading(text: str, tag: str) -> str:
    line = "-" * max(len(line) for line in text.splitlines() or [""])
    return f"{text}\n{line}" if tag in {"h1", "h2"} else text


def _list(element: HtmlElement, place: _Place) -> str:
    number = int(element.get("start", "1") or "1") if element.get("start", "1").lstrip("-").isdigit() else 1
    items: list[str] = []
    for item in element.iterchildren("li"):
        mark = f"{number + len(items)}. " if element.tag == "ol" else "- "
        inside = "\n".join(_blocks(item, place))
        items.append(textwrap.indent(inside, " " * len(mark))[len(mark) :].join((mark, "")))
    return "\n".join(items)


def _definitions(element: HtmlElement, place: _Place) -> str:
    lines: list[str] = []
    for child in element:
        inside = "\n".join(_blocks(child, place))
        lines.append(textwrap.indent(inside, "    ") if child.tag == "dd" else inside)
    return "\n".join(lines)


def _table(element: HtmlElement, place: _Place) -> str:
    """A row a paragraph: `Heading: cell`, for columns do not survive a proportional font."""
    rows = [[_squeeze(_inside(cell, place)) for cell in row.iter("th", "td")] for row in element.iter("tr")]
    heads = rows[0] if rows and element.find(".//th") is not None else []
    if not heads:
        return "\n".join(wrap(" | ".join(row)) for row in rows)
    return "\n\n".join("\n".join(_cells(heads, row)) for row in rows[1:])


def _cells(heads: list[str], row: list[str]) -> Iterator[str]:
    for head, cell in zip(heads, row, strict=False):
        if cell:
            yield wrap(f"{head}: {cell}" if head else cell, "", "    ")


def _inside(element: HtmlElement, place: _Place) -> str:
    parts = [element.text or ""]
    for child in element:
        parts += [_inline(child, place), child.tail or ""]
    return "".join(parts)


def _inline(element: HtmlElement, place: _Place) -> str:
    inside = _inside(element, place)
    match element.tag:
        case "a":
            return _link(element, inside, place)
        case "br":
            return "\v"
        case "img":
            alt = element.get("alt", "").strip()
            return f"[{alt}]" if alt else ""
        case "sup" if element.find("a") is None:
            return f"^{inside}"
    return inside


def _link(element: HtmlElement, inside: str, place: _Place) -> str:
    address = element.get("href", "")
    if "footnote-backref" in (element.get("class") or ""):
        return ""
    if "footnote-ref" in (element.get("class") or ""):
        return f" (note {inside})"
    if not address or address.startswith("#") or address in (inside, f"mailto:{inside}"):
        return inside
    return inside + place.note(address)


def _squeeze(text: str) -> str:
    """Runs of white space become one; `\\v` stands for a line break that was meant."""
    return "\n".join(" ".join(line.split()) for line in text.split("\v"))
