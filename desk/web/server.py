"""Runs the desk: a free port on this machine, a browser, a clean end."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import webbrowser
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from content.findings import Finding, Refused
from desk.proofs.workbench import Workbench
from desk.web.app import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from desk.console import Voice

FIRST, TRIES = 8765, 20


def serve(root: Path, article: Path | None, port: int, voice: Voice, *, browser: bool) -> int:
    """Serve until Ctrl-C. Raises `Refused` where no port is free."""
    gc.enable()  # a command runs without it, a server must not
    with listen(port) as door:
        more = (article,) if article else ()
        desk = Desk(Workbench(root, more), more)
        path = f"/articles/{article.stem}" if article else "/"
        address = f"http://127.0.0.1:{door.getsockname()[1]}{path}"
        with suppress(KeyboardInterrupt):  # uvicorn ends in order, then raises it again
            asyncio.run(Server(desk, partial(_tell, address, voice, browser=browser)).serve(sockets=[door]))
    voice.say("\nClosed.", "dim")
    return 0


def _tell(address: str, voice: Voice, *, browser: bool) -> None:
    voice.say(f"The desk is open at {address}", "bold")
    voice.say("Save a file, and the proofs follow. Ctrl-C ends it.", "dim")
    voice.data({"address": address})
    if browser:
        threading.Timer(0.3, webbrowser.open, [address]).start()


def listen(port: int) -> socket.socket:
    """A listening socket on loopback: the port asked for, or the next free one. Raises `Refused`."""
    for number in range(port or FIRST, (port or FIRST) + TRIES):
        door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", number))
            door.listen(128)
        except (OSError, OverflowError):
            door.close()
            continue
        return door
    why = f"No port from {port or FIRST} to {(port or FIRST) + TRIES - 1} is free on this machine."
    raise Refused([Finding(rule="desk.port", severity="block", why=why, mend="Give another with --port.")])


class Server(uvicorn.Server):
    """Says where it is once it can be ended. Open pages listen for ever: on Ctrl-C they are told to stop first.

    Where another looks after signals (`alone=False`), it ends once `should_exit` is set.
    """

    def __init__(self, desk: Desk, ready: Callable[[], None], *, alone: bool = True) -> None:
        config = uvicorn.Config(
            desk.app(),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
            server_header=False,
            lifespan="on",
        )
        super().__init__(config)
        self._desk, self._ready, self._alone = desk, ready, alone

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals for the time of serving."""
        with super().capture_signals() if self._alone else nullcontext():
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so: a Ctrl-C before that would meet nobody who listens for it."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then the server."""
        self._desk.bell.stop()
        await super().shutdown(sockets)
