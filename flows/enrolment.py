"""Who is meant by a mailing: written down before anything is sent, and looked at again where it goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from channels.errors import Rejected, Unavailable
from channels.lines import Recipient
from flows.sending import CANCELLED, HEED, OVERTAKEN, STOPPED
from flows.tally import REST

if TYPE_CHECKING:
    from content.newsletter import Newsletter
    from flows.audience import Audience
    from flows.records import State, Status
    from flows.roll import Roll
    from flows.tally import Mailing
    from flows.terms import Heart


class Halted(Exception):
    """Nothing is sent, or nothing more: what becomes of the delivery, what its run says, and why."""

    def __init__(self, state: State, status: Status, why: str) -> None:
        super().__init__(why)
        self.state, self.status, self.why = state, status, why


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """A list on its way to the roll. A long one takes its time: the claim is kept meanwhile, and people are heeded.

    Raises `Halted` for a person's word or a stop, `Unavailable` where another run has taken the mailing over.
    """

    account: str
    rendition: Newsletter
    audience: Audience
    roll: Roll
    heart: Heart

    def write(self, mailing: Mailing) -> Mailing:
        """Write down who is meant and is not yet there. Raises `Rejected` for an empty list."""
        total = sum(self.roll.counts(mailing).values())
        for page in self._pages(mailing):
            meant = [(recipient.hashed, self._subject(recipient.hashed)) for recipient in page]
            total += self.roll.enrol(mailing, total + 1, meant)
        if not total:
            raise Rejected(self.account, "nobody is on the list; `pressroom mail audience` says why")
        return self.roll.finish(mailing, self.audience.digest, total)

    def look_again(self, mailing: Mailing, *, accept: bool) -> Mailing:
        """As it stands, if nothing has changed since it began. `accept`: with the list as it is now."""
        done = f"{self._had(mailing)} have it"
        if mailing.digest != self.rendition.digest:
            why = f"the article has changed since this mailing began ({done}): put it back, or cancel the rest"
            raise Halted("begun", "held", why)
        if accept:
            return self.write(mailing)
        for _ in self._pages(mailing):
            pass
        if self.audience.digest != mailing.audience:
            why = f"the list has changed since this mailing began ({done}): put it back, or go on with --accept-list"
            raise Halted("begun", "held", why)
        return mailing

    def _pages(self, mailing: Mailing) -> Iterator[list[Recipient]]:
        looked = float("-inf")
        with closing(self.audience.pages()) as pages:  # a reading that is broken off leaves nothing open
            for page in pages:
                if time.monotonic() - looked >= HEED:
                    looked = time.monotonic()
                    self._heed(mailing)
                yield [found for found in page if isinstance(found, Recipient)]

    def _heed(self, mailing: Mailing) -> None:
        if not self.heart.beats():
            raise Unavailable(self.account, OVERTAKEN)
        cancelled = self.roll.wanted(mailing) == "cancel"
        if cancelled or self.heart.stopped.is_set():
            told = f"{self._had(mailing)} sent; " if mailing.total >= 0 else ""
            raise Halted("held" if cancelled else "begun", "held", told + (CANCELLED if cancelled else STOPPED))

    def _had(self, mailing: Mailing) -> str:
        return f"{self.roll.counts(mailing).get('sent', 0):,} of {mailing.total:,}"

    def _subject(self, hashed: bytes) -> int:
        """The first subject for all; in a test one of several for a share, and none yet for the rest."""
        if not self.rendition.subjects:
            return 0
        tested = int.from_bytes(hashed[:4], "big") % 100 < self.rendition.test_share
        return hashed[4] % (len(self.rendition.subjects) + 1) if tested else REST
