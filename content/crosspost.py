"""The article once more on somebody else's site, in Markdown, with a canonical link to ours: dev.to, Hashnode."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from content.composed import compose
from content.markdown import serialize
from content.rendition import Rendition
from content.view import view

if TYPE_CHECKING:
    from content.article import Article
    from content.context import Context
    from content.findings import Finding
    from content.fitting import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossPost(Rendition):
    """Pictures are those of our own page: the services take none, so the page must be live."""

    slug: str
    title: str
    description: str
    markdown: str
    original: str  # the canonical address
    language: str
    published: date
    tags: tuple[str, ...]
    cover: str = ""  # a picture's address

    @classmethod
    def of(cls, article: Article, context: Context, channel: str, _limits: Limits) -> CrossPost:
        """Render with `templates/crosspost/article.md`."""
        from content.importing import from_html, signs  # noqa: PLC0415 - a second HTML parser that few runs need

        meta, composed = article.meta, compose(article, context)
        body = from_html.read(serialize(composed.root), article.name, context.page_url(article)).body
        text = context.templates.get_template("crosspost/article.md").render(
            **view(article, context),
            body=body.strip(),
            words=signs.words,
            link=context.tracked(article, channel, "crosspost"),
        )
        return cls(
            slug=meta.slug,
            title=meta.title,
            description=article.description,
            markdown=text.strip() + "\n",
            original=context.public_url(article),
            language=meta.language,
            published=meta.date,
            tags=meta.tags,
            cover=context.absolute(composed.hero.src, article) if composed.hero else "",
        )

    def check(self, _channel: str, _limits: Limits) -> list[Finding]:
        """A service's own limits are its adapter's."""
        return []
