"""The pictures of a post, cut for its network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from content import images
from content.composed import compose, show
from content.pictures import Unusable
from content.sharecard import share_picture

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
        if self.limits.thumbnail is None:
            return None
        card = share_picture(self.article, self.context, compose(self.article, self.context).hero)
        return self._cut(card.asset, self.limits.thumbnail, card.picture) if card and card.asset else None

    def _cut(self, asset: Asset, canvas: Canvas | None, picture: Picture) -> Asset | None:
        try:
            return self.context.darkroom.cut(asset, canvas, picture.point) if canvas else asset
        except Unusable as error:
            self.unusable.append(f"'{picture.src}' can't go with the post: {error}.")
            return None
