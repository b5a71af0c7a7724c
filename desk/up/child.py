"""One process that is kept running: started again after growing pauses when it dies."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Literal

from desk.up.ending import Group, living

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from desk.up.heir import Heir

State = Literal["starting", "ok", "trouble", "ended"]
SOON, OFTEN = 0.2, 5.0  # seconds between two looks: until it is there, and from then on
MISSES, GONE = 3, 24  # looks in vain until that is trouble, and until it counts as frozen: some two minutes
TRIES = 3  # starts that fail, until nobody waits for it any more
PAUSE, LONGEST = 1.0, 60.0  # seconds: the first pause, doubled each time, and the longest
STEADY = 60.0  # seconds of life after which earlier deaths count no more
STDERR = 2
LOG = 1024 * 1024  # bytes; a longer log is set aside at the next start


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a process is for, and how it is started and ended."""

    name: str
    title: str
    command: tuple[str, ...]
    well: Callable[[], bool]  # whether it gives a sign of life; asked in a thread
    sign: Path | None = None  # the file by which it does; one that a process before it has left counts for nothing
    stage: int = 0  # those of a lower stage end first
    grace: float = 5.0  # seconds that it may take to end
    once: bool = False  # it does one thing, and ends
    vital: bool = False  # without it there is no press
    spare: bool = False  # without it all goes on, only slower


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a process is."""

    state: State = "starting"
    detail: str = ""
    restarts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where processes run, what they see, and who is told."""

    root: Path
    environment: Mapping[str, str]
    logs: Path | None  # None: they write where this process does
    heir: Heir
    tell: Callable[[str], None]


class Child:
    """Keeps a role filled until it is closed."""

    def __init__(self, role: Role, place: Place) -> None:
        self.role = role
        self.standing = Standing()
        self.settled = asyncio.Event()  # it was there once, or has failed too often to be waited for
        self._place = place
        self._closed = asyncio.Event()
        self._groups: list[Group] = []  # those before it too, as long as anything of them is left

    @property
    def groups(self) -> list[Group]:
        """Its processes."""
        return [group for group in self._groups if living(group)]

    @property
    def log(self) -> Path | None:
        """What it says goes here."""
        return self._place.logs / f"{self.role.name}.log" if self._place.logs else None

    def close(self) -> None:
        """Start it no more."""
        self._closed.set()

    async def keep(self) -> None:
        """Start it, and start it again."""
        pause = PAUSE / 2
        while not self._closed.is_set():
            began = time.monotonic()
            ended = await self._run()
            if self._closed.is_set():
                return
            if self.role.once and ended == how(0):
                self._stand("ended")
                return
            pause = PAUSE if time.monotonic() - began > STEADY else min(pause * 2, LONGEST)
            self._failed(ended, pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), pause)

    async def _run(self) -> str:
        """Run it once; how it ended."""
        try:
            process = await self._start()
        except OSError as error:  # there are too many processes, or the disk takes no log
            return f"can't be started: {error.strerror}"
        group = Group(leader=process.pid, stage=self.role.stage, grace=self.role.grace)
        self._groups.append(group)
        self._place.heir.hold(group)
        looking = asyncio.create_task(self._look(process.pid))
        try:
            return how(await process.wait())
        finally:
            looking.cancel()
            self._forget()

    async def _start(self) -> Process:
        if self.role.sign:
            self.role.sign.unlink(missing_ok=True)
        with _opened(self.log) as log:
            return await asyncio.create_subprocess_exec(
                *self.role.command,
                cwd=self._place.root,
                env=self._place.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the parent alone to hear
            )

    async def _look(self, pid: int) -> None:
        """Note how it is. A process without a sign of life for minutes is ended, to be started again."""
        there, missed = False, 0
        while not self.role.once:
            self._forget()  # runs of a worker that is gone may have ended; their number is somebody else's one day
            if await asyncio.to_thread(self.role.well):
                there, missed = True, 0
                self._stand("ok")
            else:
                missed += there
            if missed >= MISSES:
                self._stand("trouble", f"{self.role.title} gives no sign of life.")
            if missed >= GONE:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)  # the runs that it has begun go on
            await asyncio.sleep(OFTEN if there else SOON)

    def _stand(self, state: State, detail: str = "") -> None:
        self.standing = replace(self.standing, state=state, detail=detail)
        if state in {"ok", "ended"}:
            self.settled.set()

    def _failed(self, ended: str, pause: float) -> None:
        why = f"{self.role.title} {ended}."
        self._stand("trouble", why)
        self.standing = replace(self.standing, restarts=self.standing.restarts + 1)
        if self.standing.restarts >= TRIES:
            self.settled.set()
        where = f" What it said: {self.log}" if self.log else ""
        self._place.tell(f"{why} It is started again in {pause:g} s.{where}")

    def _forget(self) -> None:
        for group in [group for group in self._groups if not living(group)]:
            self._groups.remove(group)
            self._place.heir.drop(group)


def how(code: int) -> str:
    """How a process ended, in words."""
    return f"ended with exit code {code}" if code >= 0 else f"was killed ({signal.Signals(-code).name})"


@contextmanager
def _opened(log: Path | None) -> Iterator[IO[bytes] | int]:
    """Its log, to write on; what has become long is set aside first. Standard error where there is none."""
    if log is None:
        yield STDERR
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as file:
        yield file
