"""Runs the public server at which readers leave the list."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from content.findings import Finding, Refused
from desk.mail.leaving import create

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

    from desk.console import Voice

PORT = 8766


def serve_mail(
    root: Path, voice: Voice, *, host: str = "127.0.0.1", port: int = PORT, forwarded: str = "127.0.0.1"
) -> int:
    """Serve until Ctrl-C or SIGTERM. Raises `Refused` where the port is taken, `Unusable` where there is no secret.

    `forwarded` names the proxies, by address, whose word on who is asking is taken.
    """
    gc.enable()  # a command runs without it, a server must not
    app = create(root)
    with closing(_door(host, port)) as door, _ending(), suppress(KeyboardInterrupt):
        ready = partial(_tell, host, door.getsockname()[1], voice)
        asyncio.run(_run(app, door, forwarded, ready))  # uvicorn ends in order, then raises what ended it again
    voice.say("\nClosed.", "dim")
    return 0


def _tell(host: str, port: int, voice: Voice) -> None:
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    voice.say(f"Readers can leave the list at {address}/u/…", "bold")
    voice.say("They must reach it over HTTPS: put a web server with a certificate in front of it.")
    voice.say("Ctrl-C ends it.", "dim")
    voice.data({"address": address})


def _door(host: str, port: int) -> socket.socket:
    """A listening socket at just this address, for a proxy has been told of it. Raises `Refused`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except (OSError, OverflowError, UnicodeError, TypeError) as error:
        why = f"Nothing can listen at {host}, port {port}: {getattr(error, 'strerror', None) or error}."
        mend = "Perhaps it runs already. Give another port with --port, and tell the web server in front of it."
        raise Refused([Finding(rule="mail.port", severity="block", why=why, mend=mend)]) from error


async def _run(app: ASGIApp, door: socket.socket, forwarded: str, ready: Callable[[], None]) -> None:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # a link is a key: it must stand in no log
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=forwarded,
        limit_concurrency=500,
        timeout_graceful_shutdown=5,
        lifespan="off",
    )
    await _Server(config, ready).serve(sockets=[door])


class _Server(uvicorn.Server):
    """Says that it listens once it does: whoever reads that may ask, or end it, at once."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self._ready()


@contextmanager
def _ending() -> Iterator[None]:
    """A service is ended by SIGTERM: that is no failure, so it counts as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
