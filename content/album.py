"""The pictures of a post, cut for its network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from content import images
from content.composed import Shown, compose, show
from content.pictures import Unusable, cut

if TYPE_CHECKING:
    from content.article import Article
    from content.context import Context
    from content.fitting import Limits
    from content.meta import Picture
    from content.pictures import Canvas
    from content.rendition import Asset


class Album:
    """A post's own pictures and its card's; remembers which are left out, and why."""

    def __init__(self, article: Article, context: Context, channel: str, limits: Limits) -> None:
        self.article = article
        self.context = context
        self.limits = limits
        self.unusable: list[str] = []
        self.pictures = tuple(filter(None, map(self._picture, self._wanted(channel)))) if limits.images else ()
        self.thumbnail = self._thumbnail()

    def _wanted(self, channel: str) -> list[Picture]:
        """The pictures that the article names for the channel, as many as its network shows."""
        own, hero, most = self.article.overrides(channel), self.article.meta.hero, self.limits.images
        named = [*filter(None, (own.image,)), *own.images]
        if not named and hero and self.limits.pictured:
            named = [hero]
        if len(named) > most:
            self.unusable.append(f"{len(named)} pictures are named, and {most} can go with the post.")
        return named[:most]

    def _picture(self, picture: Picture) -> Asset | None:
        shown = show(picture, self.article, self.context)
        if shown is None:
            return None
        if isinstance(shown, images.Missing):
            self.unusable.append(shown.why)
            return None
        if shown.asset is None:
            self.unusable.append(f"'{picture.src}' stands elsewhere on the web, and posts carry files.")
            return None
        made = self._cut(shown.asset, self.limits.picture, picture)
        return replace(made, alt=picture.alt) if made else None

    def _thumbnail(self) -> Asset | None:
        hero: Shown | None = compose(self.article, self.context).hero
        if hero is None or hero.asset is None:
            return None
        return self._cut(hero.asset, self.limits.thumbnail, hero.picture)

    def _cut(self, asset: Asset, canvas: Canvas | None, picture: Picture) -> Asset | None:
        try:
            return cut(asset, canvas, picture.point) if canvas else asset
        except Unusable as error:
            self.unusable.append(f"'{picture.src}' can't go with the post: {error}.")
            return None
