"""Who is next: those of the list who still get a mailing, with those set aside whose domain has had its share."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from channels.lines import Recipient
from flows.audience import PAGE
from flows.terms import Letter

if TYPE_CHECKING:
    from flows.audience import Audience
    from flows.roll import Roll
    from flows.tally import Mailing
    from flows.terms import Terms

ASIDE = 5_000  # recipients that wait for their domain's turn


class Queue:
    """One pass over the list, in its order. A recipient stands in it once, or is on the wire."""

    def __init__(self, mailing: Mailing, roll: Roll, audience: Audience, terms: Terms) -> None:
        self._mailing, self._roll, self._audience = mailing, roll, audience
        self._pace, self._meant = terms.pace, terms.meant
        self.due: datetime | None = None  # when the first of those may be next who were met, and are put off
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
        """The first whose domain may have one now; None also after a page of nobody, for there is more to heed.

        Raises `Unusable` where the list can't be read any more.
        """
        for _ in range(len(self._aside)):
            letter = self._aside.popleft()
            if self._pace.wait_for(letter.recipient.domain) == 0:
                return letter
            self._aside.append(letter)
        while len(self._aside) < ASIDE and not self._ended:
            try:
                found = next(self._source)
            except StopIteration:
                self._ended = True
                return None
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

    def close(self) -> None:
        """Read no further, and let go of the list."""
        self._source.close()

    def _letters(self) -> Generator[Letter | None, None, None]:
        """Who still gets it, in order; None where nobody on a page does."""
        for meant in self._pages():
            nobody = True
            for letter in self._open(meant):
                nobody = False
                yield letter
            if nobody:
                yield None

    def _open(self, meant: dict[bytes, Recipient]) -> Iterator[Letter]:
        if not meant:
            return
        places, stopped = self._roll.places(self._mailing, meant), self._roll.suppressed(meant)
        now, asked = datetime.now(UTC), time.monotonic()
        for hashed, recipient in meant.items():
            place = places.get(hashed)
            if place is None or place.number in self._pulled:
                continue
            if place.state == "later" and _aware(place.due_at) > now:
                self.due = min(self.due or _aware(place.due_at), _aware(place.due_at))
            elif place.state in {"waiting", "later"}:
                subject = self._mailing.winner if place.subject < 0 else place.subject
                if subject is not None:
                    self._pulled.add(place.number)
                    at = 0.0 if hashed in stopped else asked
                    yield Letter(place, replace(recipient, subject=subject), at)

    def _pages(self) -> Iterator[dict[bytes, Recipient]]:
        """Those who are meant, some hundreds at a time: of a share, after several pages of the list with nobody."""
        meant: dict[bytes, Recipient] = {}
        for page in self._audience.pages():
            meant |= {
                found.hashed: found for found in page if isinstance(found, Recipient) and self._meant(found.hashed)
            }
            enough = len(meant) >= PAGE / 2
            yield meant if enough else {}
            meant = {} if enough else meant
        yield meant


def _aware(moment: datetime | None) -> datetime:
    return moment or datetime.max.replace(tzinfo=UTC)
