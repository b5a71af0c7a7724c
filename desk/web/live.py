"""Tells open pages that a file was saved, or that a campaign has moved on."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from watchfiles import Change, awatch

from content.findings import Refused
from content.templates import SHIPPED
from flows.errors import Unusable
from flows.plan import ARTICLES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from desk.web.boards import Boards

STEP, SETTLE = 10, 60  # milliseconds: how often is looked, and how long a burst of writes may last
SLOW = 500  # milliseconds between looks where the system tells nothing
BEAT = 15.0  # seconds between signs of life, for a browser that is gone to be noticed
EVERYTHING = "*"
EVERY, SHARE = 1.0, 5  # seconds between two looks at the ledger, and at least so many times as long as a look takes
OPENING = 10  # looks: the longest that a page may take from being drawn to listening


class Bell:
    """Rings on every open page. A page that is slow to listen gets all it missed as one ring."""

    def __init__(self, turns: Callable[[], int], pulse: Callable[[], int] = int) -> None:
        self._turns, self._pulse = turns, pulse
        self._listeners: set[asyncio.Queue[frozenset[str]]] = set()
        self._over = asyncio.Event()

    @property
    def heard(self) -> bool:
        """Whether a page is open."""
        return bool(self._listeners)

    def ring(self, names: frozenset[str]) -> None:
        """Say which articles changed, by their names, and which campaigns, by their addresses."""
        for listener in self._listeners:
            listener.put_nowait(names)

    def stop(self) -> None:
        """End every stream, so that the server can end."""
        self._over.set()
        self.ring(frozenset())

    async def listen(self) -> AsyncIterator[str]:
        """Server-sent events, until the server ends or the browser goes."""
        listener: asyncio.Queue[frozenset[str]] = asyncio.Queue()
        self._listeners.add(listener)
        try:
            yield f"retry: 500\n{self._event('open', [])}"
            while not self._over.is_set():
                try:
                    names = await asyncio.wait_for(listener.get(), BEAT)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                while not listener.empty():
                    names |= listener.get_nowait()
                if names:
                    yield self._event("saved", sorted(names))
        finally:
            self._listeners.discard(listener)

    def _event(self, kind: str, names: list[str]) -> str:
        told = {"turn": self._turns(), "pulse": self._pulse(), "names": names}
        return f"event: {kind}\ndata: {json.dumps(told)}\n\n"


async def watch(root: Path, more: Iterable[Path], changed: Callable[[frozenset[str]], None]) -> None:
    """Call `changed` with the names of the articles that a save touches; `*` is all of them."""
    articles = (root / ARTICLES).resolve()
    files = {path.resolve() for path in more}
    folders = {root / "content", root / "templates", root / "outbox", SHIPPED, *(path.parent for path in files)}
    standing = [folder for folder in folders if folder.is_dir()]
    async for batch in _batches(standing):
        changed(frozenset(_name(Path(path), articles, files) for _, path in batch))


async def follow(boards: Boards, bell: Bell) -> None:
    """Ring for campaigns that have moved on, while a page is open."""
    loop = asyncio.get_running_loop()
    pause, silent = EVERY, 0
    while True:
        await asyncio.sleep(pause)
        silent = 0 if bell.heard else silent + 1
        if silent == OPENING:
            boards.forget()
        if silent:
            continue
        began = loop.time()
        with suppress(Refused, Unusable):  # a page that asks says what is wrong
            bell.ring(await run_in_threadpool(boards.changed))
        pause = max(EVERY, SHARE * (loop.time() - began))


async def _batches(folders: list[Path]) -> AsyncIterator[set[tuple[Change, str]]]:
    """What changed, as the system tells it; where it tells nobody more (its watches are used up), by looking."""
    try:
        async for batch in awatch(*folders, step=STEP, debounce=SETTLE):
            yield batch
    except (OSError, RuntimeError):
        async for batch in awatch(*folders, force_polling=True, poll_delay_ms=SLOW):
            yield batch


def _name(path: Path, articles: Path, files: set[Path]) -> str:
    """An article's own file touches that article; a picture, a template or the brand may touch any."""
    own = path.suffix == ".md" and (path.parent == articles or path in files)
    return path.stem if own else EVERYTHING
