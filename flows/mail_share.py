"""The flow that sends one share of a mailing, and who has it begun: the run that sends the first share.

A worker may run this file as module `mail_share`; it defines no types, for those could not be unpickled elsewhere.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from prefect import flow, get_client, get_run_logger
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL
from prefect.states import Completed

from flows.errors import Unusable
from flows.ledger import Ledger
from flows.orders import Order, Portion
from flows.plan import Entry, plan
from flows.postmen import mate
from flows.settings import Settings
from flows.shares import Share, Shares

DEPLOYMENT = "mail-share/press"
EVERY = 1.0  # seconds between two looks at what is offered
PATIENCE = 20.0  # seconds for the server to take a run


@flow(name="mail-share", validate_parameters=True)
async def mail_share(portion: Portion) -> State[Any]:
    """Send one share of a mailing, beside the run that began it.

    Args:
        portion: Which mailing, and which share of it.
    """
    settings = Settings.of(Path(portion.order.root))
    planned = await asyncio.to_thread(plan, portion.order)
    stopped = threading.Event()
    ledger = Ledger(settings.ledger_url(Path(portion.order.root)))
    [entry] = planned.entries
    try:
        sent = await asyncio.to_thread(mate(entry, portion, settings, ledger, stopped).deliver)
    except asyncio.CancelledError:
        stopped.set()  # the thread ends in good order, and then needs its ledger
        raise
    finally:
        entry.channel.close()
        if not stopped.is_set():
            ledger.close()
    if sent is None:
        return Completed(name="Superseded", message="the main run does it, or is over")
    return Completed(message=f"{sent:,} sent")


def shares_of(entry: Entry) -> int:
    """In how many shares an entry's mailing may go: in one, where no worker could be asked."""
    if not entry.channel.can.recipients or not PREFECT_API_URL.value():
        return 1
    number: int = entry.channel.settings.shares  # type: ignore[attr-defined]  # every channel with recipients has one
    return number


@asynccontextmanager
async def accompanied(entry: Entry, order: Order, settings: Settings) -> AsyncIterator[None]:
    """Have the shares begun that the push within offers. Where that fails, it sends them by itself."""
    if shares_of(entry) == 1:
        yield
        return
    offering = asyncio.create_task(_offer(entry, order, settings.ledger_url(Path(order.root))))
    try:
        yield
    finally:
        offering.cancel()
        await asyncio.gather(offering, return_exceptions=True)


async def _offer(entry: Entry, order: Order, ledger_url: str) -> None:
    begun: set[tuple[str, int]] = set()
    with closing(await asyncio.to_thread(Ledger, ledger_url)) as ledger:
        while True:
            await asyncio.sleep(EVERY)
            try:
                offered = await asyncio.to_thread(Shares(ledger.engine).offered, entry.delivery.key)
                new = [share for share in offered if (share.claim, share.number) not in begun]
                begun |= {(share.claim, share.number) for share in new}
                await asyncio.gather(*(_begin(entry, order, share) for share in new))
            except (Unusable, OSError) as error:
                get_run_logger().info("shares can't be offered: %s", error)


async def _begin(entry: Entry, order: Order, share: Share) -> None:
    """Have one run. What goes wrong is said, and costs time alone."""
    log, said = get_run_logger(), f"share {share.number + 1} of {share.total}"
    try:
        async with asyncio.timeout(PATIENCE), get_client() as client:
            deployment = await client.read_deployment_by_name(DEPLOYMENT)
            await client.create_flow_run_from_deployment(
                deployment.id,
                parameters={"portion": _portion(entry, order, share).model_dump()},
                name=f"{said}: {entry.delivery.article}, {entry.account}",
                tags=["mailing", entry.delivery.article],
                idempotency_key=f"pressroom/{entry.delivery.key}/{share.claim}/{share.number}",
            )
    except ObjectNotFound:
        log.warning("%s is sent from here: the server has no deployment '%s'", said, DEPLOYMENT)
    except Exception as error:  # noqa: BLE001 - Prefect's client has many; the mailing itself needs none of this
        log.warning("%s is sent from here: %s: %s", said, type(error).__name__, error)
    else:
        log.info("%s is offered to the workers", said)


def _portion(entry: Entry, order: Order, share: Share) -> Portion:
    # a worker elsewhere finds the project where its deployment says
    root = "." if Path(order.root).resolve() == Path.cwd() else order.root
    alone = order.model_copy(update={"channels": [entry.account], "root": root, "digests": {}})
    return Portion(order=alone, share=share.number, claim=share.claim)
