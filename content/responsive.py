"""Pictures in a page: several widths and formats to choose from, and room kept for them before they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml.html import Element

from content.pictures import AVIF, JPEG, PNG, WEBP, Canvas, Unusable

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from content.darkroom import Darkroom
    from content.rendition import Asset

WIDTHS = (480, 800, 1200, 1600)  # pixels; a column of 704 CSS pixels on screens of up to two pixels each
FALLBACK = Canvas(width=1600, height=4000, bytes=4_000_000, types=frozenset({JPEG, PNG, WEBP}))
COLUMN = "(min-width: 47rem) 44rem, calc(100vw - 2.5rem)"
WIDE = "(min-width: 64rem) 56rem, " + COLUMN


class Gallery:
    """The pictures of one page. `assets` are the files that it needs."""

    def __init__(self, darkroom: Darkroom, assets: tuple[Asset, ...]) -> None:
        self._darkroom = darkroom
        self._originals = {asset.path: asset for asset in assets}
        self._made: dict[str, Asset] = {}

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Every file, each once."""
        return tuple(self._made.values())

    def add(self, asset: Asset) -> Asset:
        """One more file that goes with the page."""
        return self._made.setdefault(asset.path, asset)

    def hang(self, image: HtmlElement, sizes: str = COLUMN) -> HtmlElement:
        """Put a `picture` in the place of an `img` whose `src` is one of ours, or leave it. Gives what stands there."""
        asset = self._originals.get(image.get("src", ""))
        if asset is None:
            return image
        try:
            shown, sources = self._printed(asset)
        except Unusable:
            self.add(asset)  # a browser may know better
            return image
        image.set("src", shown.path)
        image.set("width", str(shown.width or asset.width))
        image.set("height", str(shown.height or asset.height))
        if not shown.width:
            del image.attrib["width"], image.attrib["height"]
        return _framed(image, sources, sizes) if sources else image

    def _printed(self, asset: Asset) -> tuple[Asset, dict[str, list[Asset]]]:
        """What every browser shows, and what newer ones may take instead."""
        if asset.media_type not in FALLBACK.types:
            return self.add(asset), {}
        shown = self.add(self._darkroom.cut(asset, FALLBACK))
        widths = [width for width in WIDTHS if width < shown.width] + [shown.width]
        sources = {kind: [self._darkroom.sized(asset, w, kind) for w in widths] for kind in (AVIF, WEBP)}
        kept = {kind: made for kind, made in sources.items() if len(made[-1].data) < len(shown.data)}
        for made in kept.values():
            for file in made:
                self.add(file)
        return shown, kept


def _framed(image: HtmlElement, sources: dict[str, list[Asset]], sizes: str) -> HtmlElement:
    frame = Element("picture")
    frame.tail, image.tail = image.tail, None
    around = image.getparent()
    if around is not None:
        around.replace(image, frame)
    for media_type, made in sources.items():
        offered = ", ".join(f"{file.path} {file.width}w" for file in made)
        frame.append(Element("source", {"type": media_type, "srcset": offered, "sizes": sizes}))
    frame.append(image)
    return frame
