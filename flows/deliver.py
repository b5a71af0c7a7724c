"""One delivery: decide from the ledger what to do, then do it once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from channels.base import SKEW
from channels.errors import ChannelError, Duplicate, Unavailable, Uncertain, Unsupported
from flows.ledger import LEASE, OPEN_STATES, Ledger
from flows.records import CORRECT, Delivery, Outcome, Record, State, Status, concluded, held_back

if TYPE_CHECKING:
    from channels.base import Channel, Receipt

SETTLING = timedelta(seconds=30)
UNKNOWN: tuple[State, ...] = ("unknown",)


class Decision(Enum):
    """What a row asks for."""

    SEND = "send"
    ALREADY = "already sent, unchanged"
    CHANGED = "sent, but the text has changed since"
    BUSY = "being sent by somebody else"
    LOOK = "perhaps sent: look first"
    HELD = "waits for a person"


def decide(record: Record, digest: str) -> Decision:
    """What to do with a delivery whose rendition has this digest. Pure."""
    match record.state:
        case "planned" | "failed":
            return Decision.SEND
        case "sent":
            same = record.receipt is not None and record.receipt.digest == digest
            return Decision.ALREADY if same else Decision.CHANGED
        case "claimed":
            return Decision.BUSY
        case "unknown":
            return Decision.LOOK
        case "held" | "begun" | "retracted":
            return Decision.HELD


class Courier:
    """Brings one rendition to one channel, under a claim in the ledger."""

    def __init__(
        self,
        channel: Channel[Any],
        rendition: Any,
        delivery: Delivery,
        ledger: Ledger,
        *,
        lease: timedelta = LEASE,
        settling: timedelta = SETTLING,
    ) -> None:
        self.channel = channel
        self.rendition = rendition
        self.delivery = delivery
        self.ledger = ledger
        self.lease = lease
        self.settling = settling

    def deliver(self, *, correct: bool = False, hold: str = "") -> Outcome:  # noqa: PLR0911 - one return a decision
        """Send, or say why not. `hold` is a reason to begin nothing new. Raises `ChannelError` if nothing was sent."""
        record = self.ledger.plan(self.delivery)
        match decide(record, self.rendition.digest):
            case Decision.ALREADY:
                return self._outcome("already", "sent before, unchanged", record.receipt)
            case Decision.CHANGED:
                return self._correct(record) if correct else self._changed(record)
            case Decision.BUSY:
                return self._outcome("busy", f"another run is sending it ({record.owner})")
            case Decision.HELD:
                return self._outcome("held", record.detail, record.receipt)
            case _ if hold:
                return held_back(self.delivery, hold, digest=self.rendition.digest)
            case Decision.LOOK:
                return self._look(record)
            case Decision.SEND:
                return self._go_on(record, record.receipt)

    def _go_on(self, record: Record, out: Receipt | None, *, unknown: bool = False) -> Outcome:
        """Send it, or what is missing of it: only where the parts that are out are still the first of the text."""
        if self.channel.can.repeat_safe:
            # parts that are out are written again in their places, but for those that the text has no more
            if (out or unknown) and self._parts(record) > self._now:
                return self._hold(record, "more parts may be out than the text has now; look at the account", out)
            return self._send(unknown=unknown)
        if out is None:
            return self._send(unknown=unknown)
        if self._begins_like(record.digest, len(out.remote_ids)):
            return self._send(unknown=unknown, out=out)
        return self._hold(record, f"{_parts_out(out)}, and the text has changed since; look at the account", out)

    def _begins_like(self, digest: str, parts: int) -> bool:
        """Whether the first parts of what was tried then are those of now."""
        tried = digest == self.rendition.digest or self.ledger.kept(digest)
        if isinstance(tried, bool) or tried is None:
            return bool(tried)
        now = json.loads(self.rendition.canonical)
        return bool(tried["parts"][:parts] == now["parts"][:parts])

    def _send(self, *, unknown: bool = False, out: Receipt | None = None) -> Outcome:
        self.ledger.keep(self.rendition)
        states = UNKNOWN if unknown else OPEN_STATES
        lease = self.lease * self._now  # each part may take its time
        owner = self.ledger.claim(self.delivery, self.rendition.digest, lease=lease, states=states)
        if owner is None:
            return self._outcome("busy", "another run has just taken it")
        try:
            receipt = self._sent(owner, out)
        except ChannelError as error:
            return self._failed(owner, error)
        except BaseException as error:
            # not one of ours: perhaps it was sent before this went wrong
            self.ledger.settle(self.delivery, owner, "unknown", f"{type(error).__name__} in mid-send")
            raise
        self.ledger.sent(self.delivery, receipt)
        return self._outcome("sent", "", receipt)

    def _sent(self, owner: str, out: Receipt | None) -> Receipt:
        key = self.delivery.key
        if out:
            return self.channel.resume(self.rendition, key, out)
        draft = self._prepare(owner) if self.channel.can.drafts else ""
        return self.channel.publish(self.rendition, key, draft)

    def _prepare(self, owner: str) -> str:
        """A draft, whose id is on the disk before it is sent: after a crash it is looked at, not made again."""
        try:
            draft = self.channel.prepare(self.rendition, self.delivery.key)
        except Uncertain as error:
            # a draft more than wanted: nobody has seen it
            raise Unavailable(error.channel, f"no draft was made: {error.detail}") from error
        self.ledger.prepared(self.delivery, owner, draft)
        return draft

    def _failed(self, owner: str, error: ChannelError) -> Outcome:
        match error:
            case Duplicate(sent=receipt) if receipt:
                self.ledger.sent(self.delivery, receipt)
                return self._outcome("already", "the platform had it already", receipt)
            case Duplicate() if self.channel.can.finds:
                self.ledger.settle(self.delivery, owner, "unknown", error.detail)
                return self._look(self.ledger.plan(self.delivery), duplicate=True)
            case ChannelError(sent=partial) if partial:
                error.detail = f"{_parts_out(partial)}: {error.detail}"
                # what is missing goes out with the next attempt; was the part of a lost answer sent? it is looked for
                state: State = "unknown" if isinstance(error, Uncertain) else "failed"
                self.ledger.settle(self.delivery, owner, state, error.detail, partial)
                raise error
            case Uncertain() | Duplicate():
                self.ledger.settle(self.delivery, owner, "unknown", error.detail)
                raise error
        self.ledger.settle(self.delivery, owner, "failed", error.detail)
        raise error

    def _look(self, record: Record, *, duplicate: bool = False) -> Outcome:
        """Perhaps sent: read back; where that can't tell, send again only if a repeat is safe.

        What the platform calls a `duplicate` and does not show is not sent again: it would say so again.
        """
        try:
            found = self.channel.find(self.rendition, self.delivery.key, record.prepared, record.created_at - SKEW)
        except Unsupported:
            return self._send(unknown=True) if self.channel.can.repeat_safe else self._hold(record)
        except (Unavailable, Uncertain) as error:
            if error.sent is None:
                raise Unavailable(self.channel.account, f"can't be read back yet: {error.detail}") from error
            found = error.sent
        if found and len(found.remote_ids) >= self._parts(record):
            found = replace(
                found, digest=record.digest or found.digest
            )  # what was tried then, whatever the text is now
            self.ledger.sent(self.delivery, found)
            return self._outcome("sent", "found: it had arrived", found)
        if duplicate:
            return self._hold(record, f"{record.detail}; the earlier post was not found: look at the account", found)
        wait = 0.0 if self.channel.can.repeat_safe else self._settling(record)
        if wait > 0:
            raise Unavailable(self.channel.account, "not there yet; it is looked for once more", retry_after=wait)
        known = max(filter(None, (found, record.receipt)), key=lambda receipt: len(receipt.remote_ids), default=None)
        return self._go_on(record, known, unknown=True)

    def _parts(self, record: Record) -> int:
        """How many parts the thread had that was tried."""
        kept = self.ledger.kept(record.digest)
        return len(kept.get("parts", "1")) if kept else self._now

    @property
    def _now(self) -> int:
        """How many parts there are; 1 for what is no thread."""
        return len(getattr(self.rendition, "parts", "1"))

    def _settling(self, record: Record) -> float:
        """Seconds until a missing post is proof that it never arrived: platforms show new posts late."""
        return (self.settling - (datetime.now(UTC) - record.changed_at)).total_seconds()

    def _hold(self, record: Record, detail: str = "", partial: Receipt | None = None) -> Outcome:
        detail = detail or f"perhaps sent ({record.detail}); look at the account, for the platform can't tell"
        owner = self.ledger.claim(self.delivery, record.digest, states=(*OPEN_STATES, *UNKNOWN))
        if owner:
            self.ledger.settle(self.delivery, owner, "held", detail, partial)
        return self._outcome("held", detail, partial)

    def _changed(self, record: Record) -> Outcome:
        carries = "carries the earlier text"
        if self.channel.can.updates:
            return self._outcome("changed", f"{carries}; {CORRECT}", record.receipt)
        return self._outcome("changed", f"{carries}, and can't be changed there", record.receipt)

    def _correct(self, record: Record) -> Outcome:
        if record.receipt is None or not self.channel.can.updates:
            return self._changed(record)
        self.ledger.keep(self.rendition)
        receipt = self.channel.update(record.receipt, self.rendition)
        self.ledger.sent(self.delivery, receipt)
        return self._outcome("corrected", "", receipt)

    def _outcome(self, status: Status, detail: str = "", receipt: Receipt | None = None) -> Outcome:
        return concluded(self.delivery, status, detail, receipt, digest=self.rendition.digest)


def _parts_out(receipt: Receipt) -> str:
    return f"{len(receipt.remote_ids)} of its parts are out"
