"""How a mailing may go, how far it is, and whether it is still ours to send."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from channels.lines import Recipient
from flows.pace import Pace
from flows.tally import Place


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a mailing is."""

    account: str
    done: int
    total: int
    note: str = ""

    def __str__(self) -> str:
        return f"{self.account}: {self.done:,} of {self.total:,} sent{self.note and ', ' + self.note}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A recipient, and the row that stands for them."""

    place: Place
    recipient: Recipient
    asked: float  # when (`time.monotonic`) they were seen to be on no list of suppressions


class Heart:
    """Keeps the claim on a mailing while it is sent, and knows whether it should end."""

    def __init__(self, renew: Callable[[], bool], every: float, stopped: threading.Event) -> None:
        self._renew, self._every, self.stopped = renew, every, stopped
        self._beat = time.monotonic()

    def beats(self) -> bool:
        """Renew the claim when it is time to; False where it was lost."""
        if time.monotonic() - self._beat < self._every:
            return True
        self._beat = time.monotonic()
        return self._renew()


def everybody(_hashed: bytes) -> bool:
    """All of a list are meant."""
    return True


def nobody() -> int:
    """Nobody else sends."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a mailing may go."""

    account: str
    pace: Pace
    before: int = 0  # messages that had been sent when this pass began
    meant: Callable[[bytes], bool] = everybody  # whose turn this pass is, by their hashes; may change as it goes
    elsewhere: Callable[[], int] = nobody  # messages that others have sent meanwhile
    budget: int | None = None  # messages that may still go today; None: as many as there are
    defer: float = 60.0  # seconds until the second attempt, then four times as long each
    patience: float = 120.0  # seconds that a server may be away
