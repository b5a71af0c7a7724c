"""The picture of a page's link card, 1200 by 630: its title, brand and author, drawn from `templates/page/card.svg`."""

from __future__ import annotations

from base64 import b64encode
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from content.composed import Shown
from content.meta import Picture
from content.pictures import JPEG, Canvas, Unusable
from content.templates import SHIPPED

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

    from content.article import Article
    from content.context import Context
    from content.rendition import Asset

SIZE = (1200, 630)  # pixels; what Open Graph's readers crop least
FONTS = tuple(SHIPPED / "page" / "fonts" / f"PTSerif-{weight}.ttf" for weight in ("Regular", "Bold"))
PHOTO = Canvas(width=460, height=630, bytes=400_000, types=frozenset({JPEG}), narrowest=0.73, widest=0.7302)
SIZES = (76, 68, 60, 54, 48, 42, 36)  # pixels of the title's letters, the largest that fits is taken
WIDE, NARROW = 1040, 600  # pixels for a line of the title, without and with a photo beside it
LINE, TALLEST = 1.16, 360  # of its size from line to line; pixels for all lines


WHOLE = Canvas(width=1200, height=630, bytes=1_000_000, types=frozenset({JPEG}), narrowest=1.904, widest=1.9048)


@lru_cache(maxsize=32)  # by identity: page and posts of one run share it
def share_picture(article: Article, context: Context, hero: Shown | None) -> Shown | None:
    """What link cards show: the drawing, or the hero cut to its size where the brand prefers that.

    A title in letters that our fonts lack is drawn with the machine's own only where there is no hero to show.
    """
    if context.brand.card == "drawn" and (hero is None or ours(article.meta.title)):
        drawn = share_card(article, context, hero)
        return Shown(picture=Picture(src=drawn.path, alt=article.meta.title), src=drawn.path, asset=drawn)
    if hero is None or hero.asset is None:
        return hero
    try:
        made = context.darkroom.cut(hero.asset, WHOLE, hero.picture.point)
    except Unusable:
        return hero
    return Shown(picture=hero.picture, src=made.path, asset=made)


def share_card(article: Article, context: Context, hero: Shown | None) -> Asset:
    """Draw it, with the hero's picture beside the words where there is one."""
    photo = _photo(context, hero)
    size, lines = fitted(article.meta.title, NARROW if photo else WIDE)
    svg = context.templates.get_template("page/card.svg").render(
        brand=context.brand,
        colours=context.brand.colours,
        direction=article.direction,
        language=article.meta.language,
        lines=lines,
        size=size,
        step=round(size * LINE),
        author=article.meta.authors[0].signature if article.meta.authors else "",
        photo=b64encode(photo.data).decode() if photo else "",
    )
    name = f"{article.meta.slug}-card"
    return context.darkroom.drawn(svg, FONTS, name, SIZE, others=not ours(article.meta.title))


def _photo(context: Context, hero: Shown | None) -> Asset | None:
    if hero is None or hero.asset is None:
        return None
    try:
        return context.darkroom.cut(hero.asset, PHOTO, hero.picture.point)
    except Unusable:
        return None


@lru_cache(maxsize=256)
def fitted(title: str, width: int) -> tuple[int, tuple[str, ...]]:
    """The largest size at which a title fits, and its lines; a very long one ends with an ellipsis."""
    for size in SIZES:
        lines = _lines(title, size, width)
        if len(lines) * size * LINE <= TALLEST:
            return size, tuple(lines)
    size, most = SIZES[-1], int(TALLEST / (SIZES[-1] * LINE))
    kept = _lines(title, size, width)[:most]
    return size, (*kept[:-1], kept[-1].rstrip(" ,;:–—-") + "…")


def ours(text: str) -> bool:
    """Whether the fonts that come with Pressroom have every letter: Latin and Cyrillic."""
    return all(map(_known, text))


@cache
def _known(letter: str) -> bool:
    if letter < "\u0250" or letter in "–—‘’“”„…":
        return True
    return bytes(_letters(40).getmask(letter)) != bytes(_letters(40).getmask("\uffff"))


def _lines(title: str, size: int, width: int) -> list[str]:
    """Words filled into lines; a word that is wider than a line is broken."""
    lines = [""]
    for word in title.split():
        joined = f"{lines[-1]} {word}".strip()
        if _length(joined, size) <= width:
            lines[-1] = joined
            continue
        while _length(word, size) > width:
            room = next(n for n in range(len(word), 0, -1) if n == 1 or _length(word[:n], size) <= width)
            lines.append(word[:room])
            word = word[room:]  # noqa: PLW2901 - what is left of it
        lines.append(word)
    return [line for line in lines if line]


def _length(text: str, size: int) -> float:
    """In pixels; letters that are not ours are taken for as wide as such letters may be."""
    others = [letter for letter in text if not _known(letter)]
    wide = sum(size if east_asian_width(letter) in "WF" else 0.7 * size for letter in others)
    return wide + float(_letters(size).getlength("".join(filter(_known, text)) if others else text))


@cache
def _letters(size: int) -> FreeTypeFont:
    from PIL import ImageFont  # noqa: PLC0415 - Pillow is for pages without their card in the darkroom

    return ImageFont.truetype(FONTS[1], size, layout_engine=ImageFont.Layout.BASIC)
