"""`pressroom watch`: new articles begin the campaigns that are of each new article, as they are saved or merged."""

from __future__ import annotations

import gc
import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from watchfiles import watch

from desk.campaigns.following import follow
from desk.campaigns.newcomers import Newcomers, Seen, masters
from flows.directing import directing
from flows.errors import Unusable
from flows.plan import ARTICLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from content.findings import Finding
    from desk.console import Voice

SETTLE, BURST = 500, 5000  # milliseconds of quiet after the last save, and the longest wait for it
TICK = 5000  # milliseconds between two looks at what was started meanwhile
log = logging.getLogger("pressroom.watch")


def watch_press(root: Path, voice: Voice, *, once: bool, since: date | None) -> int:
    """Look once, or until Ctrl-C. Exit code 1 where an article could not begin its campaign."""
    with directing(root) as director:
        names = [master.id for master in masters(director)]
    if names:
        voice.say(f"New articles begin: {', '.join(names)}", "bold")
    else:
        voice.say("No campaign of each new article (`each:`) runs. Start one: pressroom campaign start NAME", "warn")
    begun: list[str] = []
    refused: list[Finding] = []

    def told(seen: Seen) -> None:
        _say(seen, root, voice)
        begun.extend(id_ for id_, _ in seen.begun)
        refused.extend(seen.refused)

    if once:
        told(Newcomers(root, since).look())
        if names and not begun and not refused:
            voice.say("No article is new.")
    else:
        gc.enable()  # a command runs without it; this one may run for months
        voice.say(f"Watching {ARTICLES}. Ctrl-C ends it.", "dim")
        with suppress(KeyboardInterrupt):
            watch_articles(root, threading.Event(), told, since)
    voice.data({"campaigns": names, "begun": begun, "refused": refused})
    return 1 if once and refused else 0


def watch_articles(
    root: Path, stopped: threading.Event, told: Callable[[Seen], None] | None = None, since: date | None = None
) -> None:
    """Begin campaigns for new articles until told to stop. What goes wrong is logged, and tried again."""
    newcomers, tell = Newcomers(root, since), told or _log
    for _ in _moments(root / ARTICLES, stopped):
        try:
            seen = newcomers.look()
        except (Unusable, OSError) as error:
            log.warning("%s", error)
            continue
        if seen.begun or seen.refused:
            tell(seen)


def _moments(folder: Path, stopped: threading.Event) -> Iterator[None]:
    """When to look: now, after what is saved there, and every few seconds, for campaigns are started elsewhere."""
    yield
    ways = {"stop_event": stopped, "debounce": BURST, "step": SETTLE, "rust_timeout": TICK, "yield_on_timeout": True}
    while not stopped.is_set():
        try:
            for _ in watch(folder, **ways):  # type: ignore[arg-type]  # its stub takes no mapping
                yield
        except (OSError, RuntimeError):  # no such folder yet, or the system's watches are used up
            if not stopped.wait(TICK / 1000):
                yield


def _say(seen: Seen, root: Path, voice: Voice) -> None:
    for id_, title in seen.begun:
        voice.say(f"“{title}” begins {id_}", "good")
    voice.findings(seen.refused)
    if seen.begun:
        follow([id_ for id_, _ in seen.begun], root, voice)


def _log(seen: Seen) -> None:
    for id_, title in seen.begun:
        log.info("“%s” begins %s", title, id_)
    for finding in seen.refused:
        log.warning("%s", finding)
