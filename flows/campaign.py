"""The flows of campaigns: one sends a step at its moment, one begins and ends campaigns by a form.

A worker may run this file as module `campaign`; it defines no types, for those could not be unpickled elsewhere.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from content.findings import Refused
from flows import clock
from flows.agenda import Agenda
from flows.courses import Course, Stage
from flows.directing import direct
from flows.errors import Undelivered, Unusable
from flows.governor import governed
from flows.judging import Verdict, is_late, judge
from flows.latecomer import Latecomer
from flows.ledger import Ledger
from flows.orders import Call, Order, Request
from flows.plan import Plan, identity, plan
from flows.publish import carried_out
from flows.records import Outcome
from flows.settings import Settings
from flows.staging import conclusion, given_up, in_brief, order_of
from flows.tending import arranged

AGAIN = timedelta(minutes=1)  # until a step is tried once more, where what went wrong passes
ENDS = {"wait": "waiting", "hold": "held", "skip": "skipped"}
BEAT = 5.0  # seconds between two signs of life
NEAR = 3600.0  # seconds: a run that comes earlier than this has no business here


@flow(name="campaign-step", validate_parameters=True)
async def campaign_step(call: Call) -> State[Any]:
    """Send one step of a campaign, at its moment, once.

    Args:
        call: Which step, as the ledger has it.
    """
    root = Path(call.root)
    settings = Settings.of(root)
    with closing(Ledger(settings.ledger_url(root))) as ledger:
        agenda = Agenda(ledger.engine)
        stage = agenda.stage(call.course, call.step)
        if stage is None or stage.revision != call.revision or stage.state not in {"booked", "running"}:
            return Completed(name="Superseded", message=f"this booking counts no more: {stage and stage.state}")
        mine = agenda.begin(stage)
        if mine is None:
            return Completed(name="Superseded", message="another run is at it")
        async with kept(agenda, mine):
            ended = await performed(agenda, replace(mine, detail=stage.detail), settings, root, ledger)
    await followed(root, call.course)
    return ended


async def performed(agenda: Agenda, stage: Stage, settings: Settings, root: Path, ledger: Ledger) -> State[Any]:
    """Judge, render, wait for the moment, judge again, send; and write down how it ended."""
    course = agenda.course(stage.course)
    assert course is not None  # noqa: S101 - a stage has a course: the database says so
    try:
        verdict = judged(agenda, course, stage, ledger, root)
        if verdict.act == "go":
            order = order_of(course, stage.step, root)
            planned = await asyncio.to_thread(plan, order, settings.outbox_of(root))
            planned.refuse_blocked(order)
            await until(verdict.at)
            course = agenda.course(stage.course) or course
            verdict = judged(agenda, course, stage, ledger, root)
        if verdict.act == "go":
            barred = partial(bars, agenda, stage, ledger, root)
            outcomes = await sent(planned, order, settings, course, ledger, barred)
            state, detail = conclusion(outcomes, order)
            return put_off(agenda, stage, detail) if state == "waiting" else settled(agenda, stage, state, detail)
    except Refused as refused:
        return settled(agenda, stage, "failed", " ".join(finding.why for finding in refused.findings))
    except Unusable as error:
        # where the ledger does not take this either, the run breaks off, and the tender has it begun once more
        return put_off(agenda, stage, str(error)) if error.passing else settled(agenda, stage, "failed", str(error))
    except Exception as error:
        settled(agenda, stage, "failed", f"{type(error).__name__}: {error}")
        raise
    waited = stage.detail if verdict.act != "wait" and is_late(stage, clock.now()) else ""
    why = f"{verdict.why}; last: {waited}" if waited else verdict.why
    return settled(agenda, stage, ENDS[verdict.act], why, booked_for=verdict.at)


def judged(agenda: Agenda, course: Course, stage: Stage, ledger: Ledger, root: Path) -> Verdict:
    """What to do with it now."""
    stages = agenda.stages([course.id])[course.id]
    if stages[stage.step].owner != stage.owner:  # we stood still for too long, and somebody else has taken it
        return Verdict("wait", "another run is at it")
    now = clock.now()
    if is_late(stage, now) and stage.step in course.plan.steps:
        return Latecomer(agenda, ledger, course, stage, identity(course.article, root)).judged(stages, now)
    return judge(course, stage, stages, now)


def bars(agenda: Agenda, stage: Stage, ledger: Ledger, root: Path) -> str:
    """Why nothing more of it may begin by now, whatever it waited for; "" where it may."""
    course = agenda.course(stage.course)
    assert course is not None  # noqa: S101 - as above
    verdict = judged(agenda, course, stage, ledger, root)
    return "" if verdict.act == "go" else verdict.why


async def until(moment: datetime | None) -> None:
    """Wait for the moment itself: everything else is ready by then."""
    if moment and (wait := (moment - clock.now()).total_seconds()) > 0:
        get_run_logger().info("ready; sends at %s", moment)
        await asyncio.sleep(min(wait, NEAR))


async def sent(
    planned: Plan, order: Order, settings: Settings, course: Course, ledger: Ledger, barred: Callable[[], str]
) -> list[Outcome]:
    """Push what the governor lets through, and what nothing bars when it comes to it."""
    same_text = course.plan.terms.governor.same_text
    kept_back: list[Outcome] = []
    if same_text:
        planned, kept_back = governed(planned, ledger, same_text, datetime.now(UTC))
    try:
        return await carried_out(planned, order, settings, kept_back, barred)
    except Undelivered as error:
        return error.outcomes


def put_off(agenda: Agenda, stage: Stage, why: str) -> State[Any]:
    """Once more in a minute, unless a person has released it, and the time for that is over."""
    course, now = agenda.course(stage.course), clock.now()
    if course and (over := given_up(course, stage, now)):
        return settled(agenda, stage, "held", f"{why}; {over}")
    return settled(agenda, stage, "waiting", why, booked_for=now + AGAIN)


def settled(agenda: Agenda, stage: Stage, state: Any, detail: str, **more: Any) -> State[Any]:
    """Write down how it ended, and say so to Prefect: what waits for a person is no success there."""
    agenda.end(stage, state, detail, clock.now(), released=stage.released and state == "waiting", **more)
    said = in_brief(state, detail)
    if state in {"held", "failed"}:
        return Failed(name=state.capitalize(), message=said)
    return Completed(name=state.capitalize(), message=said)


@asynccontextmanager
async def kept(agenda: Agenda, stage: Stage) -> AsyncIterator[None]:
    """Give signs of life, so that nobody else takes the stage for abandoned."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT)
            try:
                await asyncio.to_thread(agenda.renew, stage)
            except Unusable as error:
                get_run_logger().warning("no sign of life: %s", error)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()


async def followed(root: Path, course: str) -> None:
    """Book what waited for this step. Where that fails, the tender does it."""
    try:
        await asyncio.to_thread(arranged, root, [course])
    except (Refused, Unusable) as error:
        get_run_logger().info("what follows is left to the tender: %s", error)


@flow(name="campaign", flow_run_name="{request.wanted} {request.campaign}", validate_parameters=True)
async def campaign(request: Request) -> str:
    """Start, pause, resume or cancel a campaign.

    Args:
        request: Which campaign, and what should become of it.
    """
    said = await asyncio.to_thread(direct, request)
    get_run_logger().info("%s", said)
    return said
