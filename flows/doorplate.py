"""Where this project's press is running, for whoever comes by: `.pressroom/up.json`, hung up by `pressroom up`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from channels.disk import alive, place_file

FILE = Path(".pressroom") / "up.json"
PATIENCE = 5.0  # seconds for the desk to say that it is there: it may be drawing a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorplate:
    """A running press: its process, its desk, and its Prefect server."""

    pid: int
    desk: str  # http://127.0.0.1:8765
    prefect: str  # http://127.0.0.1:4200: Prefect's pages
    since: str  # ISO 8601, UTC

    @property
    def api(self) -> str:
        """What PREFECT_API_URL is to be."""
        return f"{self.prefect}/api"


def hang(root: Path, plate: Doorplate) -> None:
    """Hang it up. Raises `OSError`."""
    place_file(root / FILE, json.dumps(asdict(plate), indent=2).encode())


def take_down(root: Path) -> None:
    """Take it down, if it is this process's own."""
    plate = _written(root)
    if plate and plate.pid == os.getpid():
        (root / FILE).unlink(missing_ok=True)


def find(root: Path) -> Doorplate | None:
    """The press that runs here. A plate whose process is gone, or whose desk is another's, is not believed."""
    plate = _written(root)
    return plate if plate and alive(plate.pid) and health(plate).get("pid") == plate.pid else None


def health(plate: Doorplate, seconds: float = PATIENCE) -> dict[str, Any]:
    """What the desk says of the press; nothing where nobody answers."""
    try:
        with urlopen(f"{plate.desk}/health", timeout=seconds) as answer:  # noqa: S310 - this machine's own desk
            found = json.load(answer)
    except HTTPError as error:
        with error:  # 503: it starts, or something is wrong; it says what
            found = _read(error.read())
    except (URLError, OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _written(root: Path) -> Doorplate | None:
    try:
        return Doorplate(**json.loads((root / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _read(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {}
