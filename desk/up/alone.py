"""One press a project: a lock that the system lets go of when its holder dies, and ports that are free."""

from __future__ import annotations

import fcntl
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from content.findings import Finding, Refused
from flows import doorplate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from desk.console import Voice
    from flows.doorplate import Doorplate

PATIENCE = 90.0  # seconds for what a killed press leaves behind to end
MOMENT = 2.0  # seconds until one that is only starting has hung up where it is
TRIES = 20  # ports after the usual one


@contextmanager
def only_one(root: Path, voice: Voice) -> Iterator[int]:
    """Hold the project's lock; it is given as a file descriptor. Raises `Refused` where the press runs already."""
    place = root / ".pressroom"
    try:
        place.mkdir(exist_ok=True)
        file = (place / "up.lock").open("ab")
    except OSError as error:
        raise Refused([_refusal("up.folder", f"{place} can't be written: {error.strerror}.", "")]) from error
    with file:
        _lock(file.fileno(), root, voice)
        yield file.fileno()


def _lock(descriptor: int, root: Path, voice: Voice) -> None:
    began, told = time.monotonic(), False
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if plate := doorplate.find(root):
                raise Refused([_running(plate)]) from None
        waited = time.monotonic() - began
        if waited > PATIENCE:
            why = "Another `pressroom up` holds this project, and does not answer."
            raise Refused([_refusal("up.running", why, "Look for it: ps ax | grep 'pressroom up'")])
        if waited > MOMENT and not told:
            told = True
            voice.say("The press before this one was killed: what it had begun ends first …", "dim")
        time.sleep(0.2)


@contextmanager
def free_port(port: int, usual: int, option: str) -> Iterator[int]:
    """The port asked for, or the usual one, or the next that is free. Raises `Refused`.

    A server takes it seconds later. No other press does meanwhile: UDP's port of that number is held as a sign.
    """
    for number in [port] if port else range(usual, usual + TRIES):
        with socket.socket(type=socket.SOCK_DGRAM) as sign, socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if not _bound(sign, number) or not _bound(probe, number):
                continue
            probe.close()
            yield number
            return
    why = f"Port {port} is taken on this machine, or none." if port else f"No port from {usual} on is free."
    raise Refused([_refusal("up.port", why, f"Give another with {option}.")])


def _bound(door: socket.socket, number: int) -> bool:
    try:
        door.bind(("127.0.0.1", number))
    except (OSError, OverflowError):
        return False
    return True


def _running(plate: Doorplate) -> Finding:
    why = f"The press runs here already: the desk is at {plate.desk}, Prefect's pages are at {plate.prefect}."
    mend = f"Look with `pressroom up --status`. Ctrl-C where it was started ends it, or: kill {plate.pid}"
    return _refusal("up.running", why, mend)


def _refusal(rule: str, why: str, mend: str) -> Finding:
    return Finding(rule=rule, severity="block", why=why, mend=mend)
