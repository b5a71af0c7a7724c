"""What templates may say about an article: the one list of their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from content.composed import compose
from content.words import long_date

if TYPE_CHECKING:
    from content.article import Article
    from content.context import Context

WORDS_A_MINUTE = 230


def view(article: Article, context: Context) -> dict[str, Any]:
    """Names for page and newsletter templates. `meta` is the front matter, `brand` the brand file."""
    meta, brand, composed = article.meta, context.brand, compose(article, context)
    style = brand.date_format
    return {
        "article": article,
        "meta": meta,
        "brand": brand,
        "labels": brand.labels,
        "colours": brand.colours,
        "fonts": brand.fonts,
        "title": meta.title,
        "description": article.description,
        "language": meta.language,
        "direction": article.direction,
        "published": long_date(meta.date, meta.language, style),
        "updated": long_date(meta.updated, meta.language, style) if meta.updated else "",
        "minutes": max(1, round(article.body.words / WORDS_A_MINUTE)),
        "hero": composed.hero,
        "url": context.public_url(article),
        "page_url": context.page_url(article),
    }
