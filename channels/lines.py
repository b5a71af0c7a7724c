"""One message a recipient: what goes out on the lines to a server, and what comes back."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import ClassVar, Literal

Fate = Literal["sent", "later", "bounced", "failed", "doubt", "suppressed"]  # suppressed: by the service


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody who gets a mail. Never logged, never written to the ledger."""

    address: str
    hashed: bytes  # `channels.seal`: what stands for the address
    fields: Mapping[str, str] = field(default_factory=dict)
    subject: int = 0  # which of the mail's subjects
    row: int = 0  # of the list, from 1

    def __repr__(self) -> str:
        return f"Recipient({self.hashed.hex()})"

    @property
    def domain(self) -> str:
        """Where the mail goes: `example.org`."""
        return self.address.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said of one message: taken, later, no such mailbox, refused, or nothing any more.

    `code` is its number and enhanced code ("550 5.1.1"), never its words: they hold addresses.
    """

    fate: Fate
    code: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """What became of some messages: a reply for each, or the error that stopped them all before any was sent."""

    recipients: Sequence[Recipient]
    replies: Sequence[Reply] = ()
    error: BaseException | None = None


class Crew(ABC):
    """Several kept lines to one server, side by side. What is under way when a process ends is in doubt, no more."""

    size: int = 1  # messages that one line carries at once
    lines: int = 1

    @property
    @abstractmethod
    def free(self) -> int:
        """How many lines have nothing to do."""

    @property
    @abstractmethod
    def busy(self) -> int:
        """How many lines have something under way, or something to tell."""

    @abstractmethod
    def hand(self, recipients: Sequence[Recipient]) -> None:
        """Send to some recipients, `size` at most. Only while a line is free."""

    @abstractmethod
    def returned(self, seconds: float) -> list[Returned]:
        """What came back: waits so long for the first, then takes all that are there."""

    @abstractmethod
    def close(self) -> None:
        """Hang up. Only while none is busy, or what is under way is in doubt."""


class Line(ABC):
    """A connection to a server that takes some messages in one call, and answers before the next."""

    size: ClassVar[int] = 1

    @abstractmethod
    def carry(self, recipients: Sequence[Recipient]) -> list[Reply]:
        """Send each recipient's message, and give the replies in order.

        Raises `Unavailable` or `Misconfigured` where nothing of it was sent, and none can be for now.
        """

    @abstractmethod
    def close(self) -> None:
        """Hang up."""


class Threads(Crew):
    """Lines that block, each in a thread of its own: for services that take batches by HTTP."""

    def __init__(self, open_line: Callable[[], Line], number: int, size: int) -> None:
        self.size, self.lines = size, number
        self._open = open_line
        self._work: SimpleQueue[Sequence[Recipient] | None] = SimpleQueue()
        self._results: SimpleQueue[Returned] = SimpleQueue()
        self._under_way = 0
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(number)]
        for thread in self._threads:
            thread.start()

    @property
    def free(self) -> int:
        """How many threads have nothing to do."""
        return len(self._threads) - self._under_way

    @property
    def busy(self) -> int:
        """How many have a call under way."""
        return self._under_way

    def hand(self, recipients: Sequence[Recipient]) -> None:
        """Give a batch to the first thread that is free."""
        self._under_way += 1
        self._work.put(recipients)

    def returned(self, seconds: float) -> list[Returned]:
        """What came back."""
        found: list[Returned] = []
        try:
            found.append(self._results.get(timeout=seconds) if seconds else self._results.get_nowait())
            while True:
                found.append(self._results.get_nowait())
        except Empty:
            self._under_way -= len(found)
            return found

    def close(self) -> None:
        """Let every thread end."""
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join(timeout=5)

    def _serve(self) -> None:
        line = self._open()
        while (recipients := self._work.get()) is not None:
            try:
                self._results.put(Returned(recipients, line.carry(recipients)))
            except BaseException as error:  # noqa: BLE001 - told to the one who waits for it
                self._results.put(Returned(recipients, error=error))
        line.close()
