"""Have a flow run done by a process that has everything imported already: the command of the deployments.

A worker starts this in place of `python -m prefect.engine`. It hands the run to the warm process (`flows/warming.py`),
passes signals on and ends as the run ends. Where no warm process answers, it becomes `prefect.engine` itself.
It imports next to nothing, for there is one of it for each run.
"""

import os
import signal
import socket
import sys
from contextlib import suppress

PLACE = "PRESSROOM_WARM"  # the variable that names the warm process's socket
PATIENCE = 20.0  # seconds until it must have answered


def main() -> int:
    """The run's exit status; negative, the signal that ended it."""
    with socket.socket(socket.AF_UNIX) as warm:
        if not agreed(warm, os.environ.get(PLACE, "")):
            start_anew()
        return follow(warm)


def agreed(warm: socket.socket, place: str) -> bool:
    """Whether there is a warm process that would go on with our environment, folder and streams."""
    environment = [name + b"=" + value for name, value in os.environb.items()]
    message = b"\0".join([os.getcwdb(), *environment])  # noqa: PTH109 - pathlib is too much to import
    warm.settimeout(PATIENCE)
    try:
        warm.connect(place)
        socket.send_fds(warm, [len(message).to_bytes(4, "big")], [0, 1, 2])
        warm.sendall(message)
        return answer(warm) == 1
    except OSError:
        return False


def follow(warm: socket.socket) -> int:
    """Let it run, and wait for its end. From here on, whatever breaks, the run is not started a second time."""
    warm.settimeout(None)
    try:
        warm.sendall(b"go\n")
        child = answer(warm)
        if child is None:
            return 1
        pass_signals_on(child)
        status = answer(warm)
    except OSError:
        return 1
    return 1 if status is None else status


def answer(warm: socket.socket) -> int | None:
    """The number that comes next; None where the connection ends before."""
    line = b""
    while not line.endswith(b"\n"):
        sign = warm.recv(1)  # never a sign of the line after it
        if not sign:
            return None
        line += sign
    return int(line)


def pass_signals_on(child: int) -> None:
    """What the worker tells us is meant for the run."""

    def forward(number: int, _frame: object) -> None:
        with suppress(ProcessLookupError):  # it has just ended
            os.kill(child, number)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, forward)


def start_anew() -> None:
    """Become what the worker would have started without us."""
    os.execv(sys.executable, [sys.executable, "-m", "prefect.engine", *sys.argv[1:]])  # noqa: S606 - no shell is wanted


def end(status: int) -> None:
    """End in the same way: the worker tells people why."""
    if status < 0:
        with suppress(OSError):  # SIGKILL has no handler
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    end(main())
