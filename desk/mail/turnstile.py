"""How often somebody may ask: a token bucket for each, kept in memory, for a bounded number of them."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Turnstile:
    """Lets `most` requests of one key pass at once, and as many again in `period` seconds."""

    def __init__(
        self, most: int = 60, period: float = 60.0, *, room: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._each, self._room, self._clock = most, period / most, room, clock
        self._seen: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key: what is left, and when that was

    def wait(self, key: str) -> float:
        """How many seconds until this key may pass; 0: it has passed."""
        now = self._clock()
        left, then = self._seen.pop(key, (float(self._most), now))
        left = min(self._most, left + (now - then) / self._each)
        passes = left >= 1
        self._seen[key] = (left - passes, now)
        if len(self._seen) > self._room:
            self._seen.popitem(last=False)  # whoever was quiet longest has the fullest bucket anyway
        return 0.0 if passes else (1 - left) * self._each
