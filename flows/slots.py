"""How many pushes an account may have at once, over all machines: limits that the Prefect server they share keeps.

They stand around a push, never in it: what goes wrong with one before the push is a push that was not begun, and what
goes wrong after it is only said.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

from prefect import get_client, get_run_logger
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate
from prefect.concurrency.asyncio import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import PREFECT_API_URL

from channels.errors import Unavailable

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

    from flows.settings import Settings

LEASE = 60.0  # seconds until the slot of a process that was killed comes back; Prefect takes no fewer
SOON = 1.0  # seconds that a slot may take without a word
LONG = 300.0  # seconds after which somebody should look: a slot that a server has lost never comes back
PATIENCE = 10.0  # seconds for the server to take a slot back


def limit_name(account: str) -> str:
    """What Prefect calls an account's limit."""
    return f"account-{account}"


async def make_limits(client: PrefectClient, limits: Mapping[str, int]) -> None:
    """Make the limits, or bring them up to date; the slots that are taken stay taken."""
    for account, most in limits.items():
        with suppress(ObjectAlreadyExists):  # another has just made it
            await client.upsert_global_concurrency_limit_by_name(limit_name(account), most)


@asynccontextmanager
async def slot(account: str, settings: Settings) -> AsyncIterator[None]:
    """Hold one of an account's slots. Raises `Unavailable` where none can be had.

    Without a limit for the account, or a server that machines could share, it costs nothing.
    """
    most = settings.at_once.get(account)
    if most is None or not PREFECT_API_URL.value():
        yield
        return
    held = AsyncExitStack()
    await _take(held, account, most)
    try:
        yield
    finally:
        await _give_back(held, account)


async def _take(held: AsyncExitStack, account: str, most: int) -> None:
    log, name, loop = get_run_logger(), limit_name(account), asyncio.get_running_loop()
    begun = loop.time()
    told = f"{account}: waits for a slot of '{name}', which has {most}"
    lost = f"{told}, since {LONG:.0f} s. If nothing is being sent there: prefect gcl update {name} --active-slots 0"
    sayings = (loop.call_later(SOON, log.info, told), loop.call_later(LONG, log.warning, lost))
    # not strict: a person may have switched the limit off in Prefect's pages, and a lease that is lost ends no push
    lasting = concurrency(name, occupy=1, lease_duration=LEASE, strict=False, raise_on_lease_renewal_failure=False)
    try:
        await _must_be(name, most)
        await held.enter_async_context(lasting)
    except Exception as error:  # what its client raises is its HTTP library's, pydantic's, or its own
        raise Unavailable(account, f"no slot of '{name}': {type(error).__name__}: {error}") from error
    finally:
        for saying in sayings:
            saying.cancel()
    waited = loop.time() - begun
    if waited > SOON:
        log.info("%s: has a slot of '%s' after %.0f s", account, name, waited)


async def _must_be(name: str, most: int) -> None:
    """The limit is there, with the number that is set here: without it Prefect would let everybody in."""
    async with get_client() as client:
        try:
            found = await client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            with suppress(ObjectAlreadyExists):
                await client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=most))
            return
        if found.limit != most:
            # of machines that are set differently, the last to push is right: the log is where that shows
            get_run_logger().warning("'%s' had %d, and has %d now, by PRESSROOM_LIMITS here", name, found.limit, most)
            await client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(limit=most))


async def _give_back(held: AsyncExitStack, account: str) -> None:
    """However it fails, the push is over: its slot comes back with the end of its lease, if the server kept that."""
    try:
        async with asyncio.timeout(PATIENCE):
            await held.aclose()
    except Exception as error:  # noqa: BLE001 - see above
        told = "the slot of '%s' comes back within a minute: %s: %s"
        get_run_logger().warning(told, limit_name(account), type(error).__name__, error)
