"""An article as readers get it: links that work outside the site, pictures found and measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from content import images
from content.findings import Finding
from content.markdown import close_ranks
from content.markdown import excerpt as opening_of
from content.rendition import Asset

if TYPE_CHECKING:
    from pathlib import Path

    from lxml.html import HtmlElement

    from content.article import Article
    from content.context import Context
    from content.markdown import Body
    from content.meta import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture that readers will see: a file of ours, or an address elsewhere."""

    picture: Picture
    src: str
    asset: Asset | None = None

    @property
    def width(self) -> int:
        """In pixels; 0 where it is not known."""
        return self.asset.width if self.asset else 0

    @property
    def height(self) -> int:
        """In pixels; 0 where it is not known."""
        return self.asset.height if self.asset else 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Composed:
    """The body's tree with every address resolved. Never changed: take `deepcopy(root)`."""

    root: HtmlElement
    hero: Shown | None
    assets: tuple[Asset, ...]
    notes: tuple[Finding, ...]
    missing: tuple[Path, ...]  # where pictures would be that are not there


@lru_cache(maxsize=32)  # by identity: page, newsletter and posts of one run share it
def compose(article: Article, context: Context) -> Composed:
    """The body as pages and posts have it. A picture that is not there is a finding, and no broken frame."""
    return _composed(article.body, article, context)


@lru_cache(maxsize=32)
def compose_mail(article: Article, context: Context, *, excerpt: bool = False) -> Composed:
    """The body as a mail has it: all of it, or its opening."""
    if excerpt:
        return _composed(article.mail_opening or opening_of(article.mail_body), article, context)
    return (
        compose(article, context)
        if article.mail_body is article.body
        else _composed(article.mail_body, article, context)
    )


def _composed(body: Body, article: Article, context: Context) -> Composed:
    """Resolve links and pictures."""
    root = body.copy()
    close_ranks(root)
    assets: dict[str, Asset] = {}
    absent: list[tuple[images.Missing, int, int]] = []
    for link in root.iter("a"):
        href = link.get("href", "")
        if href and not href.startswith("#"):
            link.set("href", context.absolute(href, article))
    for image in list(root.iter("img")):
        _place(image, article, context, assets, absent)
    hero = show(article.meta.hero, article, context)
    if isinstance(hero, images.Missing):
        line, column = article.marks.at(("hero", "src"))
        absent.append((hero, line, column))
        hero = None
    if hero and hero.asset:
        assets[hero.asset.path] = hero.asset
    return Composed(
        root=root,
        hero=hero,
        assets=tuple(assets.values()),
        notes=tuple(_missing(why, article, line, column) for why, line, column in absent),
        missing=tuple(place for why, _, _ in absent for place in why.places),
    )


def show(picture: Picture | None, article: Article, context: Context) -> Shown | images.Missing | None:
    """Find a picture that the front matter names."""
    if picture is None:
        return None
    if picture.src.startswith(images.REMOTE):
        return Shown(picture=picture, src=picture.src)
    found = images.find(picture.src, article.path.parent, context.root)
    return found if isinstance(found, images.Missing) else Shown(picture=picture, src=found.path, asset=found)


def _place(
    image: HtmlElement,
    article: Article,
    context: Context,
    assets: dict[str, Asset],
    absent: list[tuple[images.Missing, int, int]],
) -> None:
    src = image.get("src", "")
    if src.startswith(images.REMOTE):
        return
    found = images.find(src, article.path.parent, context.root)
    if isinstance(found, images.Missing):
        absent.append((found, _line_of(src, article), 0))
        _take_out(image)
        return
    assets[found.path] = found
    image.set("src", found.path)
    if found.width and not image.get("width"):
        image.set("width", str(found.width))
        image.set("height", str(found.height))


def _take_out(image: HtmlElement) -> None:
    """Remove a picture, and what stood around it for its sake alone."""
    around = image.getparent()
    image.drop_tree()
    while around is not None and around.tag in {"a", "p", "figure"} and not around.text_content().strip():
        around, empty = around.getparent(), around
        if empty.find(".//img") is None:
            empty.drop_tree()


def _line_of(src: str, article: Article) -> int:
    at = article.markdown.find(src) if src else -1
    return article.body_line + article.markdown.count("\n", 0, at) if at >= 0 else article.body_line


def _missing(missing: images.Missing, article: Article, line: int, column: int = 0) -> Finding:
    mend = "Put the file beside the article, or write its whole address; until then it is left out."
    return Finding(
        rule="image.missing",
        severity="warn",
        why=missing.why,
        mend=mend,
        file=article.name,
        line=line,
        column=column,
    )
