"""What Word and Google Docs write into HTML where they mean titles, lists, emphasis and links."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from lxml import etree
from lxml import html as dom
from lxml.html import HtmlElement

from content import markdown

SIGNS = re.compile(r"docs-internal-guid|\bclass=[\"']?Mso|mso-|<o:p>", re.IGNORECASE)
WHOLE = re.compile(
    r"name=[\"']?Generator[\"']?\s+content=[\"']?Microsoft Word|<body class=\"[^\"]*doc-content", re.IGNORECASE
)
BOLD = re.compile(r"font-weight:\s*(?:bold|[6-9]00)")
ITALIC = re.compile(r"font-style:\s*italic")
NORMAL = re.compile(r"font-weight:\s*(?:normal|[1-4]00)")
CONDITION = re.compile(r"<!(?:--)?\[(?:if|endif)[^>]*>", re.IGNORECASE)
MARK = re.compile(r"mso-list:\s*Ignore")
HEADINGS = markdown.HEADINGS


def is_theirs(html: str) -> bool:
    """Whether a word processor wrote this HTML."""
    return bool(SIGNS.search(html))


def wrote_page(html: str) -> bool:
    """Whether a word processor wrote the whole page: a web site's page only quotes it, and has menus."""
    return bool(WHOLE.search(html)) and "<nav" not in html


def plain(html: str) -> str:
    """The same HTML with elements for what their styles mean."""
    try:
        root = dom.fromstring(f"<div>{CONDITION.sub('', html)}</div>")
    except etree.ParserError:
        return html
    _emphasis(root)
    for paragraph in list(root.iter("p")):
        kind = paragraph.get("class", "")
        if "MsoTitle" in kind:
            paragraph.tag = "h1"
            paragraph.set("class", "title")
        elif "MsoListParagraph" in kind:
            _item(paragraph)
    return str(dom.tostring(root, encoding="unicode"))


def target(address: str) -> str:
    """Where a link of Google Docs leads behind its redirect."""
    parts = urlsplit(address)
    behind = parse_qs(parts.query).get("q") if parts.path == "/url" else None
    return behind[0] if behind and parts.netloc in {"www.google.com", "google.com"} else address


def bold_headings(root: HtmlElement) -> tuple[str, ...]:
    """Where a text has no headings, its short bold paragraphs are: the names of those that became one."""
    if any(True for _ in root.iter(*HEADINGS)):
        return ()
    found = [paragraph for paragraph in root.iterchildren("p") if _is_bold_heading(paragraph)]
    for paragraph in found:
        paragraph.tag = "h2"
        for bold in list(paragraph.iter("strong", "b")):
            bold.drop_tag()
    return tuple(markdown.text_of(heading) for heading in found)


def _is_bold_heading(paragraph: HtmlElement) -> bool:
    words, after = markdown.text_of(paragraph), paragraph.getnext()
    bold = "".join(str(part.text_content()) for part in paragraph.iterchildren("strong", "b"))
    if after is None or not words or " ".join(bold.split()) != words:
        return False
    follows = after.tag != "p" or len(markdown.text_of(after)) > len(words)
    return follows and len(words) <= 80 and len(words.split()) <= 12 and words[-1] not in ".,;:!"


def _emphasis(root: HtmlElement) -> None:
    for element in list(root.iter("span", "b", "strong")):
        style = element.get("style", "")
        if element.tag != "span" and NORMAL.search(style):
            element.drop_tag()  # Google Docs wraps the whole text in one <b>
        elif element.tag == "span" and not any(True for _ in element.iterancestors(*HEADINGS)):
            element.tag = "strong" if BOLD.search(style) else "em" if ITALIC.search(style) else "span"


def _item(paragraph: HtmlElement) -> None:
    """Word's list paragraphs carry their mark as words; put the item into the list above, or begin one."""
    marks = [span for span in paragraph.iter("span") if MARK.search(span.get("style", ""))]
    ordered = any(mark.text_content().strip()[:1].isalnum() for mark in marks)
    for mark in marks:
        mark.drop_tree()
    above = paragraph.getprevious()
    kind = "ol" if ordered else "ul"
    if above is None or above.tag != kind or above.get("class") != "word":
        above = dom.Element(kind, {"class": "word"})
        paragraph.addprevious(above)
    tail, paragraph.tail = paragraph.tail, None
    above.append(paragraph)
    above.tail = (above.tail or "") + (tail or "")
    paragraph.tag = "li"
