"""The warm process: it has imported what flow runs need, and forks one out of itself for each call of `flows.warm`.

`python -m flows.warming SOCKET` listens there until it is told to end (SIGTERM) or whoever started it has ended; runs
that are under way go on. It never starts a thread: a forked process would get its locks without the thread.
"""

from __future__ import annotations

import atexit
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows.basis import Basis, everything, written
from flows.rehearsal import MODULES, rehearse
from flows.starts import Start

ENGINE = "prefect.engine"  # what a worker starts for a run, as `python -m`
LOOK = 1.0  # seconds between looks at whether our parent is still there


def main(place: Path, modules: Iterable[str] = MODULES, engine: str = ENGINE) -> None:
    """Import, then listen; and in each process that is forked, be the run."""
    leaving = Leaving()
    atexit.register(leaving)  # before all imports: of such handlers, the first is the last
    parent, before = os.getppid(), written(everything())
    rehearse(modules)
    if threading.active_count() > 1:
        sys.exit(f"an import has started a thread, so that nothing can be forked: {threading.enumerate()}")
    warm = Warm(place, parent, Basis.laid(before))
    start = warm.serve()
    if start:
        warm.forget(start)
        start.become()
        leaving.run(engine)


class Warm:
    """Listens, forks, and tells each caller how its run ended."""

    def __init__(self, place: Path, parent: int, basis: Basis) -> None:
        self.place, self.parent, self.basis = place, parent, basis
        self.running: dict[int, Start] = {}
        self.told = self.stale = False  # to end; that our code is not what the files say
        self.woken, self.waker = socket.socketpair()
        self.waker.setblocking(False)  # noqa: FBT003 - the standard library's own
        signal.set_wakeup_fd(self.waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a signal that has a handler wakes us
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.end)
        self.listener = listening(place)
        self.selector = selectors.DefaultSelector()
        for watched in (self.woken, self.listener):
            self.selector.register(watched, selectors.EVENT_READ)

    def end(self, *_: object) -> None:
        """Take no more calls, and end when the last run has."""
        self.told = True

    def serve(self) -> Start | None:
        """Answer calls until the end. In a process that is forked for one: what is to be started."""
        while self.running or not self.told:
            for key, _ in self.selector.select(LOOK):
                if key.fileobj is self.woken:
                    self.woken.recv(4096)
                elif key.fileobj is not self.listener:
                    self.kill(key.data)
                elif start := self.answer():
                    return start
            self.reap()
            self.look_around()
        return None

    def answer(self) -> Start | None:
        """Take one call, and fork for it. Gives it back in the forked process."""
        line, _ = self.listener.accept()
        try:
            start = Start.hear(line)
        except OSError:
            line.close()
            return None
        self.stale = self.stale or self.basis.stale
        wanted = start.agree(able=not self.stale and self.basis.suits(start.environment))
        child = os.fork() if wanted else None
        if child == 0:
            return start
        start.let_go()
        if child is None:
            line.close()
            return None
        self.running[child] = start
        self.selector.register(line, selectors.EVENT_READ, child)
        return None

    def kill(self, child: int) -> None:
        """The caller has gone: the worker has killed what it knows of the run."""
        self.selector.unregister(self.running[child].line)
        os.kill(child, signal.SIGKILL)

    def reap(self) -> None:
        """Tell the callers of runs that have ended."""
        while self.running:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            start = self.running.pop(child)
            with suppress(KeyError):  # it is watched no more where it has gone
                self.selector.unregister(start.line)
            with suppress(OSError):
                start.say(os.waitstatus_to_exitcode(status))
            start.line.close()

    def look_around(self) -> None:
        """Listen no more where the end has come; begin again where our code is stale and nobody runs."""
        if os.getppid() != self.parent:
            self.end()
        if self.told and self.listener.fileno() >= 0:
            self.selector.unregister(self.listener)
            self.listener.close()
            self.place.unlink(missing_ok=True)
        elif self.stale and not self.running:
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - no shell is wanted

    def forget(self, start: Start) -> None:
        """In a forked process: let go of what is not its own. An open line tells the caller that it lives."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.selector.close()
        for other in (self.woken, self.waker, self.listener, *(known.line for known in self.running.values())):
            other.close()
        start.say(os.getpid())


@dataclass(slots=True)
class Leaving:
    """How a forked process ends: at once when everybody has flushed, without taking its memory apart."""

    status: int | None = None  # None: in the process that forks

    def run(self, module: str) -> None:
        """Be that module, as `python -m` would be."""
        self.status = 1
        sys.modules.pop(module, None)  # else Python warns that it is there already
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
            self.status = 0
        except SystemExit as ended:
            self.status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
            raise

    def __call__(self) -> None:
        """The last handler at exit."""
        if self.status is None:
            return
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(self.status)


def listening(place: Path) -> socket.socket:
    """A socket that only we may call. Raises `OSError` for a name that is longer than about 100 signs."""
    place.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listener.bind(str(place))
    finally:
        os.umask(mask)
    listener.listen(128)
    return listener


if __name__ == "__main__":
    main(Path(sys.argv[1]))
