"""Runs the desk: a free port on this machine, a browser, a clean end."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from content.findings import Finding, Refused
from desk.proofs.workbench import Workbench
from desk.web.app import Desk

if TYPE_CHECKING:
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
        voice.say(f"The desk is open at {address}", "bold")
        voice.say("Save a file, and the proofs follow. Ctrl-C ends it.", "dim")
        voice.data({"address": address})
        if browser:
            threading.Timer(0.3, webbrowser.open, [address]).start()
        with suppress(KeyboardInterrupt):  # uvicorn ends in order, then raises it again
            asyncio.run(_run(desk, door))
    voice.say("\nClosed.", "dim")
    return 0


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


async def _run(desk: Desk, door: socket.socket) -> None:
    config = uvicorn.Config(
        desk.app(),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
        lifespan="on",
    )
    server = _Server(config, desk)
    await server.serve(sockets=[door])


class _Server(uvicorn.Server):
    """Open pages listen for ever: on Ctrl-C they are told to stop first."""

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self._desk = desk

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then the server."""
        self._desk.bell.stop()
        await super().shutdown(sockets)
