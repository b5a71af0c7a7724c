"""A newsletter to a list: who is meant is written down first, then each gets it once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from channels.base import Receipt
from channels.errors import ChannelError
from flows.audience import Audience
from flows.enrolment import Enrolment, Halted
from flows.ledger import LEASE, Ledger
from flows.pace import Pace, WarmUp
from flows.records import Delivery, Outcome, State, Status, concluded, held_back, unbarred
from flows.roll import Roll
from flows.sending import CANCELLED, Sending
from flows.shares import SILENCE
from flows.sharing import LOOK, Team, source
from flows.suppressions import Suppressions, attest
from flows.tally import Mailing, Standing
from flows.terms import Heart, Terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels.lines import Crew
    from channels.seal import Seal
    from content.newsletter import Newsletter

Halt = str | BaseException | None  # why a pass ended early
WORTH = 5_000  # messages
OPEN: tuple[State, ...] = ("planned", "failed", "unknown", "held", "begun")


@dataclass(kw_only=True)
class Postman:
    """Brings one newsletter to everybody of a list, under one claim in the ledger."""

    channel: Any  # one that sends to recipients, with `settings` that name a list
    rendition: Newsletter
    delivery: Delivery
    ledger: Ledger
    audience: Audience
    seal: Seal
    lease: timedelta = LEASE
    patience: float = 120.0  # seconds that a server may be away, or put messages off
    defer: float = 60.0  # seconds until a message that was put off is tried again; then four times as long each
    shares: int = 1  # in so many it may go: there are workers who could be asked
    worth: int = WORTH  # messages that a share must have, for another process to be worth its start
    silence: timedelta = SILENCE  # of whoever sends a share, until it is taken for lost

    stopped: threading.Event = field(default_factory=threading.Event)  # set it, and the sending ends within a second
    barred: Callable[[], str] = unbarred  # why nothing may begin now; "" where it may

    @cached_property
    def roll(self) -> Roll:
        """Who gets it, row by row."""
        return Roll(self.ledger.engine)

    def deliver(self, *, hold: str = "", accept: bool = False) -> Outcome:
        """Send to those who have not had it, or say why not. `accept`: take the list as it is now.

        Raises `ChannelError` where it could not begin or go on; who has it and who has not is in the ledger.
        """
        record = self.ledger.plan(self.delivery)
        if record.state == "sent":
            same = record.receipt is not None and record.receipt.digest == self.rendition.digest
            detail = "sent before, unchanged" if same else "is out, and mail can't be changed"
            return self._outcome("already" if same else "changed", detail)
        if record.state in {"claimed", "retracted"}:
            return self._outcome("busy" if record.state == "claimed" else "held", record.owner or record.detail)
        if hold:
            return held_back(self.delivery, hold, digest=self.rendition.digest)
        attest(self.ledger.engine, self.seal)
        crew = self.channel.crew(self.rendition, self.delivery.key, self.seal)
        self.ledger.keep(self.rendition)
        owner = self.ledger.claim(self.delivery, self.rendition.digest, lease=self.lease, states=OPEN)
        if owner is None:
            return self._outcome("busy", "another run has just taken it")
        try:
            return self._under(owner, crew, accept=accept)
        except BaseException as error:
            detail = error.detail if isinstance(error, ChannelError) else f"{type(error).__name__} in mid-send"
            self.ledger.settle(self.delivery, owner, "begun", detail)
            raise
        finally:
            crew.close()
            self.roll.close()

    def _under(self, owner: str, crew: Crew, *, accept: bool) -> Outcome:
        every = self.lease.total_seconds() / 10
        heart = Heart(lambda: self.ledger.renew(self.delivery, owner, self.lease), every, self.stopped)
        try:
            mailing = self._enrolled(heart, accept=accept)
        except Halted as halted:
            self.ledger.settle(self.delivery, owner, halted.state, halted.why)
            return self._outcome(halted.status, halted.why, passing=halted.state == "planned")
        halt = self._beside_others(mailing, crew, owner, heart) or self._alone(mailing, crew, heart)
        if isinstance(halt, BaseException):
            raise halt
        return self._conclude(mailing, owner, halt or "")

    def _enrolled(self, heart: Heart, *, accept: bool) -> Mailing:
        """The mailing with its roll, which nobody else sends any more. Raises `Halted`."""
        found = self.roll.find(self.delivery.key)
        enrolment = Enrolment(
            account=self.channel.account,
            rendition=self.rendition,
            audience=self.audience,
            roll=self.roll,
            heart=heart,
        )
        if found is None or found.total < 0:
            fresh = self.roll.begin(self.delivery.key, self.rendition.digest)
            if why := self.barred():  # whoever stopped it until just now found no mailing to tell
                raise Halted("planned", "held", why)
            return enrolment.write(fresh)
        Team(found, self.roll, 1, self._pace, self.silence).call_back(self.silence.total_seconds(), self.stopped)
        self.roll.abandon(found)
        mailing = enrolment.look_again(found, accept=accept)
        self.roll.reopen(mailing)
        return mailing

    def _alone(self, mailing: Mailing, crew: Crew, heart: Heart) -> Halt:
        """Go through the list, and again for those whom their servers put off, as long as patience lasts."""
        while True:
            sending = self._pass(mailing, heart)
            begun = datetime.now(UTC)
            if self.roll.anybody(mailing):
                sending.run(crew)
                if sending.halt is None:
                    self.roll.forget(mailing, begun)
            due = self.roll.next_due(mailing)
            wait = (due - datetime.now(UTC)).total_seconds() if due else None
            if sending.halt is not None or wait is None or wait > self.patience:
                return sending.halt
            sending.rest(wait)

    def _beside_others(self, mailing: Mailing, crew: Crew, owner: str, heart: Heart) -> Halt:
        """Send one share, and what others leave of theirs; None where all was tried, or the list is not worth it."""
        if (total := self._worth_shares(mailing)) == 1:
            return None
        self._pace.widen(1 / total)
        team = Team(mailing, self.roll, total, self._pace, self.silence)
        watched = Heart(lambda: team.beats(heart), LOOK, self.stopped)
        try:
            team.open(owner, source(self.audience))
            return team.send(lambda: self._pass(mailing, watched, team), crew, watched).halt
        finally:
            team.dismiss()
            self._pace.widen(1.0)

    def _worth_shares(self, mailing: Mailing) -> int:
        """In how many shares to send what is left. A day of a warm-up is counted by one process, a cap in minutes."""
        if self.shares == 1:
            return 1
        counts, settings, budget = self.roll.counts(mailing), self.channel.settings, self._budget()
        left = counts.get("waiting", 0) + counts.get("later", 0)
        if budget is not None and budget < left:
            return 1
        caps: list[int] = [cap // 60 for cap in (settings.per_hour, settings.domain_per_hour) if cap]
        return max(1, min(self.shares, left // self.worth, *caps))

    def _pass(self, mailing: Mailing, heart: Heart, team: Team | None = None) -> Sending:
        terms = Terms(
            account=self.channel.account,
            pace=self._pace,
            before=self.roll.counts(mailing).get("sent", 0),
            budget=self._budget(),
            defer=self.defer,
            patience=self.patience,
        )
        if team:
            others = team.elsewhere()
            terms = replace(terms, meant=team.meant, elsewhere=lambda: team.elsewhere() - others)
        return Sending(mailing, self.roll, Suppressions(self.ledger.engine), self.audience, terms, heart)

    @cached_property
    def _pace(self) -> Pace:
        return Pace(self.channel.settings.per_hour, self.channel.settings.domain_per_hour, time.monotonic)

    def _budget(self) -> int | None:
        """Messages that a warm-up still lets through today; None where it sets no cap."""
        settings = self.channel.settings
        most = WarmUp.of(settings.warm_up, settings.warm_up_from).most_on(datetime.now(UTC).date())
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return None if most is None else max(0, most - self.roll.sent_since(self.channel.account, today))

    def _conclude(self, mailing: Mailing, owner: str, halted: str) -> Outcome:
        """How it ended, for people and for the ledger."""
        counts = self.roll.counts(mailing)
        told = summary(counts, mailing.total)
        if left := self._left(mailing, counts, halted):
            state, status, why = left
            self.ledger.settle(self.delivery, owner, state, f"{told}; {why}")
            return self._outcome(status, f"{told}; {why}")
        receipt = Receipt(
            channel=self.channel.account,
            remote_ids=(f"{self.delivery.key}@{self.rendition.sender.rpartition('@')[2]}",),
            url="",
            digest=self.rendition.digest,
            sent_at=datetime.now(UTC),
        )
        self.ledger.sent(self.delivery, receipt)
        return self._outcome("sent", told)

    def _left(self, mailing: Mailing, counts: Mapping[Standing, int], halted: str) -> tuple[State, Status, str] | None:
        """What is left to do, and by whom; None where nothing is."""
        article, rest = self.delivery.article, self.roll.rest(mailing)
        for wrong, ending in (
            (halted == CANCELLED, ("held", "held", halted)),
            (halted and counts.get("waiting", 0) > rest, ("begun", "held", halted)),
            (counts.get("failed"), ("begun", "failed", "publish again to try those who were refused")),
            (counts.get("later"), ("begun", "held", "publish again for those who were put off")),
            (counts.get("doubt"), ("held", "held", f"`pressroom status {article}` lists those in doubt")),
            (rest, ("begun", "held", f"choose the subject for the rest: `pressroom mail winner {article} NUMBER`")),
        ):
            if wrong:
                return ending  # type: ignore[return-value]  # words of both types, as they stand above
        return None

    def _outcome(self, status: Status, detail: str, *, passing: bool = False) -> Outcome:
        return concluded(self.delivery, status, detail, digest=self.rendition.digest, passing=passing)


WORDS: dict[Standing, str] = {
    "waiting": "not yet sent",
    "claimed": "on the wire",
    "later": "put off by their servers",
    "bounced": "with no such mailbox (suppressed)",
    "failed": "refused",
    "doubt": "in doubt",
    "suppressed": "left out (suppressed)",
    "gone": "no longer on the list",
}


def summary(counts: Mapping[Standing, int], total: int) -> str:
    """`1,990 of 2,000 sent, 8 with no such mailbox (suppressed), 2 in doubt`."""
    rest = [f"{counts[state]:,} {words}" for state, words in WORDS.items() if counts.get(state)]
    return ", ".join([f"{counts.get('sent', 0):,} of {total:,} sent", *rest])
