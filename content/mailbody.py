"""The body's tree as mail programs draw it: Word knows padding in table cells alone, and no width but an attribute."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml.html import Element

from content.markdown import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lxml.html import HtmlElement

ROOM = 536  # pixels of text and pictures: a 600 px mail less its margins
LAYOUT = {"role": "presentation", "border": "0", "cellpadding": "0", "cellspacing": "0", "width": "100%"}
# Word leaves such tags out, and with them the line breaks around their words
PLAIN_BLOCKS = {
    "section": "div", "aside": "div", "details": "div", "figure": "div figure", "figcaption": "p caption",
    "summary": "p summary",
}  # fmt: skip
OF_WINDOWS = (
    "Segoe UI", "Georgia", "Arial", "Verdana", "Tahoma", "Trebuchet MS", "Calibri", "Cambria", "Constantia",
    "Times New Roman", "Palatino Linotype", "Book Antiqua", "Franklin Gothic Medium", "Century Gothic", "Garamond",
)  # fmt: skip


def suit(root: HtmlElement, page: str, absolute: Callable[[str], str], direction: str) -> None:
    """Change a body's tree in place to what mail programs can draw."""
    for element in list(root.iter(*PLAIN_BLOCKS)):
        _plain(element)
    for link in list(root.iter("a")):
        _lead_out(link, page)
    for table in root.iter("table"):
        _steady(table)
    for image in root.iter("img"):
        _fit(image, absolute)
    for code in root.iter("pre", "code") if direction == "rtl" else ():
        code.set("dir", "ltr")
    for quote in list(root.iter("blockquote")):
        _fill_cell(quote)
    for listing in list(root.iter("pre")):
        _put_in_cell(listing)


def for_word(fonts: str) -> str:
    """The one font of a stack that Windows has: Word takes Times for a stack whose first name it does not know."""
    names = [name.strip(" '\"") for name in fonts.split(",")]
    serif = "serif" in names
    found = next((name for name in names if name in OF_WINDOWS), "Georgia" if serif else "Arial")
    return f"'{found}', {'serif' if serif else 'sans-serif'}"


def _plain(element: HtmlElement) -> None:
    """A block without a meaning of its own: in mail nothing folds."""
    element.tag, _, name = PLAIN_BLOCKS[element.tag].partition(" ")
    if name:
        element.set("class", name)


def _lead_out(link: HtmlElement, page: str) -> None:
    """Mail programs strip ids: a jump within the text leads to the page instead, and none leads back."""
    if "footnote-backref" in (link.get("class") or ""):
        link.drop_tree()
    elif link.get("href", "").startswith("#"):
        link.set("href", page + link.get("href", ""))


def _steady(table: HtmlElement) -> None:
    """As wide as the text, with columns as wide as their words ask for: left to themselves, programs break words."""
    for name, value in LAYOUT.items():
        if name != "role":
            table.set(name, value)
    rows = [list(row.iterchildren("th", "td")) for row in table.iter("tr")]
    columns = max(map(len, rows), default=0)
    table.set("class", "data wide" if columns > 4 else "data")
    if not columns or any(cell.get("colspan") for row in rows for cell in row):
        return
    asked = [max(_asked(cell, columns) for cell in column) for column in zip(*rows, strict=False)]
    for cell, ask in zip(rows[0], asked, strict=False):
        cell.set("width", f"{100 * ask / sum(asked):.0f}%")


def _asked(cell: HtmlElement, columns: int) -> float:
    """How much of a row's width a cell asks for: its longest word, and something for the rest where there is room."""
    words = text_of(cell).split()
    return 2 + min(max(map(len, words), default=0), 14) + min(sum(map(len, words)), 60) / (3 * columns)


def _fit(image: HtmlElement, absolute: Callable[[str], str]) -> None:
    image.set("src", absolute(image.get("src", "")))
    row = next(image.iterancestors("tr"), None)
    room = ROOM if row is None else max(40, ROOM // max(len(row), 1) - 10)
    given = re.fullmatch(r"(\d+)(%?)", image.get("width", ""))
    width = room if given is None else int(given[1]) * ROOM // 100 if given[2] else int(given[1])
    image.set("width", str(min(width, room)))  # Word reads no other width
    image.attrib.pop("height", None)
    classes = [*_alone(image), *([] if given else ["unmeasured"])]
    image.set("class", " ".join(classes))


def _alone(image: HtmlElement) -> Iterable[str]:
    around = image.getparent()
    while around is not None and around.tag == "a":
        around = around.getparent()
    beside = "" if around is None or around.get("class") == "figure" else text_of(around)
    return [] if beside else ["alone"]


def _fill_cell(quote: HtmlElement) -> None:
    """Move what an element holds into a cell inside of it."""
    cell = Element("td", {"class": "quoted"})
    cell.text, quote.text = quote.text, None
    cell.extend(list(quote))
    quote.append(_table(cell, "quote"))


def _put_in_cell(listing: HtmlElement) -> None:
    """Put a cell around an element."""
    cell = Element("td", {"class": "listing"})
    table = _table(cell, "frame")
    table.tail, listing.tail = listing.tail, None
    around = listing.getparent()
    if around is not None:
        around.replace(listing, table)
    cell.append(listing)


def _table(cell: HtmlElement, name: str) -> HtmlElement:
    table, row = Element("table", {**LAYOUT, "class": name}), Element("tr")
    row.append(cell)
    table.append(row)
    return table
