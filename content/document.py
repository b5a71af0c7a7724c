"""The article for a system that has templates of its own: WordPress, Ghost and their like."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from markupsafe import Markup

from content.composed import compose
from content.markdown import serialize, tree
from content.pictures import GIF, JPEG, PNG, WEBP, Canvas, Unusable
from content.rendition import Asset, Rendition
from content.sharecard import FONTS
from content.view import view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from content.article import Article
    from content.context import Context
    from content.findings import Finding
    from content.fitting import Limits

SHOWN = Canvas(width=2000, height=6000, bytes=4_000_000, types=frozenset({JPEG, PNG, GIF, WEBP}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Rendition):
    """What stands below a page's title, and what the system asks for beside it.

    `html` is a fragment whose pictures are the `path` of an asset; `hero` stands above it, if the system has a place.
    """

    slug: str
    title: str
    description: str
    html: str
    url: str  # where readers find it
    original: str  # elsewhere, where it was first published; "" where this is the original
    language: str
    direction: str
    published: date  # or a datetime, aware where the front matter names an offset
    updated: date | None
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    hero: Asset | None = None
    caption: str = ""  # of the hero
    assets: tuple[Asset, ...] = ()  # those in `html`

    @classmethod
    def of(cls, article: Article, context: Context, _channel: str, _limits: Limits) -> Document:
        """Render with `templates/document/article.html`."""
        meta, composed = article.meta, compose(article, context)
        shown, root = composed.hero, deepcopy(composed.root)
        hero = replace(_ready(shown.asset, context), alt=shown.picture.alt) if shown and shown.asset else None
        ready = {asset.path: _ready(asset, context) for asset in composed.assets}
        used: dict[str, str] = {}
        for image in root.iter("img"):
            if made := ready.get(image.get("src", "")):
                image.set("src", made.path)
                used[made.path] = image.get("alt", "")
        html = context.templates.get_template("document/article.html").render(
            **view(article, context),
            body=Markup(serialize(root)),  # noqa: S704 - nh3 has cleaned it
        )
        return cls(
            slug=meta.slug,
            title=meta.title,
            description=article.description,
            html=html.strip() + "\n",
            url=context.page_url(article),
            original=meta.canonical or "",
            language=meta.language,
            direction=article.direction,
            published=meta.date,
            updated=meta.updated,
            authors=tuple(person.name for person in meta.authors),
            tags=meta.tags,
            hero=hero,
            caption=" ".join(filter(None, (shown.picture.caption, shown.picture.credit))) if hero and shown else "",
            assets=tuple(replace(made, alt=used[made.path]) for made in ready.values() if made.path in used),
        )

    def placed(self, addresses: Mapping[str, str]) -> str:
        """The HTML with the pictures' own paths replaced by the addresses that they have got."""
        root = tree(self.html)
        for image in root.iter("img"):
            image.set("src", addresses.get(image.get("src", ""), image.get("src", "")))
        return serialize(root)

    def check(self, _channel: str, _limits: Limits) -> list[Finding]:
        """A system's own limits are its adapter's."""
        return []


def _ready(asset: Asset, context: Context) -> Asset:
    """A picture as systems take it: none of them draws SVG for everybody, and few know AVIF."""
    if asset.media_type == "image/svg+xml":
        with suppress(ValueError):
            name = PurePosixPath(asset.path).stem
            return context.darkroom.drawn(asset.data.decode(errors="replace"), FONTS, name, (0, 0), others=True)
    with suppress(Unusable):
        return context.darkroom.cut(asset, SHOWN)
    return asset
