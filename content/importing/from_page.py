"""A whole web page: its main text without menus, and what its head tells."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from lxml import etree
from lxml import html as dom

from content.importing import bylines, from_html, office
from content.importing.finds import Found, one_line, refused

CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
NOISE = (b"script", b"style", b"svg", b"noscript")
LARGEST = 8 * 1024 * 1024  # bytes; scripts and styles of a page are often ten times its text


def lighten(data: bytes) -> bytes:
    """A page's bytes without scripts, styles and drawings."""
    for tag in NOISE:
        data = _without(data, tag)
    return data


def _without(data: bytes, tag: bytes) -> bytes:
    lower, kept, at = data.lower(), [], 0
    while (begin := lower.find(b"<" + tag, at)) >= 0:
        end = lower.find(b"</" + tag, begin)
        kept.append(data[at:begin])
        at = end if end >= 0 else len(data)
        close = lower.find(b">", at)
        at = close + 1 if close >= 0 else len(data)
    return b"".join([*kept, data[at:]])


def in_utf8(data: bytes, media_type: str) -> bytes:
    """The bytes in UTF-8 where the page or its server names another encoding."""
    named = CHARSET.search(media_type.encode()) or CHARSET.search(data[:2048])
    try:
        return data.decode(named[1].decode()).encode() if named else data
    except (LookupError, UnicodeError):
        return data


def read(html: str, name: str, url: str = "") -> Found:
    """Find the article of a page. Raises `Refused` where it has none."""
    from trafilatura import extract, extract_metadata  # noqa: PLC0415 - it takes 250 ms to load

    try:
        tree = dom.document_fromstring(html.encode(), parser=dom.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, ValueError) as error:
        raise refused("empty", name, "The page has no text.") from error
    main = list(tree.iter("article")) or list(tree.iter("main"))
    content = (
        dom.tostring(main[0], encoding="unicode")
        if len(main) == 1 and len("".join(map(str, main[0].itertext()))) > 200
        else ""
    )
    content = html if office.wrote_page(html) else content or extract(
        html, url=url or None, output_format="html", include_formatting=True, include_links=True, include_images=True,
        include_comments=False, favor_recall=True,
    ) or html  # fmt: skip
    found = from_html.read(content, name, url)
    return _with_head(found, extract_metadata(html, default_url=url or None), tree.get("lang") or "")


def _with_head(found: Found, meta: object, language: str) -> Found:
    def say(key: str) -> str:
        return one_line(str(getattr(meta, key, "") or ""))

    authors = tuple({"name": name.strip()} for name in say("author").split(";") if name.strip())
    body, byline = _without_byline(found.body, authors)
    title = found.title or say("title")
    guesses = () if found.title or not title else (f"The title '{title}' is a guess, made from the page's head.",)
    return replace(
        found, body=body, title=title, description=say("description"), authors=authors, language=language,
        day=_day(say("date")), canonical=say("url"), tags=tuple(getattr(meta, "tags", None) or ()),
        changes=(*found.changes, *byline), guesses=(*found.guesses, *guesses),
    )  # fmt: skip


def _without_byline(body: str, authors: tuple[dict[str, str], ...]) -> tuple[str, tuple[str, ...]]:
    first, _, rest = body.lstrip().partition("\n")
    if authors and bylines.read(first):
        return rest.lstrip("\n"), (f"Dropped the byline '{first}': its author is in the front matter.",)
    return body, ()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
