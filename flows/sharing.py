"""A long list, sent by several processes side by side: the main run's team, and the mates that send one share each.

A mate is help, not a need: a share that nobody begins, gives back or is lost with is sent by the main run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import file_digest
from typing import TYPE_CHECKING, Any

from channels.errors import ChannelError
from channels.owners import abandoned, oneself
from flows.errors import Unusable
from flows.pace import Pace
from flows.sending import STOPPED, Sending
from flows.shares import SILENCE, Share, Shares, Stake, share_of
from flows.suppressions import Suppressions, attest
from flows.terms import Heart, Terms

if TYPE_CHECKING:
    from channels.lines import Crew
    from channels.seal import Seal
    from content.newsletter import Newsletter
    from flows.audience import Audience
    from flows.ledger import Ledger
    from flows.roll import Roll
    from flows.tally import Mailing

BEAT, LOOK = 1.0, 1.0  # seconds between a mate's signs of life, and between the main run's looks at them
GRACE = 60.0  # seconds that a share waits for a mate while the main run has enough to do
ENDING = 10.0  # seconds that mates have to end in order where the main run ends early
log = logging.getLogger("pressroom.deliver")


class Team:
    """The main run's side: which shares are its own to send, and how the mates fare with the others."""

    def __init__(self, mailing: Mailing, roll: Roll, total: int, pace: Pace, silence: timedelta = SILENCE) -> None:
        self._mailing, self._roll, self.total, self._pace = mailing, roll, total, pace
        self._shares = Shares(roll.engine)
        self._known: list[Share] = []
        self._watch = Watch(silence)
        self._opened = time.monotonic()
        self.mine = {0}

    def open(self, claim: str, source: str) -> None:
        """Offer the shares."""
        self._shares.open(self._mailing, claim, self.total, source)
        self._known = self._shares.all(self._mailing)

    @property
    def over(self) -> bool:
        """Whether nobody else sends, or may come to."""
        return all(share.state in {"kept", "over"} for share in self._known)

    def meant(self, hashed: bytes) -> bool:
        """Whether the main run sends to somebody."""
        return share_of(hashed, self.total) in self.mine

    def elsewhere(self) -> int:
        """Messages that mates have sent."""
        return sum(share.sent for share in self._known)

    def look(self, *, idle: bool = False) -> None:
        """See how the mates fare. Take over what is left or lost; what nobody has begun, if that has its time or we."""
        self._known = self._shares.all(self._mailing)
        late = idle or time.monotonic() - self._opened > GRACE
        for share in self._known:
            lost = share.state == "taken" and self._watch.lost(share)
            if (lost or share.state == "left" or (share.state == "open" and late)) and self._shares.keep(share):
                self._take_over(share)

    def _take_over(self, share: Share) -> None:
        doubtful = 0 if share.state == "open" else self._roll.lost(self._mailing, share.meant)
        self.mine.add(share.number)
        self._pace.widen(len(self.mine) / self.total)
        why = {"open": "nobody has begun it", "left": share.detail}.get(share.state, "whoever sent it is gone")
        in_doubt = f", {doubtful} in doubt" if doubtful else ""
        log.info("share %d of %d is sent from here: %s%s", share.number + 1, share.total, why, in_doubt)

    def send(self, begin: Callable[[], Sending], crew: Crew, heart: Heart) -> Sending:
        """Send what is ours, until the mates are through with theirs. Gives the last pass; `halt` says why it ended."""
        while True:
            had = len(self.mine)
            sending = begin()
            sending.run(crew)
            if sending.halt is not None or not (len(self.mine) > had or self._more(sending, heart)):
                return sending

    def _more(self, sending: Sending, heart: Heart) -> bool:
        """Wait for the mates. Whether there is more to send, or a person's word to heed: the next pass does."""
        had = len(self.mine)
        while heart.beats() and self._roll.wanted(self._mailing) != "cancel":
            self.look(idle=True)
            if len(self.mine) > had or (sending.due and sending.due <= datetime.now(UTC)):
                return True
            if self.over:
                return False
            if heart.stopped.wait(LOOK / 2):
                return True
        return True

    def beats(self, heart: Heart) -> bool:
        """The main run's own sign of life, and a look at the mates."""
        self.look()
        return heart.beats()

    def call_back(self, seconds: float, stopped: threading.Event) -> None:
        """Nobody begins any more, and whoever is sending ends: wait until they have, or are surely gone."""
        self._shares.recall(self._mailing)
        ends = time.monotonic() + seconds
        while any(not self._watch.lost(share) for share in self._shares.all(self._mailing) if share.ending):
            if time.monotonic() > ends or stopped.wait(0.1):
                return

    def dismiss(self) -> None:
        """The main run ends, however it does. A ledger that is away has nobody to tell."""
        with suppress(Unusable):
            self.call_back(ENDING, threading.Event())


class Watch:
    """Tells a mate who is gone from one who is slow, by our own clock: those of machines differ."""

    def __init__(self, silence: timedelta) -> None:
        self._silence = silence
        self._seen: dict[int, tuple[int, datetime]] = {}

    def lost(self, share: Share) -> bool:
        """Whether it gave no sign of life for too long, or was a process of this machine that is no more."""
        now = datetime.now(UTC)
        beats, since = self._seen.get(share.number, (-1, now))
        if beats != share.beats:
            since = now
            self._seen[share.number] = (share.beats, now)
        return abandoned(share.owner, since + self._silence, now)


@dataclass(kw_only=True)
class Mate:
    """Sends one share of a mailing, beside the run that has the claim on its delivery."""

    channel: Any  # one that sends to recipients, with `settings` that name a list
    rendition: Newsletter
    key: str  # of the delivery
    claim: str  # the main run's: under another, nobody needs us
    number: int  # of the share
    ledger: Ledger
    audience: Audience
    seal: Seal
    patience: float = 120.0
    defer: float = 60.0
    stopped: threading.Event = field(default_factory=threading.Event)

    def deliver(self) -> int | None:
        """Send to those of the share, and say how many have it now; None where nobody needs us.

        Raises `ChannelError` or `Unusable` where it could not go on: the main run does.
        """
        attest(self.ledger.engine, self.seal)
        share = next((one for one in Shares(self.ledger.engine).offered(self.key) if one.number == self.number), None)
        stake = Stake(self.ledger.engine, share, oneself()) if share and share.claim == self.claim else None
        if share is None or stake is None or not stake.take():
            return None
        detail = ""
        try:
            halt = self._send(share, stake)
            detail = STOPPED if halt == STOPPED else ""
        except BaseException as error:
            # of an error that is not ours only the name: its words may hold an address
            detail = str(error) if isinstance(error, ChannelError | Unusable) else type(error).__name__
            raise
        finally:
            with suppress(Unusable):
                stake.end("left" if detail else "over", detail)
            stake.close()
        return stake.sent

    def _send(self, share: Share, stake: Stake) -> str | None:
        mailing = stake.find(self.key)
        if mailing is None or mailing.digest != self.rendition.digest:
            raise Unusable("the article reads otherwise here: bring this machine's copy of the project up to date")
        if source(self.audience) != share.source:
            raise Unusable("the list's file differs here: copy it from the machine that began, or use a database")
        settings, account = self.channel.settings, f"{self.channel.account}, share {share.number + 1} of {share.total}"
        pace = Pace(settings.per_hour, settings.domain_per_hour, time.monotonic, 1 / share.total)
        terms = Terms(account=account, pace=pace, meant=share.meant, defer=self.defer, patience=self.patience)
        heart = Heart(stake.beat, BEAT, self.stopped)
        crew = self.channel.crew(self.rendition, self.key, self.seal)
        try:
            while True:
                told = replace(terms, before=stake.sent)
                sending = Sending(mailing, stake, Suppressions(self.ledger.engine), self.audience, told, heart)
                sending.run(crew)
                if isinstance(sending.halt, BaseException):
                    raise sending.halt
                wait = (sending.due - datetime.now(UTC)).total_seconds() if sending.due else None
                if sending.halt or wait is None or wait > self.patience:
                    return sending.halt
                sending.rest(wait)
        finally:
            crew.close()


def source(audience: Audience) -> str:
    """What tells a list's file from another version of it; "" for a database, which all machines ask."""
    if "://" in audience.source:
        return ""
    try:
        with (audience.root / audience.source).open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Unusable(f"the list can't be read: {error.strerror}") from error
