"""The article as a web page: one HTML file and its pictures, readable from disk."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lxml.html import Element
from markupsafe import Markup

from content import images
from content.composed import Shown, compose
from content.markdown import serialize
from content.rendition import Asset, Rendition
from content.view import structured_data, view

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from content.article import Article
    from content.context import Context
    from content.findings import Finding
    from content.fitting import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Rendition):
    """`path` is where it stands below the site's root; its assets stand beside it."""

    path: str
    url: str
    title: str
    html: str
    assets: tuple[Asset, ...] = ()

    @classmethod
    def of(cls, article: Article, context: Context, _channel: str, _limits: Limits) -> Page:
        """Render with `templates/page/article.html`."""
        composed = compose(article, context)
        logo = brand_logo(context)
        image = share_image(composed.hero, article, context)
        template = context.templates.get_template("page/article.html")
        root = deepcopy(composed.root)
        for picture in root.iter("img"):
            picture.set("loading", "lazy")
        for table in list(root.iter("table")):
            _let_scroll(table)
        html = template.render(
            **view(article, context),
            body=Markup(serialize(root)),  # noqa: S704 - nh3 has cleaned it
            contents=[heading for heading in article.body.headings if heading.level == 2],
            logo=logo,
            share_image=image,
            structured_data=Markup(structured_data(article, context, image)),  # noqa: S704 - escaped there
        )
        assets = composed.assets + ((logo.asset,) if logo and logo.asset else ())
        return cls(
            path=f"{article.meta.slug}/index.html",
            url=context.public_url(article),
            title=article.meta.title,
            html=html,
            assets=assets,
        )

    def check(self, _channel: str, _limits: Limits) -> list[Finding]:
        """A page has no limits of its own yet."""
        return []


def _let_scroll(table: HtmlElement) -> None:
    """A wide table scrolls in a box of its own, not the whole page; a keyboard must reach it."""
    box = Element("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": _caption(table)})
    box.tail, table.tail = table.tail, None
    around = table.getparent()
    if around is not None:
        around.replace(table, box)
    box.append(table)


def _caption(table: HtmlElement) -> str:
    heads = [" ".join(cell.text_content().split()) for cell in table.iter("th", "caption")]
    return ", ".join(filter(None, heads[:4])) or "Table"


@lru_cache(maxsize=8)  # by the context's identity
def brand_logo(context: Context, *, mail: bool = False) -> Shown | None:
    """The brand's logo; in mail the PNG, for mail programs show no SVG."""
    logo = context.brand.logo
    if logo is None:
        return None
    src = logo.mail or logo.src if mail else logo.src
    if src.startswith(images.REMOTE):
        return Shown(picture=logo, src=src)
    found = images.find(src, context.root / "content", context.root)
    return None if isinstance(found, images.Missing) else Shown(picture=logo, src=found.path, asset=found)


def share_image(hero: Shown | None, article: Article, context: Context) -> str:
    """The address of the picture for link cards."""
    return context.absolute(hero.src, article) if hero else ""
