"""Ends what a killed `pressroom up` leaves behind: a small process of its own, which lives as long as it does.

A process that is killed outright can end nobody. So each child is named to an heir; once the pipe from its
parent closes, the heir ends those that are left, in the same order.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from threading import Event

from desk.up.ending import Group, end_in_order


class Heir:
    """Knows every child. It holds the lock too, so that nobody starts anew before all has ended."""

    def __init__(self, folder: Path, lock: int | None = None) -> None:
        self._folder, self._lock = folder, lock
        self._groups: dict[int, Group] = {}
        self._process = self._start()

    def hold(self, group: Group) -> None:
        """A child has begun."""
        self._groups[group.leader] = group
        self._tell(f"hold {group.leader} {group.stage} {group.grace}")

    def drop(self, group: Group) -> None:
        """A child has ended, with all that it had started."""
        self._groups.pop(group.leader, None)
        self._tell(f"drop {group.leader}")

    def close(self) -> None:
        """There is nothing to inherit any more."""
        self._process.communicate()

    def _tell(self, line: str) -> None:
        try:
            self._write(line)
        except BrokenPipeError:  # it was killed itself
            self._process.wait()
            self._process = self._start()
            for group in self._groups.values():
                self._write(f"hold {group.leader} {group.stage} {group.grace}")

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - this very Python
            [sys.executable, "-m", "desk.up.heir", str(self._folder)],
            stdin=subprocess.PIPE,
            pass_fds=[] if self._lock is None else [self._lock],
            start_new_session=True,  # a Ctrl-C is not meant for it
        )


def left(lines: Iterable[str]) -> list[Group]:
    """The children that are named and have not ended."""
    groups: dict[int, Group] = {}
    for line in lines:
        match line.split():
            case ["hold", leader, stage, grace]:
                groups[int(leader)] = Group(leader=int(leader), stage=int(stage), grace=float(grace))
            case ["drop", leader]:
                groups.pop(int(leader), None)
    return list(groups.values())


def main(folder: Path) -> None:
    """Wait until the parent is gone, then end its children and remove its folder."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_in_order(left(sys.stdin), Event())
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
