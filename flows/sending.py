"""The turns of a mailing: who is next goes on the disk, then on the wire, then its end goes on the disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from channels.errors import ChannelError, Misconfigured, Unavailable, Uncertain
from flows.errors import Unusable
from flows.queue import Queue
from flows.roll import Overtaken, Roll, Settled
from flows.tally import Mailing
from flows.terms import Heart, Letter, Progress, Terms

if TYPE_CHECKING:
    from channels.lines import Crew, Reply, Returned
    from flows.audience import Audience
    from flows.suppressions import Suppressions

ATTEMPTS = 5  # of one message that a server puts off
REFUSED_FIRST, REFUSED_LATER = 10, 100  # so many refusals in a row are no recipient's fault
CANCELLED, STOPPED = "cancelled by hand", "stopped in mid-send"
OVERTAKEN = "another run has taken this mailing over"
FRESH = 1.0  # seconds that an answer about suppressions holds
HEED = 1.0  # seconds between two looks at what a person wants
log = logging.getLogger("pressroom.deliver")


class Sending:
    """One pass over the list. `halt` says why it ended early: a person's word, a budget, an error."""

    def __init__(
        self,
        mailing: Mailing,
        roll: Roll,
        suppressions: Suppressions,
        audience: Audience,
        terms: Terms,
        heart: Heart,
    ) -> None:
        self.mailing, self._roll, self._suppressions = mailing, roll, suppressions
        self._terms, self._heart = terms, heart
        self._queue = Queue(mailing, roll, audience, terms)
        self.halt: str | ChannelError | BaseException | None = None
        self.done = terms.before
        self._again: datetime | None = None  # when the first of those may be tried again whom this pass has put off
        self._budget = terms.budget
        self._paused = False
        self._heeded = self._told = 0.0
        self._down_since, self._resume_at, self._delay = 0.0, 0.0, 0.5
        self._sent_any, self._refusals = False, 0
        self._unproved: list[tuple[Letter, str]] = []  # bounces before anything was taken: perhaps our own fault
        self._under_way: dict[bytes, Letter] = {}

    def run(self, crew: Crew) -> None:
        """Send until nothing is left that may go now, or something halts it. Waits for what is on the wire."""
        with closing(self._queue):
            while True:
                self._heed()
                settled = self._collect(crew)
                letters, left_out = self._chosen(crew.free * crew.size)
                self._hand(crew, self._claimed([*settled, *left_out], letters))
                self._tell()
                if not crew.busy and (self.halt is not None or self._queue.empty):
                    break
        self._own_up()

    @property
    def due(self) -> datetime | None:
        """When the first of those who are put off may be tried again."""
        return min(filter(None, (self._again, self._queue.due)), default=None)

    def rest(self, seconds: float) -> None:
        """Wait, but not past a person's word."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and self._heart.beats() and self._roll.wanted(self.mailing) == "go":
            if self._heart.stopped.wait(max(0.0, min(0.5, ends - time.monotonic()))):
                return

    def _collect(self, crew: Crew) -> list[Settled]:
        """How some ended; waits for them no longer than there is nothing else to do."""
        may_choose = crew.free and self._queue.ready and self._may_go()
        came = crew.returned(0.0 if may_choose and self._terms.pace.wait() == 0 else 0.2)
        now = datetime.now(UTC)
        return [ended for returned in came for ended in self._settle(returned, now)]

    def _claimed(self, settled: list[Settled], letters: list[Letter]) -> list[Letter]:
        """Who is next, once that is on the disk: nothing goes on the wire before."""
        if not settled and not letters:
            return []
        try:
            self._roll.turn(self.mailing, settled, [letter.place.number for letter in letters])
        except Overtaken:
            self.halt = Unavailable(self._terms.account, "another run sends this mailing too")
            return []
        return letters

    def _hand(self, crew: Crew, letters: Sequence[Letter]) -> None:
        self._queue.gone(letters)
        self._under_way |= {letter.recipient.hashed: letter for letter in letters}
        for at in range(0, len(letters), crew.size):
            crew.hand([letter.recipient for letter in letters[at : at + crew.size]])

    def _chosen(self, most: int) -> tuple[list[Letter], list[Settled]]:
        """Raises nothing: a list that can't be read any more must not cost us the replies to what is on the wire."""
        try:
            return self._choose(most)
        except Unusable as error:
            self.halt = error
            return [], []

    def _choose(self, most: int) -> tuple[list[Letter], list[Settled]]:
        """The next letters, and those who must get nothing after all."""
        chosen: list[Letter] = []
        if not self._may_go():
            return [], []
        while len(chosen) < most and self._terms.pace.wait() == 0 and self._budget != len(chosen):
            letter = self._queue.next()
            if letter is None:
                break
            self._terms.pace.take(letter.recipient.domain)
            chosen.append(letter)
        if self._budget is not None and self._budget == len(chosen):
            self.halt = "today's share of the warm-up is sent; go on tomorrow"
        stopped = self._stopped(chosen)
        letters = [letter for letter in chosen if letter.recipient.hashed not in stopped]
        out = [letter for letter in chosen if letter.recipient.hashed in stopped]
        left_out = [Settled(number=letter.place.number, state="suppressed") for letter in out]
        self._budget = None if self._budget is None else self._budget - len(letters)
        return letters, left_out

    def _stopped(self, letters: list[Letter]) -> set[bytes]:
        """The hashes among some letters that are suppressed by now. What was asked a moment ago still holds."""
        now = time.monotonic()
        old = [letter.recipient.hashed for letter in letters if now - letter.asked > FRESH]
        return self._roll.suppressed(old) if old else set()

    def _settle(self, returned: Returned, now: datetime) -> list[Settled]:
        letters = [self._under_way.pop(recipient.hashed) for recipient in returned.recipients]
        match returned.error:
            case None:
                return [self._judge(*ended, now) for ended in zip(letters, returned.replies, strict=True)]
            case Unavailable() as error:
                self._down(error)
            case Uncertain() as error:
                self._down(Unavailable(self._terms.account, error.detail))
                return [Settled(number=letter.place.number, state="doubt") for letter in letters]
            case ChannelError() as error:
                self.halt = error
            case error:
                # not one of ours: perhaps it was sent before this went wrong
                self.halt = error
                return [Settled(number=letter.place.number, state="doubt") for letter in letters]
        self._queue.back(letters)
        self._budget = None if self._budget is None else self._budget + len(letters)
        return [Settled(number=letter.place.number, state="waiting") for letter in letters]

    def _judge(self, letter: Letter, reply: Reply, now: datetime) -> Settled:
        number = letter.place.number
        if reply.fate != "doubt":
            self._down_since, self._delay = 0.0, 0.5  # it is there
        match reply.fate:
            case "sent":
                self._took()
                return Settled(number=number, state="sent", reply=reply.code, sent_at=now)
            case "doubt":
                self._down(Unavailable(self._terms.account, "the server went away with a message in its hands"))
            case "later" if letter.place.attempts + 1 < ATTEMPTS:
                due = now + timedelta(seconds=self._terms.defer * 4**letter.place.attempts)
                self._again = min(self._again or due, due)
                return Settled(number=number, state="later", reply=reply.code, due_at=due)
            case "later":
                return Settled(number=number, state="failed", reply=reply.code)
            case "bounced" | "failed":
                self._refused(letter, reply)
        return Settled(number=number, state=reply.fate, reply=reply.code)

    def _took(self) -> None:
        """The server is there, and takes our mail."""
        self.done += 1
        self._sent_any, self._refusals = True, 0
        for letter, code in self._unproved:
            self._suppressions.add(letter.recipient.hashed, "bounced", code)
        self._unproved.clear()

    def _refused(self, letter: Letter, reply: Reply) -> None:
        self._refusals += 1
        if reply.fate == "bounced" and self._sent_any:
            self._suppressions.add(letter.recipient.hashed, "bounced", reply.code)
        elif reply.fate == "bounced":
            self._unproved.append((letter, reply.code))
        if self._refusals >= (REFUSED_LATER if self._sent_any else REFUSED_FIRST) and self.halt is None:
            what = f"the server refuses one recipient after the other ({reply.code})"
            self.halt = Misconfigured(self._terms.account, what)

    def _own_up(self) -> None:
        """Bounces of a run in which nothing was taken: addresses are dead, or we are turned away; who knows?"""
        if isinstance(self.halt, Misconfigured):
            again = [Settled(number=letter.place.number, state="failed", reply=code) for letter, code in self._unproved]
            self._roll.turn(self.mailing, again, ())
        else:
            for letter, code in self._unproved:
                self._suppressions.add(letter.recipient.hashed, "bounced", code)
        self._unproved.clear()

    def _down(self, error: Unavailable) -> None:
        """The server as a whole is away: wait, longer each time, until patience ends."""
        now = time.monotonic()
        self._down_since = self._down_since or now
        if now - self._down_since > self._terms.patience:
            self.halt = error
        if now >= self._resume_at:  # the other lines tell of the same trouble
            self._resume_at = now + max(self._delay, min(error.retry_after or 0, self._terms.patience))
            self._delay = min(self._delay * 2, 15.0)

    def _may_go(self) -> bool:
        return self.halt is None and not self._paused and time.monotonic() >= self._resume_at

    def _heed(self) -> None:
        """What a person wants, and whether the mailing is still ours: looked at once a second."""
        now = time.monotonic()
        if now - self._heeded < HEED:
            return
        self._heeded = now
        if not self._heart.beats():
            self.halt = Unavailable(self._terms.account, OVERTAKEN)
        if self._heart.stopped.is_set() and self.halt is None:
            self.halt = STOPPED
        wanted = self._roll.wanted(self.mailing)
        self._paused = wanted == "pause"
        if wanted == "cancel" and self.halt is None:
            self.halt = CANCELLED

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told >= 1:
            self._told = now
            note = "paused" if self._paused else "the server is away" if now < self._resume_at else ""
            done = self.done + self._terms.elsewhere()
            progress = Progress(self._terms.account, done, self.mailing.total, note)
            log.info("%s", progress, extra={"progress": progress})
