"""The article as one document to paste into an editor that has no open API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from content.composed import compose
from content.markdown import serialize
from content.rendition import Asset, Rendition
from content.view import view
from content.wording import hashtag

if TYPE_CHECKING:
    from content.article import Article
    from content.context import Context
    from content.findings import Finding
    from content.fitting import Limits

TAGS = 5  # as many as Medium takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Story(Rendition):
    """What a person pastes: the document, its pictures beside it, and what the editor asks for."""

    title: str
    subtitle: str
    html: str
    original: str  # to be named as the canonical address, so that search engines do not count it twice
    tags: tuple[str, ...]
    assets: tuple[Asset, ...] = ()

    @classmethod
    def of(cls, article: Article, context: Context, channel: str, _limits: Limits) -> Story:
        """Render with `templates/story/article.html`."""
        composed = compose(article, context)
        html = context.templates.get_template("story/article.html").render(
            **view(article, context),
            body=Markup(serialize(composed.root)),  # noqa: S704 - nh3 has cleaned it
            link=context.tracked(article, channel, "social"),
        )
        return cls(
            title=article.meta.title,
            subtitle=article.description,
            html=html,
            original=context.public_url(article),
            tags=tuple(tag for tag in article.meta.tags[:TAGS] if hashtag(tag)),
            assets=composed.assets,
        )

    def check(self, _channel: str, _limits: Limits) -> list[Finding]:
        """An editor takes what is pasted."""
        return []
