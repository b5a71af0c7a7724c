"""A picture cut for one network: its size, its bytes, its formats, and nothing in it that a camera wrote."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from content.rendition import Asset

if TYPE_CHECKING:
    from PIL.Image import Image

JPEG, PNG, GIF, WEBP, AVIF = "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"
ENDINGS = {JPEG: ".jpg", PNG: ".png", WEBP: ".webp", AVIF: ".avif"}
PIXELS = 80_000_000  # of a source: beyond that it is somebody's trick
QUALITIES = (88, 80, 70, 60)
ORIENTATION = 0x0112  # in EXIF
STEP = 0.8  # each side, where even the lowest quality is too heavy
# what a file may say of itself beside its pixels; EXIF, XMP, comments and the like tell where it was taken
HARMLESS = {
    *("jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "progressive", "progression", "adobe"),
    *("adobe_transform", "icc_profile", "gamma", "srgb", "transparency", "interlace", "aspect", "chromaticity"),
    *("version", "background", "duration", "loop", "extension"),  # of a GIF
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """What a network takes for a picture."""

    width: int  # pixels, the most
    height: int
    bytes: int
    types: frozenset[str] = frozenset({JPEG, PNG})
    narrowest: float = 0.0  # width to height; a picture beyond is cropped
    widest: float = float("inf")


# the picture of a link's card: one cut serves every network that is given one, and each takes a megabyte
CARD = Canvas(width=1200, height=627, bytes=1_000_000, narrowest=1.9, widest=1.92)


class Unusable(Exception):
    """Why a picture can't be cut, for people."""


@lru_cache(maxsize=32)
def cut(picture: Asset, canvas: Canvas, focus: tuple[float, float] = (0.5, 0.5)) -> Asset:
    """The picture as a canvas takes it; the same one where it does already. `focus` stays in sight: shares from 0 to 1.

    Raises `Unusable`.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - posts without pictures need none of it

    if picture.media_type == "image/svg+xml":
        raise Unusable("networks take no SVG")
    if picture.width * picture.height > PIXELS:
        raise Unusable(f"it has over {PIXELS // 1_000_000} million pixels")
    try:
        with Image.open(io.BytesIO(picture.data)) as opened:
            if _fits(opened, picture, canvas):
                return picture
            image = _within(_cropped(_upright(opened), canvas, focus), canvas)
            return _encoded(image, picture, canvas)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unusable("it is broken") from error


def sized(picture: Asset, width: int, media_type: str) -> Asset:
    """The whole picture in another width (pixels) and format: AVIF, WebP, or what it is. Raises `Unusable`."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(picture.data)) as opened:
            height = max(1, round(opened.height * width / opened.width))
            image = _within(_upright(opened), Canvas(width=width, height=height + 1, bytes=0))
            return _named(picture, _bytes(image, media_type, drawn=picture.media_type == PNG), media_type, image)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unusable("it is broken") from error


def _fits(image: Image, picture: Asset, canvas: Canvas) -> bool:
    ratio = image.width / image.height
    return (
        picture.media_type in canvas.types
        and len(picture.data) <= canvas.bytes
        and image.width <= canvas.width
        and image.height <= canvas.height
        and canvas.narrowest <= ratio <= canvas.widest
        # what can't be decoded is no picture, and comments may stand at its end
        and image.load() is not None
        and set(image.info) <= HARMLESS
    )


def _upright(image: Image) -> Image:
    """As the camera was held: a turn is written in EXIF, which does not go along."""
    if image.getexif().get(ORIENTATION, 1) == 1:
        return image
    from PIL import ImageOps  # noqa: PLC0415 - few pictures need it

    return ImageOps.exif_transpose(image)


def _cropped(image: Image, canvas: Canvas, focus: tuple[float, float]) -> Image:
    """The part around the focus that has a ratio which the canvas takes."""
    width, height = image.size
    ratio = min(max(width / height, canvas.narrowest), canvas.widest)
    across, down = min(width, round(height * ratio)), min(height, round(width / ratio))
    left = min(max(0, round(width * focus[0] - across / 2)), width - across)
    top = min(max(0, round(height * focus[1] - down / 2)), height - down)
    return image.crop((left, top, left + max(1, across), top + max(1, down)))


def _within(image: Image, canvas: Canvas) -> Image:
    from PIL import Image as Pillow  # noqa: PLC0415

    if image.mode not in {"RGB", "RGBA"}:
        image = _coloured(image)
    image.thumbnail((canvas.width, canvas.height), Pillow.Resampling.BICUBIC, reducing_gap=3.0)
    # what stays here is written into the file again
    image.info = {name: value for name, value in image.info.items() if name == "icc_profile"}
    return image


def _coloured(image: Image) -> Image:
    """In red, green and blue, of eight bits each. A profile of other colours would tell lies of these."""
    mode, profile = image.mode, image.info.get("icc_profile")
    if mode.startswith("I"):  # grey of sixteen bits
        image = image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L")
    if mode == "CMYK" and profile and (matched := _matched(image, profile)):
        return matched
    coloured = image.convert("RGBA" if mode in {"P", "PA", "LA", "La"} else "RGB")
    coloured.info = {name: value for name, value in image.info.items() if name != "icc_profile" or mode in {"P", "PA"}}
    return coloured


def _matched(image: Image, profile: bytes) -> Image | None:
    """Printer's colours as a screen shows them, by their own profile; None where that is broken."""
    from PIL import ImageCms  # noqa: PLC0415

    with suppress(ImageCms.PyCMSError, OSError):
        srgb = ImageCms.createProfile("sRGB")
        matched = ImageCms.profileToProfile(image, io.BytesIO(profile), srgb, outputMode="RGB")
        if matched is not None:
            matched.info = {}
        return matched
    return None


def _encoded(image: Image, picture: Asset, canvas: Canvas) -> Asset:
    """The best that fits: a drawing as PNG, else JPEG, lower and then smaller. Raises `Unusable`."""
    if picture.media_type == PNG and PNG in canvas.types:
        data = _bytes(image, PNG)
        if len(data) <= canvas.bytes:
            return _named(picture, data, PNG, image)
    flat = _flat(image)
    while min(flat.size) > 16:
        for quality in QUALITIES:
            data = _bytes(flat, JPEG, quality=quality)
            if len(data) <= canvas.bytes:
                return _named(picture, data, JPEG, flat)
        flat = flat.resize((round(flat.width * STEP), round(flat.height * STEP)))
    raise Unusable(f"it can't be made smaller than {canvas.bytes:,} bytes")


def _flat(image: Image) -> Image:
    """On white where it was transparent: JPEG knows no other way."""
    from PIL import Image as Pillow  # noqa: PLC0415

    if image.mode != "RGBA":
        return image
    white = Pillow.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _bytes(image: Image, media_type: str, quality: int = QUALITIES[1], *, drawn: bool = False) -> bytes:
    """The picture as a file. What was `drawn` (lines, letters) keeps its edges."""
    file = io.BytesIO()
    profile = image.info.get("icc_profile")
    match media_type:
        case "image/png":
            image.save(file, "PNG", optimize=True, icc_profile=profile)
        case "image/webp":
            image.save(file, "WEBP", quality=quality, lossless=drawn, icc_profile=profile)
        case "image/avif":
            # speed 8 of 10 takes a third of the time of 6, for files a fifth larger
            fine = {"quality": 75, "subsampling": "4:4:4"} if drawn else {"quality": 60}
            image.save(file, "AVIF", speed=8, icc_profile=profile, **fine)
        case _:
            _flat(image).save(file, "JPEG", quality=quality, optimize=True, icc_profile=profile)
    return file.getvalue()


def _named(picture: Asset, data: bytes, media_type: str, image: Image) -> Asset:
    stem = PurePosixPath(picture.path).stem.rpartition("-")[0] or PurePosixPath(picture.path).stem
    path = f"{stem}-{sha256(data).hexdigest()[:8]}{ENDINGS[media_type]}"
    return replace(picture, path=path, data=data, media_type=media_type, width=image.width, height=image.height)
