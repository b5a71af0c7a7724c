"""The grains that `bench/grain.py` sets beside one flow run a delivery, with the same calls as the publish flow."""

import asyncio
import json
import sys
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.task_worker import serve

from flows.orders import Order
from flows.plan import Plan, plan
from flows.publish import push, push_all, summarise
from flows.settings import Settings


def planned(order: Order, settings: Settings) -> Plan:
    """What one delivery carries."""
    made = plan(order, settings.outbox_of(Path(order.root)))
    made.refuse_blocked(order)
    return made


@flow(name="together")
async def together(orders: list[Order]) -> None:
    """All that is due, in one flow run."""
    settings = Settings.of(Path())
    plans = [planned(order, settings) for order in orders]
    sides = zip(plans, orders, strict=True)
    outcomes = await asyncio.gather(*(push_all(list(made.entries), order, settings, "") for made, order in sides))
    assert all(outcome.well for side in outcomes for outcome in side)
    await summarise("Due together", "together", [outcome for side in outcomes for outcome in side])


@task(name="alone", task_run_name="alone {order.campaign}", cache_policy=NO_CACHE)
async def alone(order: Order) -> None:
    """One delivery, without a flow run."""
    settings = Settings.of(Path())
    for entry in planned(order, settings).entries:
        assert (await push.fn(entry, order, settings, hold="")).well


if __name__ == "__main__" and sys.argv[1] == "serve":
    serve(alone, limit=int(sys.argv[2]))
elif __name__ == "__main__":
    for given in json.load(sys.stdin):
        alone.delay(Order(**given))
