"""Publish one article: the page first, then mail and posts side by side, each once.

A worker runs this file as module `publish`; it defines no types, for those could not be unpickled elsewhere.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from channels.announce import announce
from channels.errors import ChannelError, Unavailable, Uncertain
from channels.livepage import waits_for
from content.brand import Brand
from flows.deliver import Courier
from flows.errors import Undelivered, Unusable
from flows.handing import Clerk
from flows.ledger import Ledger
from flows.mail_share import accompanied, shares_of
from flows.orders import Order
from flows.plan import Entry, Plan, plan
from flows.postmen import postman
from flows.progress import shown
from flows.records import Outcome, unbarred
from flows.settings import Settings
from flows.slots import slot
from flows.summary import artifact_key, markdown


def worth_a_retry(_task: Any, _run: TaskRun, state: State[Any]) -> bool:
    """Nothing was sent, or the next attempt looks before it sends."""
    # the data of a state that is about to be retried is the error itself
    return isinstance(state.data, Unavailable | Uncertain)


@task(name="push", task_run_name="push {entry.account}", cache_policy=NO_CACHE, persist_result=False)
async def push(
    entry: Entry, order: Order, settings: Settings, *, hold: str, barred: Callable[[], str] = unbarred
) -> Outcome:
    """Bring one rendition to one channel. No call to Prefect follows the send: it could fail, and send twice.

    Each attempt asks once more what is `barred`: much may have been said since the one before.
    """
    ledger = Ledger(settings.ledger_url(Path(order.root)))
    stopped = threading.Event()
    try:
        hold = hold or await asyncio.to_thread(barred)
        return await asyncio.to_thread(delivering(entry, order, settings, ledger, stopped, barred), hold=hold)
    except asyncio.CancelledError:
        stopped.set()  # a thread can't be ended from outside: a mailing looks here once a second
        raise
    except Unavailable as error:
        await asyncio.sleep(min(error.retry_after or 0, settings.patience))
        raise
    finally:
        entry.channel.close()
        if not stopped.is_set():
            ledger.close()


def delivering(
    entry: Entry,
    order: Order,
    settings: Settings,
    ledger: Ledger,
    stopped: threading.Event,
    barred: Callable[[], str],
) -> Callable[..., Outcome]:
    """Who brings it: a postman to a list's recipients, a clerk to whoever posts by hand, a courier to all others."""
    if entry.channel.can.recipients:
        carrier = postman(entry, order, settings, ledger, stopped, shares=shares_of(entry), barred=barred)
        return partial(carrier.deliver, accept=order.accept_list)
    if entry.channel.can.by_hand:
        folder = settings.outbox_of(Path(order.root)) / entry.delivery.folder
        return Clerk(entry.channel, entry.rendition, entry.delivery, ledger, folder).deliver
    courier = Courier(
        entry.channel,
        entry.rendition,
        entry.delivery,
        ledger,
        lease=settings.lease,
        settling=settings.settling,
    )
    return partial(courier.deliver, correct=order.correct)


@task(name="summary", cache_policy=NO_CACHE, persist_result=False)
async def summarise(title: str, slug: str, outcomes: list[Outcome]) -> None:
    """Leave links and digests as an artifact of the run."""
    await acreate_markdown_artifact(
        key=artifact_key(slug),
        markdown=markdown(title, outcomes),
        description=f"Where '{title}' went",
    )


@flow(name="publish", flow_run_name="publish {order.article}", validate_parameters=True)
async def publish(order: Order) -> list[Outcome]:
    """Publish one article to its channels, once each.

    Args:
        order: What to publish, and where.
    """
    settings = Settings.of(Path(order.root))
    planned = plan(order, settings.outbox_of(Path(order.root)))
    planned.refuse_blocked(order)
    return await carried_out(planned, order, settings)


async def carried_out(
    planned: Plan,
    order: Order,
    settings: Settings,
    before: Sequence[Outcome] = (),
    barred: Callable[[], str] = unbarred,
) -> list[Outcome]:
    """Push what is planned. Raises `Undelivered` where some were not served.

    `before`: what was settled already. `barred`: why nothing more may begin by now; "" where it may.
    """
    log = get_run_logger()
    pages = [entry for entry in planned.entries if entry.first]
    others = [entry for entry in planned.entries if not entry.first]
    outcomes = await push_all(pages, order, settings, "", barred)
    down = [outcome for outcome in outcomes if outcome.status not in {"sent", "already", "corrected"}]
    hold = f"waits for the page: {down[0].status}" if down else ""
    unseen = hold or await unread_page(planned, settings, outcomes)
    fresh = any(entry.live for entry in pages) and any(outcome.status in {"sent", "corrected"} for outcome in outcomes)
    if fresh and not unseen:
        told: Any = announced([planned.address], Path(order.root), settings, return_state=True)
        await told
    late = [entry for entry in others if entry.account in planned.waiting]
    sides = [([entry for entry in others if entry not in late], hold), (late, unseen)]
    async with shown(others, settings.ledger_url(Path(order.root))):
        for sent in await asyncio.gather(*(push_all(side, order, settings, reason, barred) for side, reason in sides)):
            outcomes += [waited(outcome, down) for outcome in sent]
    skipped = [Outcome(account=name, status="skipped", detail="by the article") for name in planned.skipped]
    outcomes += [*skipped, *before]
    for outcome in outcomes:
        log.info("%s: %s %s %s", outcome.account, outcome.status, outcome.detail, outcome.url)
    summary: Any = summarise(planned.article.meta.title, planned.article.meta.slug, outcomes, return_state=True)
    await summary
    if not all(outcome.well for outcome in outcomes):
        raise Undelivered(outcomes)
    return outcomes


async def unread_page(planned: Plan, settings: Settings, pages: list[Outcome]) -> str:
    """Why readers and networks would not find the page; "" where they would, or where nobody asks."""
    if not settings.live_wait or not planned.waiting:
        return ""
    get_run_logger().info("waiting for %s to be live", planned.address)
    lack = await asyncio.to_thread(waits_for, planned.expected, settings.live_wait)
    elsewhere = [page for page in pages if page.url and page.url != planned.address]
    at = f"; {elsewhere[0].account} has it at {elsewhere[0].url}" if elsewhere else ""
    return f"waits for the page: {lack}{at}" if lack else ""


@task(name="announce", cache_policy=NO_CACHE, persist_result=False)
async def announced(addresses: list[str], root: Path, settings: Settings) -> None:
    """Tell search engines and feed readers. What goes wrong is said, and stops nothing."""
    brand = Brand.load(root)
    for trouble in await asyncio.to_thread(lambda: list(announce(addresses, brand, settings.indexnow))):
        get_run_logger().warning("%s", trouble)


def waited(outcome: Outcome, pages: list[Outcome]) -> Outcome:
    """What waits for a page with an earlier text waits for a person: that does not pass by itself."""
    lasts = outcome.status == "held" and any(page.status == "changed" for page in pages)
    return replace(outcome, passing=False) if lasts else outcome


async def push_all(
    entries: list[Entry], order: Order, settings: Settings, hold: str, barred: Callable[[], str] = unbarred
) -> list[Outcome]:
    """Push side by side; one that fails stops no other."""
    pushing = push.with_options(
        retries=settings.attempts - 1,
        retry_delay_seconds=[settings.retry_delay * 2**n for n in range(settings.attempts - 1)],
        retry_jitter_factor=0.3,
        retry_condition_fn=worth_a_retry,
    )

    async def pushed(entry: Entry) -> Outcome:
        """What needs Prefect's API stands around the push, not in it."""
        async with slot("" if hold else entry.account, settings), accompanied(entry, order, settings):
            return await pushing(entry, order, settings, hold=hold, barred=barred)

    results = await asyncio.gather(*map(pushed, entries), return_exceptions=True)
    return [outcome_of(entry, result) for entry, result in zip(entries, results, strict=True)]


def outcome_of(entry: Entry, result: Outcome | BaseException) -> Outcome:
    """What a push returned, or what its error means."""
    ended = partial(Outcome, account=entry.account, digest=entry.rendition.digest)
    match result:
        case Outcome():
            return result
        case Uncertain():
            return ended(status="unknown", detail=f"perhaps sent: {result.detail}")
        case ChannelError():
            return ended(status="failed", detail=result.detail, passing=isinstance(result, Unavailable))
        case Unusable():
            return ended(status="failed", detail=str(result), passing=result.passing)
        case Exception():
            return ended(status="failed", detail=f"{type(result).__name__}: {result}")
    raise result
