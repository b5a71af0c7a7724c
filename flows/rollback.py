"""Putting an earlier version back in the place of the newest."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from channels.errors import ChannelError
from flows.deliver import Courier
from flows.plan import connect
from flows.records import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from flows.ledger import Ledger
    from flows.records import Record

NONE = "there is no earlier version of it"


def roll_back(record: Record, ledger: Ledger, root: Path) -> Outcome:
    """Change what a delivery carries back to what it carried before. Twice goes forth again."""
    account = record.delivery.account
    now = record.receipt.digest if record.receipt else ""
    earlier = next(
        (kept for digest in ledger.versions(record.delivery.key) if digest != now and (kept := ledger.kept(digest))),
        None,
    )
    if earlier is None:
        return Outcome(account=account, status="failed", detail=NONE)
    try:
        with closing(connect(account, root)) as channel:
            return Courier(channel, channel.revived(earlier), record.delivery, ledger).deliver(correct=True)
    except ChannelError as error:
        return Outcome(account=account, status="failed", detail=error.detail)
