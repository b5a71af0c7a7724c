"""Who is next: those of the list who still get a mailing, with those set aside whose domain has had its share."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from channels.lines import Recipient
from flows.terms import Letter

if TYPE_CHECKING:
    from flows.audience import Audience
    from flows.pace import Pace
    from flows.roll import Roll
    from flows.tally import Mailing

ASIDE = 5_000  # recipients that wait for their domain's turn


class Queue:
    """One pass over the list, in its order. A recipient stands in it once, or is on the wire."""

    def __init__(self, mailing: Mailing, roll: Roll, audience: Audience, pace: Pace) -> None:
        self._mailing, self._roll, self._audience, self._pace = mailing, roll, audience, pace
        self._aside: deque[Letter] = deque()
        self._pulled: set[int] = set()
        self._source = self._letters()
        self._ended = False

    @property
    def ready(self) -> bool:
        """Whether somebody may be next at once: the list goes on, and nobody waits for their domain's turn."""
        return not self._ended and not self._aside

    @property
    def empty(self) -> bool:
        """Whether nobody is left."""
        return self._ended and not self._aside

    def next(self) -> Letter | None:
        """The first whose domain may have one now. Raises `Unusable` where the list can't be read any more."""
        for _ in range(len(self._aside)):
            letter = self._aside.popleft()
            if self._pace.wait_for(letter.recipient.domain) == 0:
                return letter
            self._aside.append(letter)
        while len(self._aside) < ASIDE and not self._ended:
            found = next(self._source, None)
            self._ended = found is None
            if found is None or self._pace.wait_for(found.recipient.domain) == 0:
                return found
            self._aside.append(found)
        return None

    def gone(self, letters: Sequence[Letter]) -> None:
        """They are on the wire."""
        self._pulled -= {letter.place.number for letter in letters}

    def back(self, letters: Sequence[Letter]) -> None:
        """They come first again: they never got onto the wire."""
        self._aside.extendleft(reversed(letters))
        self._pulled |= {letter.place.number for letter in letters}

    def _letters(self) -> Iterator[Letter]:
        for page in self._audience.pages():
            meant = {found.hashed: found for found in page if isinstance(found, Recipient)}
            places, stopped = self._roll.places(self._mailing, meant), self._roll.suppressed(meant)
            now, asked = datetime.now(UTC), time.monotonic()
            for hashed, recipient in meant.items():
                place = places.get(hashed)
                if place is None or place.number in self._pulled:
                    continue
                if place.state == "waiting" or (place.state == "later" and _aware(place.due_at) <= now):
                    subject = self._mailing.winner if place.subject < 0 else place.subject
                    if subject is not None:
                        self._pulled.add(place.number)
                        at = 0.0 if hashed in stopped else asked
                        yield Letter(place, replace(recipient, subject=subject), at)


def _aware(moment: datetime | None) -> datetime:
    return moment or datetime.max.replace(tzinfo=UTC)
