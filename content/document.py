"""The article for a system that has templates of its own: WordPress, Ghost and their like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from markupsafe import Markup

from content.composed import compose
from content.markdown import serialize, tree
from content.rendition import Asset, Rendition
from content.view import view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from content.article import Article
    from content.context import Context
    from content.findings import Finding
    from content.fitting import Limits


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
        shown = composed.hero
        hero = replace(shown.asset, alt=shown.picture.alt) if shown and shown.asset else None
        html = context.templates.get_template("document/article.html").render(
            **view(article, context),
            body=Markup(serialize(composed.root)),  # noqa: S704 - nh3 has cleaned it
        )
        used = {image.get("src"): image.get("alt", "") for image in composed.root.iter("img")}
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
            assets=tuple(replace(a, alt=used[a.path]) for a in composed.assets if a.path in used),
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
