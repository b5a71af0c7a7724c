"""Markdown to safe HTML: Python-Markdown for the words, nh3 for the safety, one tree for all forms."""

import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import markdown as library
import nh3
from lxml import html as dom
from lxml.html import HtmlElement
from markdown.treeprocessors import InlineProcessor

from content.typography import educate_tree
from content.words import opening

EXTENSIONS: dict[str, dict[str, Any]] = {
    "tables": {"use_align_attribute": True},  # nh3 lets no style attribute through
    # U+FE0E: an arrow, where systems would make a coloured picture of it
    "footnotes": {
        "BACKLINK_TITLE": "Back to the text of note %d",
        "BACKLINK_TEXT": "\N{LEFTWARDS ARROW WITH HOOK}\ufe0e",
    },
    "def_list": {},
    "attr_list": {},
    "toc": {"permalink": False},
    "fenced_code": {},
    "sane_lists": {},
}
TAGS = {
    "a", "abbr", "aside", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "dfn", "div",
    "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li",
    "mark",
    "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var",
}  # fmt: skip
ATTRIBUTES = {
    "*": {"id", "class", "lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "reversed"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
SCHEMES = {"http", "https", "mailto", "tel"}
PARSER = dom.HTMLParser()
REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|(\d{1,8}));?")
SIGNS = re.compile(r"[`\\\[\]!<>&*_^~@{|\x02]|  \n")  # one of them begins whatever Markdown reads inside a line
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
VOID = re.compile("</(?:source|track|wbr)>")  # libxml2 closes what HTML 5 does not
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading of the body; `level` is 2 for the highest."""

    level: int
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Body:
    """A body in blocks: its top-level elements, in order. The tree is never changed; take `copy()`."""

    root: HtmlElement
    headings: tuple[Heading, ...]

    @property
    def first(self) -> str:
        """The words of the first paragraph."""
        return next(filter(None, map(text_of, self.root.iterchildren("p"))), "")

    @property
    def lead(self) -> str:
        """The first sentences of the first paragraph, for a description: at most 160 characters."""
        return opening(self.first, 160)

    @property
    def words(self) -> int:
        """How many words a reader reads."""
        return len(self.root.text_content().split())

    def copy(self) -> HtmlElement:
        """A tree to work on."""
        return deepcopy(self.root)


def excerpt(body: Body, words: int = 90) -> Body:
    """The first blocks of a body: up to the first heading below some text, or as many as make about so many words."""
    root, said = body.copy(), 0
    for block in list(root):
        if said and (block.tag in HEADINGS or said >= words):
            said = words
            block.drop_tree()
        elif block.tag not in HEADINGS:
            said += len(block.text_content().split())
    return Body(root, ())


def until(body: Body, sign: str) -> Body:
    """What stands above a sign: its own paragraph goes, and everything behind it."""
    root = body.copy()
    place = next((element for element in root.iter() if sign in (element.text or "")), None)
    while place is not None and (around := place.getparent()) is not None:
        for later in list(place.itersiblings()):
            around.remove(later)
        place.tail = None
        if not text_of(place).replace(sign, "") and place.find(".//img") is None:
            around.remove(place)
        place = around
    return Body(root, ())


def render(text: str) -> Body:
    """Make safe HTML of Markdown: no scripts, no styles, no schemes but http, https, mailto and tel.

    Raises `RecursionError` where lists, quotes or tags are nested too deeply (libxml2 reads 256 levels).
    """
    safe = nh3.clean(
        REFERENCE.sub(_without_noncharacters, _convert(text)),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=None,
        strip_comments=True,
    )
    root = tree(safe)
    _drop_empty(root)
    _clear_corners(root)
    _unescape(root)
    _level(root)
    educate_tree(root)
    found = (element for element in root.iter(*HEADINGS))
    return Body(root, tuple(Heading(int(h.tag[1]), h.get("id", ""), text_of(h)) for h in found))


def _without_noncharacters(reference: re.Match[str]) -> str:
    """No file holds the characters that stand for merge fields; nor may one write them as `&#xFDD3;`."""
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return "" if 0xFDD0 <= number <= 0xFDEF else reference[0]


def serialize(element: HtmlElement) -> str:
    """HTML of a tree's inside, without the tree's own tag."""
    inside = VOID.sub("", dom.tostring(element, encoding="unicode", with_tail=False))
    return inside[inside.index(">") + 1 : inside.rindex("</")] if "</" in inside else ""


def text_of(element: HtmlElement) -> str:
    """The words of an element on one line."""
    return " ".join(element.text_content().split())


def _convert(text: str) -> str:
    converter = _converter()
    converter.reset()
    try:
        return converter.convert(text)
    except RecursionError:
        _converter.cache_clear()  # left in the middle of a list, it would lose paragraphs of the next text
        raise


def tree(safe: str) -> HtmlElement:
    """A fragment of safe HTML inside a div. Raises `RecursionError` where it is nested too deeply."""
    root = dom.fragment_fromstring(safe, create_parent="div", parser=PARSER)
    if PARSER.error_log.filter_from_fatals():
        raise RecursionError("the parser gave up and dropped the rest")
    return root


@cache
def _converter() -> library.Markdown:
    # building one takes 5 ms; `reset` makes it as new
    made = library.Markdown(extensions=list(EXTENSIONS), extension_configs=EXTENSIONS)
    made.treeprocessors.register(Inline(made), "inline", 20)  # in the place of the library's own
    return made


class Inline(InlineProcessor):
    """Most words hold no sign that any pattern begins with: these are not searched a dozen times. Same results."""

    def _InlineProcessor__handleInline(self, data: str, patternIndex: int = 0) -> str:  # noqa: N802, N803
        if not SIGNS.search(data):
            return data
        whole: str = super()._InlineProcessor__handleInline(data, patternIndex)  # type: ignore[misc]
        return whole


def _drop_empty(root: HtmlElement) -> None:
    """Links, emphasis and paragraphs left without content by a removed shortcode or a sanitized tag go too."""
    for element in reversed(list(root.iter("a", "em", "strong", "span", "p", "li", "figure", *HEADINGS))):
        if not element.text_content().strip() and element.find(".//img") is None and not element.get("id"):
            element.drop_tree()


def _clear_corners(root: HtmlElement) -> None:
    """A table's corner without words heads nothing: screen readers would announce an empty heading."""
    for cell in root.iter("th"):
        if not cell.text_content().strip() and cell.find(".//img") is None:
            cell.tag = "td"


def _level(root: HtmlElement) -> None:
    """The page's title is its only h1: the body's highest heading becomes h2, the others keep their distance."""
    found = list(root.iter(*HEADINGS))
    shift = 2 - min((int(heading.tag[1]) for heading in found), default=2)
    for heading in found:
        heading.tag = f"h{min(6, int(heading.tag[1]) + shift)}"


def close_ranks(root: HtmlElement) -> None:
    """No heading's level is more than one below the one before it, so that screen readers can follow."""
    above: list[int] = []
    for heading in root.iter(*HEADINGS):
        level = int(heading.tag[1])
        while above and above[-1] >= level:
            above.pop()
        above.append(level)
        heading.tag = f"h{len(above) + 1}"


def _unescape(root: HtmlElement) -> None:
    """In an address, too, a backslash takes a sign as it is: Python-Markdown leaves it in addresses given below."""
    for link in root.iter("a"):
        if "\\" in (href := link.get("href", "")):
            link.set("href", ESCAPED.sub(r"\1", href))
