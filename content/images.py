"""Pictures of an article: found on disk, named by what is in them, measured."""

import io
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import imagesize

from content.rendition import Asset
from content.words import slug

TYPES = {"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/svg+xml"}
MAX_BYTES = 20 * 1024 * 1024
REMOTE = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a picture can't be shown, and where it was looked for."""

    why: str
    places: tuple[Path, ...] = ()


def find(src: str, beside: Path, root: Path) -> Asset | Missing:
    """A picture by its path beside a file, or from the project's root. Its name carries its digest."""
    places = tuple(folder / src.lstrip("/") for folder in (beside, root, root / "content"))
    for path in places:
        if path.is_file() and _within(path.resolve(), beside, root):
            return _read(path, path.stat().st_mtime_ns)
    return Missing(f"There is no picture '{src}' beside the article.", places)


def _within(path: Path, *folders: Path) -> bool:
    # an article from elsewhere must not carry /etc/passwd out as a picture
    return any(path.is_relative_to(folder.resolve()) for folder in folders)


@lru_cache(maxsize=64)
def _read(path: Path, _modified: int) -> Asset | Missing:
    media_type = mimetypes.guess_type(path.name)[0] or ""
    if media_type not in TYPES:
        return Missing(f"'{path.name}' is no picture that browsers show (JPEG, PNG, GIF, WebP, AVIF, SVG).")
    if path.stat().st_size > MAX_BYTES:
        return Missing(f"'{path.name}' is over {MAX_BYTES // 1024 // 1024} MB.")
    data = path.read_bytes()
    size = (0, 0) if media_type == "image/svg+xml" else _size(data)
    if size is None:
        return Missing(f"'{path.name}' is broken, or is not the kind of picture that its name says.")
    # a name that stands in any address and any `srcset` as it is
    name = f"{slug(path.stem)}-{sha256(data).hexdigest()[:8]}{path.suffix.lower()}"
    return Asset(path=name, data=data, media_type=media_type, width=size[0], height=size[1], file=path)


def _size(data: bytes) -> tuple[int, int] | None:
    width, height = imagesize.get(io.BytesIO(data))
    return (width, height) if width > 0 and height > 0 else None
