"""How far a long mailing is: an artifact of its run, a bar in Prefect's pages. What goes wrong here stops nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from flows.errors import Unusable
from flows.ledger import Ledger
from flows.mailing import summary
from flows.roll import Roll
from flows.summary import artifact_key

if TYPE_CHECKING:
    from flows.plan import Entry

EVERY = 5.0  # seconds; more where they have to be counted for long
RARE = 100  # times as long as the last count took: it reads every row of the mailing
PATIENCE = 10.0  # seconds for Prefect to take it
log = logging.getLogger("pressroom.progress")


@asynccontextmanager
async def shown(entries: Iterable[Entry], ledger_url: str, every: float = EVERY) -> AsyncIterator[None]:
    """Show how far the mailings among some entries are, as long as they go on."""
    lists = [entry for entry in entries if entry.channel.can.recipients]
    tasks = [asyncio.create_task(_follow(entry, ledger_url, every)) for entry in lists]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(entry: Entry, ledger_url: str, every: float) -> None:
    bar: UUID | None = None
    took = 0.0
    while True:
        await asyncio.sleep(max(every, RARE * took))
        try:
            began = time.monotonic()
            found = await asyncio.to_thread(_read, ledger_url, entry.delivery.key)
            took = time.monotonic() - began
            if found:
                bar = await asyncio.wait_for(_show(bar, entry, *found), PATIENCE)
        except Unusable as error:
            log.info("%s", error)
        except Exception as error:  # noqa: BLE001 - Prefect's client has many; the mailing itself knows of none
            log.info("no progress is shown: %s", error)


def _read(ledger_url: str, key: str) -> tuple[float, str] | None:
    """The share that is done, in per cent, and how it stands in words; None before it has begun."""
    with closing(Ledger(ledger_url)) as ledger, closing(Roll(ledger.engine)) as roll:
        mailing = roll.find(key)
        if mailing is None or mailing.total <= 0:
            return None
        counts = roll.counts(mailing)
        left = sum(counts.get(state, 0) for state in ("waiting", "claimed", "later"))
        return 100.0 * (mailing.total - left) / mailing.total, summary(counts, mailing.total)


async def _show(bar: UUID | None, entry: Entry, share: float, said: str) -> UUID:
    if bar:
        return await aupdate_progress_artifact(bar, share, said)
    key = artifact_key(f"{entry.delivery.article}-{entry.account}").replace("published-", "progress-")
    return await acreate_progress_artifact(share, key, said)
