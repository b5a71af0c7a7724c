"""`pressroom preview`: the desk in a browser, or a copy of it in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.plan import article_path

if TYPE_CHECKING:
    from pathlib import Path

    from desk.console import Voice


def preview_article(named: str, root: Path, voice: Voice, *, port: int, browser: bool) -> int:
    """Serve the desk until Ctrl-C. Raises `Refused`."""
    from desk.web.server import serve  # noqa: PLC0415 - a copy needs no server

    return serve(root, article_path(named, root) if named else None, port, voice, browser=browser)
