"""What one channel will carry, frozen, and its digest over the exact bytes."""

import json
from dataclasses import dataclass, field, fields
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file that goes with a rendition. `path` is where its rendition refers to it."""

    path: str
    data: bytes
    media_type: str
    alt: str = ""
    width: int = 0  # pixels; 0 where it is not known (SVG)
    height: int = 0
    file: Path | None = field(default=None, compare=False)  # where it was read

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hex."""
        return sha256(self.data).hexdigest()


class Rendition:
    """Base of Page, Newsletter and Post: equal digests mean that readers see the very same thing."""

    __slots__ = ()

    @property
    def canonical(self) -> str:
        """Every field as JSON in one spelling: text, links, and the digest of each asset."""
        return json.dumps(_plain(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical spelling, in hex."""
        return sha256(self.canonical.encode()).hexdigest()


def _plain(value: Any) -> Any:
    match value:
        case Asset():
            return {
                "path": value.path,
                "sha256": value.digest,
                "type": value.media_type,
                "alt": value.alt,
            }
        case str() | int() | None:
            return value
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(item) for item in value]
    known = {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.compare}
    return {"form": type(value).__name__, **known}
