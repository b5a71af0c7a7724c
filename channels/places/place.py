"""The interface of a place, and one publisher at a time."""

from __future__ import annotations

import json
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from channels.errors import ChannelError, Unavailable
from channels.owners import abandoned, oneself

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from channels.places.access import WebSettings

LOCK = "pressroom-site.lock"
HELD = 600.0  # seconds after which a lock is a dead publisher's: the pictures of one article take less
PATIENCE = 30.0  # seconds to wait for another publisher
SETTLES = 0.5  # seconds between taking over a dead one's lock and looking whether somebody else did too
_held: set[bytes] = set()  # locks that this process has
File = tuple[str, bytes]  # path below the site's root with /, and what is in it


class Conflict(Exception):
    """Somebody else has changed the place meanwhile: nothing was written; read it again."""


class Place(ABC):
    """Where files stand. Each method raises `ChannelError`, in the name of `account`."""

    whole = False  # it takes all files of a change in one step

    def __init__(self, account: str, settings: WebSettings) -> None:
        self.account = account
        self.settings = settings

    @abstractmethod
    def read(self, path: str) -> bytes | None:
        """A file's bytes; None where there is none."""

    @abstractmethod
    def write(self, path: str, data: bytes) -> None:
        """Put a file in place: readers see the old bytes or the new ones."""

    @abstractmethod
    def create(self, path: str, data: bytes) -> bool:
        """Put a file where there is none; False where there is one."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Take a file away; that it is gone already is no error."""

    def put(self, files: Iterable[File], gone: Iterable[str], note: str) -> None:
        """Write files in this order, then take others away. Raises `Conflict` where the place has changed."""
        for path, data in files:
            self.write(path, data)
        for path in gone:
            self.remove(path)

    def settle(self, paths: Iterable[str]) -> None:  # noqa: B027 - few places have anything in front of them
        """Tell what stands in front of the place that these have changed."""

    def close(self) -> None:  # noqa: B027 - a folder has none
        """Let go of connections."""

    def examine(self) -> None:
        """Write and take away a file, as a publication would."""
        path = f"pressroom-{uuid.uuid4().hex[:8]}.txt"
        self.write(path, b"Pressroom looked whether it may write here.\n")
        self.remove(path)

    @contextmanager
    def taken(self) -> Iterator[Callable[[], None]]:
        """Alone at the place. What is given raises `Unavailable` if that is no longer so."""
        mine = _signed()
        _held.add(mine)

        def still() -> None:
            if self.read(LOCK) != mine:
                raise Unavailable(self.account, "another publisher has taken over", retry_after=5)

        try:
            self._take(mine)
            yield still
        finally:
            # a lock that stays is known for a dead one, and the first error is the one to tell
            with suppress(ChannelError):
                if self.read(LOCK) == mine:
                    self.remove(LOCK)
            _held.discard(mine)

    def _take(self, mine: bytes) -> None:
        began, pause = time.monotonic(), 0.1
        while not self.create(LOCK, mine):
            there, waited = self.read(LOCK), time.monotonic() - began
            if there is not None and _over(there, waited):
                self.remove(LOCK)
                if self.create(LOCK, mine) and self._undisputed(mine):
                    break
            elif waited + pause > PATIENCE:
                raise Unavailable(self.account, f"another publisher is at work ({_whose(there)})", retry_after=10)
            time.sleep(pause)
            pause = min(pause * 2, 2.0)

    def _undisputed(self, mine: bytes) -> bool:
        time.sleep(SETTLES)
        return self.read(LOCK) == mine


class Whole(Place):
    """A place that takes all files of a change in one step. Nobody is kept out: `put` notices who came in between."""

    whole = True

    def write(self, path: str, data: bytes) -> None:
        """A change of one file."""
        self.put([(path, data)], [], f"Write {path}")

    def create(self, path: str, data: bytes) -> bool:
        """A change of one file that was not there."""
        if self.read(path) is not None:
            return False
        self.write(path, data)
        return True

    def remove(self, path: str) -> None:
        """A change that takes one file away."""
        if self.read(path) is not None:
            self.put([], [path], f"Remove {path}")

    @contextmanager
    def taken(self) -> Iterator[Callable[[], None]]:
        """As it is now, until `put`."""
        self.look()
        yield lambda: None

    @abstractmethod
    def look(self) -> None:
        """Remember how the place is now."""


def _signed() -> bytes:
    return json.dumps({"by": oneself(), "until": time.time() + HELD}).encode()


def _over(lock: bytes, waited: float) -> bool:
    """Whether its publisher is dead: its time is up, or it was of this machine and is known to be gone."""
    try:
        told = json.loads(lock)
        owner, until = str(told["by"]), datetime.fromtimestamp(told["until"], UTC)
        if _process(owner) == _process(oneself()):
            return lock not in _held
        return abandoned(owner, until, datetime.now(UTC))
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return waited > PATIENCE / 3  # half of one: it is being written, or its publisher died of it


def _process(owner: str) -> str:
    return owner.rpartition(":")[0]


def _whose(lock: bytes | None) -> str:
    try:
        return str(json.loads(lock or b"")["by"])
    except (ValueError, LookupError, TypeError):
        return "it left no name"
