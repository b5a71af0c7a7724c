"""The processes of a press together: opened side by side, closed in order, and how they are."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from content.findings import Finding, Refused
from desk.up.child import Child, Place, Role
from desk.up.ending import end_in_order
from desk.up.heir import Heir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from desk.console import Voice

PATIENCE = 180.0  # seconds for something to be there: a slow disk, the first start of a server
LOOK = 0.1  # seconds between two looks whether all have ended
LINES, WIDTH = 6, 300  # of a log, to show why something can't be started


class House:
    """Runs some roles until it is closed."""

    def __init__(self, roles: Iterable[Role], place: Place, voice: Voice) -> None:
        self.children = [Child(role, place) for role in roles]
        self._voice = voice
        self._keeping: list[asyncio.Task[None]] = []
        self._closing = False

    async def open(self) -> None:
        """Start everything, and say what is there. Raises `Refused` where something vital can't be started."""
        began = time.monotonic()
        self._keeping = [asyncio.create_task(child.keep()) for child in self.children]
        settling = [asyncio.create_task(self._settled(child, began)) for child in self.children]
        try:
            await asyncio.gather(*settling)
        finally:
            for task in settling:
                task.cancel()

    async def close(self, hurried: Event) -> None:
        """End everything in order; what runs may end first. Once `hurried` is set, it takes no more than moments."""
        self._closing = True
        for child in self.children:
            child.close()
        await self._end(hurried)
        while self._keeping:  # one that was just being started is met in the second round
            _, left = await asyncio.wait(self._keeping, timeout=LOOK)
            self._keeping = list(left)
            await self._end(hurried)

    def health(self) -> dict[str, Any]:
        """How everything is: "ok", "starting", "trouble", and what it is with each."""
        told = {child.role.name: asdict(child.standing) for child in self.children if not child.role.once}
        needed = [told[child.role.name] for child in self.children if not child.role.once and not child.role.spare]
        return {"status": "trouble" if self._closing else worst(needed), **told}

    async def _end(self, hurried: Event) -> None:
        groups = [group for child in self.children for group in child.groups]
        await asyncio.to_thread(end_in_order, groups, hurried)

    async def _settled(self, child: Child, began: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(child.settled.wait(), PATIENCE)
        if child.standing.state in {"ok", "ended"}:
            mark, took = self._voice.paint("✓", "good"), f"{time.monotonic() - began:.1f} s"
            self._voice.say(f"  {mark} {child.role.title:<18} {self._voice.paint(took, 'dim')}")
        elif child.role.vital:
            raise Refused([_unstartable(child)])


def worst(told: Iterable[Mapping[str, Any]]) -> str:
    """The state of all together."""
    states = {one["state"] for one in told}
    return next((state for state in ("trouble", "starting") if state in states), "ok")


def _unstartable(child: Child) -> Finding:
    why = f"{child.standing.detail or f'{child.role.title} gives no sign of life.'} It can't be started."
    if child.log is None:
        return Finding(rule="up.child", severity="block", why=why)
    said = child.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES:]
    mend = "\n    ".join(["It said:", *(line[:WIDTH] for line in said)])
    return Finding(rule="up.child", severity="block", why=why, mend=mend, file=str(child.log))


async def run(house: House, voice: Voice, opened: Callable[[], None]) -> None:
    """Open a house, say so, and close it when a signal comes. Raises `Refused` where it can't be opened."""
    ended, hurried = asyncio.Event(), Event()
    with _listening(ended, hurried):
        opening, waiting = asyncio.create_task(house.open()), asyncio.create_task(ended.wait())
        try:
            await asyncio.wait({opening, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if opening.done():
                opening.result()
                opened()
                await waiting
        finally:
            opening.cancel()
            waiting.cancel()
            ended.set()
            voice.say("\nEnding: what is being sent may end first. A Ctrl-C now, and nothing is waited for.", "dim")
            await house.close(hurried)
            voice.say("Closed.", "dim")


@contextmanager
def _listening(ended: asyncio.Event, hurried: Event) -> Iterator[None]:
    """The first signal ends the house, the second is impatient. That its terminal goes may be ignored (nohup)."""

    def heard() -> None:
        if ended.is_set():
            hurried.set()
        ended.set()

    loop = asyncio.get_running_loop()
    heeded = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        heeded.append(signal.SIGHUP)
    for number in heeded:
        loop.add_signal_handler(number, heard)
    try:
        yield
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)


@contextmanager
def passing_folder() -> Iterator[Path]:
    """A folder for sockets and signs of life, ours alone. A socket's path must be short: it stands in no project."""
    folder = Path(tempfile.mkdtemp(prefix="pressroom-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def inherited(folder: Path, lock: int | None = None) -> Iterator[Heir]:
    """With an heir, for the time in which there may be children."""
    heir = Heir(folder, lock)
    try:
        yield heir
    finally:
        heir.close()
