"""What the ledger knows of one delivery, as frozen data."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from channels.base import Receipt

log = logging.getLogger("pressroom.deliver")

# begun: a mail to a list, of which some have it and others have not yet
State = Literal["planned", "claimed", "begun", "sent", "failed", "unknown", "held", "retracted"]

Status = Literal[
    "sent", "already", "corrected", "changed", "held", "failed", "busy", "skipped", "unknown", "handed", "retracted"
]
CORRECT = "publish with --correct to change it there"  # what carries an earlier text


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One rendition to one channel for one campaign."""

    campaign: str
    article: str  # the first slug that it had
    account: str
    part: str = ""  # of a campaign that goes to an account more than once

    @property
    def folder(self) -> Path:
        """Where it stands in the outbox, before the account's own folder."""
        return Path(*dict.fromkeys((self.campaign, self.article)), *filter(None, [self.part]))

    @property
    def key(self) -> str:
        """32 hex digits that are this delivery's alone. The text is no part of it: an edit is no new delivery."""
        named = "\x1f".join((self.campaign, self.article, self.account, self.part))
        return sha256(named.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A delivery's row: where it stands, who holds it, what was sent."""

    delivery: Delivery
    state: State
    digest: str = ""  # of what was last tried or sent
    owner: str = ""
    lease_until: datetime | None = None  # aware, UTC
    attempts: int = 0
    prepared: str = ""  # a draft's id at the platform
    detail: str = ""  # why it failed or is held, for people
    created_at: datetime  # aware, UTC: nothing of it was tried before
    changed_at: datetime
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one channel of one run ended."""

    account: str
    status: Status
    detail: str = ""
    url: str = ""
    digest: str = ""
    passing: bool = False  # what went wrong passes: it is worth another try later

    @property
    def well(self) -> bool:
        """The run did what it could: only what is posted by hand is left to somebody."""
        return self.status in {"sent", "already", "corrected", "skipped", "handed", "retracted"}


def concluded(
    delivery: Delivery,
    status: Status,
    detail: str = "",
    receipt: Receipt | None = None,
    *,
    digest: str,
    passing: bool = False,
) -> Outcome:
    """How a delivery ended, told to the log too. `digest` is of what was tried; a receipt knows better."""
    outcome = Outcome(
        account=delivery.account,
        status=status,
        detail=detail,
        url=receipt.url if receipt else "",
        digest=receipt.digest if receipt else digest,
        passing=passing,
    )
    log.info("%s: %s %s", outcome.account, status, detail, extra={"outcome": outcome})
    return outcome


def held_back(delivery: Delivery, why: str, *, digest: str) -> Outcome:
    """Nothing of it was begun, for a reason that passes."""
    return concluded(delivery, "held", why, digest=digest, passing=True)


def unbarred() -> str:
    """Nothing stands against going on."""
    return ""
