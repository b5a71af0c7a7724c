"""Whether a page is live: networks read it for their cards the moment a post appears, and remember what they saw."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from lxml import html

from channels.errors import ChannelError
from channels.http import client, send
from content.page import MARKER

if TYPE_CHECKING:
    import httpx
    from lxml.html import HtmlElement

FIRST, LONGEST = 1.0, 20.0  # seconds between two looks, doubled each time
READ = 2_000_000  # bytes of a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What readers must find at an address. `marker`: of our own page there; "" where it is another system's."""

    address: str
    title: str
    marker: str = ""


def waits_for(expected: Expected, seconds: float) -> str:
    """Wait until a page is what is expected; "" then, else what it lacked when the time was over."""
    until, pause = time.monotonic() + seconds, FIRST
    with client() as http:
        while lack := _lack(http, expected):
            if time.monotonic() + pause > until:
                return lack
            time.sleep(pause)
            pause = min(pause * 2, LONGEST)
    return ""


def _lack(http: httpx.Client, expected: Expected) -> str:
    address = expected.address
    try:
        answer = send("web", http, "GET", address, follow_redirects=True)
    except ChannelError as error:
        return f"{address} is not live: {error.detail}"
    try:
        page: HtmlElement = html.document_fromstring(answer.content[:READ])
    except (ValueError, html.etree.ParserError):
        return f"{address} is there, but is no page"
    if _letters(expected.title) not in _letters(page.text_content()):
        return f"{address} is there, but does not bear the title '{expected.title}'"
    if expected.marker and _said(page, f"//meta[@name='{MARKER}']/@content") != expected.marker:
        return f"{address} still shows another version of the page"
    canonical = _said(page, "//link[@rel='canonical']/@href")
    if canonical and urljoin(address, canonical) != address:
        return f"{address} names another canonical address, {canonical}"
    return _lacking_card(http, page, address)


def _lacking_card(http: httpx.Client, page: HtmlElement, address: str) -> str:
    """Networks draw their card with this picture, or without one for good."""
    picture = _said(page, "//meta[@property='og:image']/@content")
    if not picture:
        return ""
    try:
        answer = send("web", http, "GET", urljoin(address, picture), follow_redirects=True)
    except ChannelError as error:
        return f"the card's picture {picture} is not live: {error.detail}"
    kind = answer.headers.get("content-type", "")
    return "" if kind.startswith("image/") else f"the card's picture {picture} is no picture but {kind or 'something'}"


def _said(page: HtmlElement, path: str) -> str:
    found: list[str] = page.xpath(path)
    return str(found[0]).strip() if found else ""


def _letters(text: str) -> str:
    """Letters and figures alone: other systems have quotes and dashes of their own."""
    return "".join(filter(str.isalnum, text))
