"""`pressroom worker` and `pressroom tend`: what other machines run for a server that is elsewhere."""

from __future__ import annotations

import asyncio
import gc
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from desk.up import house, roles
from desk.up.child import Place
from desk.up.house import House, inherited, passing_folder
from flows import engine
from flows.settings import Settings
from flows.sparing import sparing

if TYPE_CHECKING:
    from collections.abc import Callable

    from desk.console import Voice
    from desk.up.child import Role

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def work_beside(root: Path, voice: Voice, *, name: str, limit: int, grace: float) -> int:
    """Take runs, until Ctrl-C or SIGTERM. Raises `Unusable` where there is no server, `Refused`."""
    name = name or socket.gethostname()

    def filled(folder: Path) -> list[Role]:
        return [roles.warm(folder), roles.worker(name, limit, grace, folder), roles.tender(root.resolve(), folder)]

    return _run(root, voice, filled, f"The worker '{name}' takes runs from")


def tend_alone(root: Path, voice: Voice) -> int:
    """Tend campaigns, until Ctrl-C or SIGTERM. Raises `Unusable` where there is no server, `Refused`."""
    return _run(root, voice, lambda folder: [roles.tender(root.resolve(), folder)], "The tender books campaigns at")


def _run(root: Path, voice: Voice, filled: Callable[[Path], list[Role]], said: str) -> int:
    gc.enable()  # a command runs without it, a service must not
    url = engine.server()
    settings = Settings.of(root)
    if not settings.ledger and urlsplit(url).hostname not in LOOPBACK:
        voice.warn("PRESSROOM_LEDGER is not set: this machine has a ledger of its own. Machines that send for one")
        voice.warn("house must share one, or the same goes out twice.")
    with passing_folder() as folder, inherited(folder) as heir:
        spared = sparing(url)
        environment = engine.environment(url, PRESSROOM_WARM=str(roles.socket_in(folder)), **spared)
        place = Place(root=root, environment=environment, logs=None, heir=heir, tell=voice.warn)

        def opened() -> None:
            voice.say(f"{said} {url}. Ctrl-C ends it.", "bold")
            voice.data({"server": url})

        asyncio.run(house.run(House(filled(folder), place, voice), voice, opened))
    return 0
