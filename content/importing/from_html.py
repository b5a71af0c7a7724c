"""HTML as Markdown: cleaned, its headings from ## down, its links whole, nothing that runs."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import nh3
from lxml import html as dom
from lxml.html import HtmlElement

from content import markdown
from content.importing import from_markdown, office, signs
from content.importing.finds import Found, refused

DEEPEST = 100  # elements; a page nests 30, and the writer of Markdown calls itself for each
OPENS = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")
VOID = {"br", "hr", "img", "wbr"}
LOOSE = ("div", "section", "span", "article", "main", "aside", "figure", "figcaption", "font", "center")
BLOCKS = {
    "p",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "td",
    "th",
    "dd",
    "dt",
    "blockquote",
    "div",
    "section",
    "figcaption",
}
ITEM = re.compile(r"^(?P<in> *)(?P<mark>[-*+]|\d+\.) +(?P<text>.*)$")


def read(html: str, name: str, url: str = "") -> Found:
    """Make Markdown of an HTML fragment. Raises `Refused` where it is nested without end."""
    root = _tree(office.plain(html) if office.is_theirs(html) else html, name)
    title = _title(root)
    bold = office.bold_headings(root)
    _level(root)
    doubts = _pictures(root, url)
    _links(root, url)
    _escape(root)
    body = _write(root)
    body, takeaways, moved = from_markdown.take_points(body)
    changes = (f"Took the title from the heading '{title}'.", *moved) if title else moved
    if bold:
        names = "; ".join(f"'{heading}'" for heading in bold)
        doubts = (*doubts, f"These bold lines were taken for headings: {names}.")
    return Found(body=body, title=title, takeaways=takeaways, changes=changes, guesses=doubts)


def _tree(html: str, name: str) -> HtmlElement:
    attributes = {**markdown.ATTRIBUTES, "img": {"src", "alt"}}
    safe = nh3.clean(html, tags=markdown.TAGS, attributes=attributes, url_schemes=markdown.SCHEMES, link_rel=None)
    if _depth(safe) > DEEPEST:
        raise refused("depth", name, f"The HTML is nested more than {DEEPEST} deep.", "Import its text alone.")
    return dom.fragment_fromstring(safe, create_parent="div")


def _depth(safe: str) -> int:
    deepest = depth = 0
    for closing, tag in OPENS.findall(safe):
        if tag not in VOID:
            depth += -1 if closing else 1
            deepest = max(deepest, depth)
    return deepest


def _title(root: HtmlElement) -> str:
    """An h1 is the title where it is the only one, or called so, or nothing stands between it and the next heading."""
    tops = list(root.iter("h1"))
    if not tops:
        return ""
    named = [top for top in tops if "title" in (top.get("class") or "").split()]
    above = len(tops) > 1 and _has_words_before(root, tops[1])
    if not named and len(tops) > 1 and above:
        return ""
    top = (named or tops)[0]
    title = markdown.text_of(top)
    top.drop_tree()
    return title


def _has_words_before(root: HtmlElement, other: HtmlElement) -> bool:
    for element in root.iter():
        if element is other:
            return False
        if element.tag in {"p", "ul", "ol", "table"} and markdown.text_of(element):
            return True
    return False


def _level(root: HtmlElement) -> None:
    found = list(root.iter(*markdown.HEADINGS))
    shift = 2 - min((int(heading.tag[1]) for heading in found), default=2)
    for heading in found:
        heading.tag = f"h{min(6, int(heading.tag[1]) + shift)}"
        if not markdown.text_of(heading):
            heading.drop_tree()


def _pictures(root: HtmlElement, url: str) -> tuple[str, ...]:
    doubts: list[str] = []
    for picture in list(root.iter("img")):
        given = picture.get("src", "").strip()
        if not given:
            doubts.append(f"A picture without an address was left out: '{picture.get('alt', '')}'.")
            picture.drop_tree()
            continue
        source = urljoin(url, given).replace(" ", "%20")
        picture.set("src", source)
        picture.set("alt", signs.alternative(picture.get("alt", "")))
        if not picture.get("alt"):
            doubts.append(f"The picture {source} has no text for people who can't see it.")
        if "://" not in source and not url:
            doubts.append(f"The picture {source} must be put beside the article.")
    return tuple(doubts)


def _links(root: HtmlElement, url: str) -> None:
    """Links inside the page lead nowhere once it is Markdown: their words stay."""
    for link in list(root.iter("a")):
        address = link.get("href", "").strip()
        if not address or address.startswith("#"):
            link.drop_tag()
        else:
            link.set("href", office.target(urljoin(url, address)).replace(" ", "%20"))


def _escape(root: HtmlElement) -> None:
    for element in root.iter():
        kept = element.tag in {"pre", "code", "kbd", "samp"} or any(True for _ in element.iterancestors("pre", "code"))
        if element.text:
            element.text = (
                signs.code(element.text) if kept else _words(element.text, element, first=element.tag in BLOCKS)
            )
        parent = element.getparent()
        if element.tail and parent is not None and not any(True for _ in element.iterancestors("pre", "code")):
            element.tail = _words(element.tail, parent, first=element.tag == "br" or element.tag in BLOCKS)


def _words(text: str, element: HtmlElement, *, first: bool) -> str:
    lead = text[: len(text) - len(text.lstrip())]
    bare = text[len(lead) :]
    linked = element.tag == "a" or any(True for _ in element.iterancestors("a"))
    escaped = signs.line(bare) if first and bare else signs.words(bare)
    if linked:
        escaped = re.sub(r"<(https?://[^<>]*)>", r"\1", escaped)
    return lead + (escaped.replace("|", "\\|") if element.tag in {"td", "th"} else escaped)


def _write(root: HtmlElement) -> str:
    from markdownify import markdownify  # noqa: PLC0415 - it brings a second HTML parser

    text = markdownify(
        markdown.serialize(root),
        heading_style="ATX", bullets="-", escape_asterisks=False, escape_underscores=False,
        sub_symbol="<sub>", sup_symbol="<sup>", table_infer_header=True, autolinks=False,
        keep_inline_images_in=["td", "th", "li", "a"],
    )  # fmt: skip
    return _nest(re.sub(r"\n{3,}", "\n\n", str(text)).strip()) + "\n"


def _nest(text: str) -> str:
    """Lists indented by four, which is what Python-Markdown nests by."""
    rows: list[str] = []
    columns: list[int] = []  # where the words of each open item begin
    fenced = False
    for row in text.split("\n"):
        fenced ^= row.lstrip().startswith("```")
        indent = len(row) - len(row.lstrip(" "))
        if not row.strip() or fenced:
            rows.append(row)
            continue
        while columns and indent < columns[-1]:
            columns.pop()
        rows.append("    " * len(columns) + row[columns[-1] if columns else 0 :])
        item = ITEM.match(row)
        if item:
            columns.append(len(item["in"]) + len(item["mark"]) + 1)
    return "\n".join(rows)
