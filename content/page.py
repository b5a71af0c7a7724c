"""The article as a web page: one HTML file and its pictures, readable from disk."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from lxml.html import Element
from markupsafe import Markup

from content import images
from content.catalogue import Entry
from content.composed import Shown, compose
from content.markdown import serialize
from content.rendition import Asset, Rendition
from content.responsive import WIDE, Gallery
from content.sharecard import share_picture
from content.structured import structured_data
from content.view import view

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lxml.html import HtmlElement

    from content.article import Article
    from content.context import Context
    from content.findings import Finding
    from content.fitting import Limits

MARKER = "pressroom-digest"  # the meta element by which a page is known to be this one
SHARES = {
    "bluesky": ("Bluesky", "https://bsky.app/intent/compose?", "text"),
    "x": ("X", "https://x.com/intent/post?", "url"),
    "linkedin": ("LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?", "url"),
    "facebook": ("Facebook", "https://www.facebook.com/sharer/sharer.php?", "u"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Rendition):
    """`path` is where it stands below the site's root; its assets stand beside it. `marker` proves it live."""

    path: str
    url: str
    title: str
    html: str
    marker: str
    entry: Entry  # what the lists around it say
    sources: tuple[Path, ...] = field(default=(), compare=False)  # files that it was made of, beside the article's
    assets: tuple[Asset, ...] = ()

    @classmethod
    def of(cls, article: Article, context: Context, _channel: str, _limits: Limits) -> Page:
        """Render with `templates/page/article.html`."""
        composed = compose(article, context)
        gallery = Gallery(context.darkroom, composed.assets)
        logo, card = brand_logo(context), share_picture(article, context, composed.hero)
        for shown in (logo, card):
            if shown and shown.asset:
                gallery.add(shown.asset)
        image = context.absolute(card.src, article) if card else ""
        root = deepcopy(composed.root)
        _prepare(root, gallery)
        html = context.templates.get_template("page/article.html").render(
            **view(article, context),
            body=Markup(serialize(root)),  # noqa: S704 - nh3 has cleaned it
            contents=[heading for heading in article.body.headings if heading.level == 2],
            logo=logo,
            logo_src=logo.src if logo else "",
            style=context.style,
            hero_picture=_hero(composed.hero, gallery),
            card=card,
            share_image=image,
            shares=_shares(article, context),
            reviewed=context.reviewed,
            alternates=_alternates(article, context),
            site_root="../",
            structured_data=Markup(structured_data(article, context, image, root)),  # noqa: S704 - escaped there
        )
        digest = sha256(html.encode()).hexdigest()[:16]
        return cls(
            path=f"{article.meta.slug}/index.html",
            url=context.public_url(article),
            title=article.meta.title,
            html=html.replace("</title>", f'</title>\n<meta name="{MARKER}" content="{digest}">', 1),
            marker=digest,
            entry=Entry.of(article, context, image),
            sources=(*(asset.file for asset in composed.assets if asset.file), *composed.missing),
            assets=gallery.assets,
        )

    @classmethod
    def revived(cls, told: dict[str, Any], read: Callable[[str], bytes | None]) -> Page:
        """A page as it was kept; `read` gives its files by their path. Raises `LookupError` where one is gone."""
        home = told["path"].rpartition("/")[0]
        assets = []
        for kept in told["assets"]:
            data = read(f"{home}/{kept['path']}")
            if data is None or sha256(data).hexdigest() != kept["sha256"]:
                raise LookupError(f"{home}/{kept['path']}")
            assets.append(Asset(path=kept["path"], data=data, media_type=kept["type"], alt=kept["alt"]))
        plain = {name: told[name] for name in ("path", "url", "title", "html", "marker")}
        return cls(**plain, entry=Entry.read(told["entry"]), assets=tuple(assets))

    def check(self, _channel: str, _limits: Limits) -> list[Finding]:
        """A page has no limits of its own yet."""
        return []


def _prepare(root: HtmlElement, gallery: Gallery) -> None:
    for image in list(root.iter("img")):
        image.set("loading", "lazy")
        image.set("decoding", "async")
        gallery.hang(image)
    named: Counter[str] = Counter()
    for table in list(root.iter("table")):
        named[name := _caption(table)] += 1
        _let_scroll(table, name if named[name] == 1 else f"{name} ({named[name]})")


def _hero(hero: Shown | None, gallery: Gallery) -> Markup:
    """The picture above the text, which browsers fetch first."""
    if hero is None:
        return Markup()
    image = Element("img", {"src": hero.src, "alt": hero.picture.alt, "fetchpriority": "high"})
    if hero.width:
        image.set("width", str(hero.width))
        image.set("height", str(hero.height))
    holder = Element("div")
    holder.append(image)
    gallery.hang(image, WIDE)
    return Markup(serialize(holder))  # noqa: S704 - made here


def _shares(article: Article, context: Context) -> list[tuple[str, str]]:
    """Names and addresses by which readers share the page, without a script of anybody's."""
    url, title = context.public_url(article), article.meta.title
    links = []
    for kind in context.brand.share:
        if kind == "email":
            address = f"mailto:?subject={quote(title)}&body={quote(url)}"
            links.append((context.brand.labels.share_email, address))
            continue
        name, base, field = SHARES[kind]
        said = {"text": f"{title} {url}"} if field == "text" else {field: url}
        links.append((name, base + urlencode(said | ({"text": title} if kind == "x" else {}))))
    return links


def _alternates(article: Article, context: Context) -> list[tuple[str, str]]:
    """Languages and addresses of the page and its translations; none where there are no translations."""
    others = article.meta.translations
    if not others:
        return []
    whole = {language: at if "://" in at else f"{context.site}/{at}/" for language, at in others.items()}
    return sorted({article.meta.language: context.public_url(article), **whole}.items())


def _let_scroll(table: HtmlElement, name: str) -> None:
    """A wide table scrolls in a box of its own, not the whole page; a keyboard must reach it, and know it by name."""
    box = Element("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": name})
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
