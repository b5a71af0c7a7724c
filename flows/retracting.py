"""Taking back what was sent."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from channels.errors import ChannelError
from flows.plan import connect
from flows.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from flows.ledger import Ledger
    from flows.records import Record

IN_DOUBT = {"unknown", "claimed"}  # states in which nobody knows how much is out
DOUBT = "nobody knows yet what of it is out: publish once more, or look and say so with `pressroom resolve`"


def sent_there(ledger: Ledger, article: str, accounts: Iterable[str], campaign: str = "") -> list[Record]:
    """The deliveries of an article to some accounts of which anything is out, or may be."""
    wanted = set(accounts)
    return [
        record
        for record in ledger.records(article=article, campaign=campaign)
        if record.delivery.account in wanted
        and (record.receipt or record.state in IN_DOUBT)
        and record.state != "retracted"
    ]


def take_back(records: Iterable[Record], ledger: Ledger, root: Path) -> Iterator[Outcome]:
    """Delete each at its channel, and note it. One that refuses stops no other; trying again is no harm."""
    for record in records:
        account, receipt = record.delivery.account, record.receipt
        if record.state in IN_DOUBT or receipt is None:
            yield Outcome(account=account, status="failed", detail=DOUBT, url=receipt.url if receipt else "")
            continue
        try:
            with closing(connect(account, root)) as channel:
                if not channel.can.by_hand:  # there a person has done it
                    channel.retract(receipt)
        except ChannelError as error:
            yield Outcome(account=account, status="failed", detail=error.detail, url=receipt.url, digest=receipt.digest)
            continue
        ledger.retracted(record.delivery)
        yield Outcome(account=account, status="retracted", url=receipt.url, digest=receipt.digest)
