"""A page or a mail as one document that needs nothing else, shown as one reader's program shows it.

Readers differ in dark mode, paper and pictures. A frame says what each would see, without asking the browser that
shows it: the media queries of a document are answered here.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from content.newsletter import Newsletter
    from content.page import Page
    from content.rendition import Asset
    from content.story import Story

# whatever an article holds, its frame loads nothing, runs nothing and leads nowhere
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
LIGHT = re.compile(r"\(\s*prefers-color-scheme\s*:\s*light\s*\)")
ALWAYS, NEVER = "(min-width:0px)", "(max-width:0px)"
SCHEMES = re.compile(r"(color-scheme\s*:\s*|name=\"color-scheme\" content=\"|supported-color-schemes\s*:\s*)light dark")
PRINT = re.compile(r"@media\s+print\b")
SCREEN = re.compile(r"@media\s+(?:only\s+)?screen\b")
# where a document asks; its words may well be about CSS, and are left alone
ASKING = re.compile(r"<style\b.*?</style>|<(?:html|meta)\b[^>]*>", re.IGNORECASE | re.DOTALL)
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
OUTWARD = re.compile(r"<a\s(?=[^>]*\bhref=\"(?!#))[^>]*>", re.IGNORECASE)
TARGET = re.compile(r"\starget=\"[^\"]*\"", re.IGNORECASE)
PICTURE = re.compile(r"(<img\b[^>]*?)\ssrc=\"[^\"]*\"", re.IGNORECASE)
# other sizes and formats of the picture that follows: a frame carries the one that every browser knows
OFFERS = re.compile(r"<source\b[^>]*\bsrcset=[^>]*>\n?", re.IGNORECASE)
# the harshest way there is: everything is turned over, pictures are turned back
FORCED = (
    "html{background:#fff;filter:invert(1) hue-rotate(180deg)}img{filter:invert(1) hue-rotate(180deg)}"
    "@media (min-width:0px){html{min-height:100vh}}"
)
MARGINS = "html{padding:14mm 16mm}"  # what a printer leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one reader's program shows a document."""

    name: str  # part of its address: "dark"
    title: str
    dark: bool = False
    paper: bool = False
    forced: bool = False  # dark whether the document likes it or not
    pictures: bool = True


PAGE_LOOKS = (
    Look(name="light", title="Light"),
    Look(name="dark", title="Dark", dark=True),
    Look(name="print", title="Print", paper=True),
)
MAIL_LOOKS = (
    Look(name="light", title="Light"),
    Look(name="dark", title="Dark", dark=True),
    Look(name="forced", title="Forced dark", forced=True),
    Look(name="bare", title="Pictures off", pictures=False),
)


def page(rendition: Page | Story, look: Look) -> str:
    """The document of a page, or of a story to paste."""
    return _framed(_within(OFFERS.sub("", rendition.html), rendition.assets, ""), look)


def mail(rendition: Newsletter, look: Look) -> str:
    """The mail's HTML part, as somebody reads it of whom nothing is known."""
    html = rendition.shown().html
    html = _within(html, rendition.assets, rendition.page_url) if look.pictures else html
    return _framed(html if look.pictures else PICTURE.sub(r"\1", html), look)


def data_address(asset: Asset) -> str:
    """A picture as an address that holds it."""
    return f"data:{asset.media_type};base64,{b64encode(asset.data).decode()}"


def _within(html: str, assets: Iterable[Asset], base: str) -> str:
    for asset in assets:
        html = html.replace(f'src="{base}{asset.path}"', f'src="{data_address(asset)}"')
    return html


def _framed(html: str, look: Look) -> str:
    html = ASKING.sub(lambda asking: _answered(asking[0], look), html)
    html = OUTWARD.sub(lambda link: '<a target="_blank"' + TARGET.sub("", link[0][2:]), html)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    style = f"<style>{FORCED if look.forced else MARGINS}</style>" if look.forced or look.paper else ""
    return HEAD.sub(lambda head: head[0] + policy + style, html, count=1)


def _answered(css: str, look: Look) -> str:
    css = DARK.sub(ALWAYS if look.dark else NEVER, LIGHT.sub(NEVER if look.dark else ALWAYS, css))
    css = SCHEMES.sub(rf"\1{'dark' if look.dark else 'light'}", css)
    return SCREEN.sub("@media not all", PRINT.sub("@media all", css)) if look.paper else css
