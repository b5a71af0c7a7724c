"""Pictures made from others or from drawings, kept on disk: each is made once, whoever asks for it."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from content.rendition import Asset

if TYPE_CHECKING:
    from collections.abc import Callable

    from content.pictures import Canvas

RECIPES = 2  # raised where the same recipe makes other bytes


@cache
def version(library: str) -> str:
    """A library's, looked up once: that reads a file."""
    return metadata.version(library)


class Darkroom:
    """Makes what is not in its folder yet. A folder that takes nothing, or holds broken files, is no error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def cut(self, picture: Asset, canvas: Canvas, focus: tuple[float, float] = (0.5, 0.5)) -> Asset:
        """As `content.pictures.cut`. Raises `Unusable`."""

        def make() -> Asset:
            from content.pictures import cut  # noqa: PLC0415 - Pillow takes its time, and is rarely needed

            return cut(picture, canvas, focus)

        recipe = ("cut", version("pillow"), picture.digest, picture.path, repr(canvas), repr(focus))
        return replace(self._kept(recipe, make), alt=picture.alt)

    def sized(self, picture: Asset, width: int, media_type: str) -> Asset:
        """The picture in another width and format, for browsers that prefer those. Raises `Unusable`."""

        def make() -> Asset:
            from content.pictures import sized  # noqa: PLC0415

            return sized(picture, width, media_type)

        recipe = ("sized", version("pillow"), picture.digest, picture.path, str(width), media_type)
        return replace(self._kept(recipe, make), alt=picture.alt)

    def drawn(
        self, svg: str, fonts: tuple[Path, ...], name: str, size: tuple[int, int], *, others: bool = False
    ) -> Asset:
        """A drawing as PNG, with no other fonts than these (TrueType files), or `others` of the machine's as well.

        Raises `ValueError`.
        """

        def make() -> Asset:
            from resvg_py import svg_to_bytes  # noqa: PLC0415

            files = [str(font) for font in fonts]
            data = bytes(svg_to_bytes(svg_string=svg, skip_system_fonts=not others, font_files=files))
            return Asset(path="", data=data, media_type="image/png", width=size[0], height=size[1])

        made = self._kept(("drawn", version("resvg-py"), svg, *(str(font.name) for font in fonts)), make)
        return replace(made, path=f"{name}-{made.digest[:8]}.png")

    def _kept(self, recipe: tuple[str, ...], make: Callable[[], Asset]) -> Asset:
        file = self._folder / sha256("\x1f".join((str(RECIPES), *recipe)).encode()).hexdigest()[:40]
        with suppress(OSError, ValueError, LookupError, TypeError):
            return _read(file.read_bytes())
        made = make()
        with suppress(OSError):
            _write(file, made)
        return made


def _read(kept: bytes) -> Asset:
    """Raises `ValueError` where the file was cut short or changed."""
    head, _, data = kept.partition(b"\n")
    told = json.loads(head)
    if told.pop("sha256") != sha256(data).hexdigest():
        raise ValueError("not what was written")
    return Asset(data=data, **told)


def _write(file: Path, made: Asset) -> None:
    told = {"path": made.path, "media_type": made.media_type, "width": made.width, "height": made.height}
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=file.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(json.dumps({**told, "sha256": made.digest}).encode() + b"\n" + made.data)
        Path(partial).replace(file)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
