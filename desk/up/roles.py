"""Which processes make a press, how each is started, and in which order they end."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from desk.up.child import Role
from flows.engine import runs_there

STALE = 60.0  # seconds without a sign of life
KILLING = 15.0  # seconds that a worker needs to end what did not end by itself
TITLES = {
    "server": "Prefect's server",
    "deployments": "What can be run",
    "warm": "The warm starter",
    "worker": "The worker",
    "tender": "The tender",
}


def server(api: str, port: int, home: Path) -> Role:
    """Prefect's server, for this machine alone. It ends last: a run that ends must tell it so."""
    command = ("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
    return _role("server", command, well=partial(runs_there, api, home), stage=2, grace=10.0, vital=True)


def deployments(root: Path) -> Role:
    """Has the server know what can be run."""
    return _role("deployments", ("-m", "flows.deploying", str(root)), well=bool, once=True, vital=True)


def warm(folder: Path) -> Role:
    """Holds everything loaded that a flow run needs; without it they start slower. It outlives the worker's runs."""
    socket = socket_in(folder)
    command = ("-m", "flows.warming", str(socket))
    return _role("warm", command, well=socket.exists, sign=socket, stage=1, spare=True)


def worker(name: str, limit: int, grace: float, folder: Path) -> Role:
    """Takes runs. It is the first to end, and those that it has begun may end before."""
    beat = folder / "worker.beat"
    command = ("-m", "flows.working", "--name", name, "--limit", str(limit), "--grace", str(grace), "--beat", str(beat))
    return _role("worker", command, well=partial(beats, beat), sign=beat, grace=grace + KILLING, vital=True)


def tender(root: Path, folder: Path) -> Role:
    """Has the server agree with the ledger. It may give signs of life in a file."""
    beat = folder / "tender.beat"
    command = ("-m", "flows.tending", str(root), str(beat))
    return _role("tender", command, well=lambda: not beat.exists() or beats(beat), sign=beat)


def socket_in(folder: Path) -> Path:
    """Where the warm starter listens."""
    return folder / "warm.sock"


def beats(beat: Path) -> bool:
    """Whether a file was touched a moment ago."""
    try:
        return time.time() - beat.stat().st_mtime < STALE
    except FileNotFoundError:
        return False


def _role(name: str, command: tuple[str, ...], **more: Any) -> Role:
    return Role(name=name, title=TITLES[name], command=(sys.executable, *command), **more)
