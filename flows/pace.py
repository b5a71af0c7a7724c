"""How fast mail may go: so many an hour, so many an hour to one domain, so many a day while a sender is new."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

HOUR = 3600.0
DOMAINS = 10_000  # remembered at once


class Bucket:
    """So many an hour, spread evenly: up to a minute's worth may go at once.

    `part` of it is ours: several who share a cap begin with no more, in all, than one would.
    """

    def __init__(self, per_hour: int, now: float, part: float = 1.0) -> None:
        self._per_hour = per_hour
        self._there, self._then = max(1.0, per_hour / 60) * part, now
        self._have(part)

    def wait(self, now: float) -> float:
        """Seconds until one more may go; 0 for now."""
        self._there = min(self._most, self._there + (now - self._then) * self._rate)
        self._then = now
        return 0.0 if self._there >= 1 else (1 - self._there) / self._rate

    def take(self) -> None:
        """One goes."""
        self._there -= 1

    def widen(self, part: float, now: float) -> None:
        """Another part is ours from now on."""
        self.wait(now)
        self._have(part)

    def _have(self, part: float) -> None:
        self._rate = self._per_hour * part / HOUR
        self._most = max(1.0, self._per_hour * part / 60)


class Pace:
    """The caps of one account, or our part of them. A cap of 0 is none. `clock` gives seconds that only go forward."""

    def __init__(self, per_hour: int, domain_per_hour: int, clock: Callable[[], float], part: float = 1.0) -> None:
        self._clock = clock
        self._part = self._first = part
        self._all = Bucket(per_hour, clock(), part) if per_hour else None
        self._domain_per_hour = domain_per_hour
        self._domains: OrderedDict[str, Bucket] = OrderedDict()

    def widen(self, part: float) -> None:
        """Another part of the caps is ours: somebody else sends no more."""
        now, self._part, self._first = self._clock(), part, min(part, self._first)
        for bucket in (*([self._all] if self._all else ()), *self._domains.values()):
            bucket.widen(part, now)

    def wait(self) -> float:
        """Seconds until anything at all may go."""
        return self._all.wait(self._clock()) if self._all else 0.0

    def wait_for(self, domain: str) -> float:
        """Seconds until something may go to a domain."""
        return self._bucket(domain).wait(self._clock()) if self._domain_per_hour else 0.0

    def take(self, domain: str) -> None:
        """One goes to a domain."""
        if self._all:
            self._all.take()
        if self._domain_per_hour:
            self._bucket(domain).take()

    def _bucket(self, domain: str) -> Bucket:
        if domain not in self._domains:
            # whoever had the rest of our part may have sent to this domain: a minute's worth is there once
            self._domains[domain] = Bucket(self._domain_per_hour, self._clock(), self._first)
            self._domains[domain].widen(self._part, self._clock())
            if len(self._domains) > DOMAINS:
                self._domains.popitem(last=False)
        self._domains.move_to_end(domain)
        return self._domains[domain]


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A new sender's days: the first day's most, the second's, …; after the last there is none."""

    most: tuple[int, ...]
    begin: date | None

    @classmethod
    def of(cls, spelled: str, begin: date | None) -> WarmUp:
        """Read `50,100,250`."""
        return cls(tuple(int(number) for number in spelled.split(",") if number), begin)

    def most_on(self, day: date) -> int | None:
        """How many may go on a day; None where there is no cap (any more)."""
        number = (day - self.begin).days if self.begin else 0
        if not self.most or number >= len(self.most):
            return None
        return self.most[max(0, number)]
