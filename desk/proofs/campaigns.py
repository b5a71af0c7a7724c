"""Campaigns as the desk shows them: what the ledger and the files say, laid out on boards. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from channels.registry import channel_class, misnamed
from desk.proofs.boards import LATEST, Board, Lane, Letters, Strand
from desk.proofs.past import standing
from desk.proofs.reasons import reason, sentence, settled
from flows.arranging import next_turns
from flows.courses import fresh
from flows.schedule import timetable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from content.campaign import Campaign
    from content.findings import Finding
    from flows.courses import Course, Stage
    from flows.forecast import Forecast
    from flows.records import Record
    from flows.schedule import Slot

MOVED = "moved by hand"


def strand(account: str, record: Record | None = None, letters: Letters | None = None) -> Strand:
    """One account of a step."""
    name, _, more = account.partition(":")
    title = account if misnamed(account) else channel_class(name).title + (f": {more}" if more else "")
    if record is None:
        return Strand(account=account, title=title)
    url = record.receipt.url if record.receipt else ""
    key = record.delivery.key
    return Strand(account=account, title=title, state=standing(record), key=key, url=url, letters=letters)


def lay_out(
    course: Course, stages: Mapping[str, Stage], now: datetime, strands: Mapping[str, tuple[Strand, ...]]
) -> Board:
    """A campaign under way. `strands`: of the steps of which something was delivered. Raises `Refused`."""
    plan = course.plan
    slots = {} if course.master else timetable(plan, course.started_at, stages)
    lanes = [_lane(course, stages[name], slot, stages, now) for name, slot in slots.items() if name in stages]
    lanes += [_gone(stage) for name, stage in stages.items() if name not in slots]
    placed = [replace(lane, strands=strands.get(lane.step) or lane.strands) for lane in lanes]
    return Board(
        id=course.id,
        campaign=course.campaign,
        state=course.state,
        article=course.article,
        zone=plan.terms.zone,
        dry=plan.terms.destination == "outbox",
        lanes=in_order(placed),
        master=course.master,
        rhythm=rhythm(plan),
        turns=tuple(moment for moment, _ in next_turns(course)) if course.master and course.state == "running" else (),
        started_at=course.started_at,
        text=course.terms,
    )


def unreadable(course: Course, findings: tuple[Finding, ...]) -> Board:
    """A campaign whose file this Pressroom understands no more."""
    return Board(
        id=course.id,
        campaign=course.campaign,
        state=course.state,
        article=course.article,
        findings=findings,
        text=course.terms,
    )


def planned(campaign: Campaign, now: datetime) -> Board:
    """A file that was not started, as it would be if it were now."""
    turns = tuple(moment for moment, _ in next_turns(fresh(campaign, now)))
    slots = timetable(campaign, turns[0] if turns else now)
    return Board(
        id=campaign.name,
        campaign=campaign.name,
        state="unstarted",
        article=campaign.terms.article or "",
        zone=campaign.terms.zone,
        dry=campaign.terms.destination == "outbox",
        lanes=in_order([_intended(campaign, name, slot) for name, slot in slots.items()]),
        master=bool(campaign.terms.each or campaign.terms.repeat),
        rhythm=rhythm(campaign),
        turns=turns,
        text=campaign.text,
    )


def foretold(board: Board, forecast: Forecast) -> Board:
    """What is known of it before it is started."""
    lines = {line.step: line for line in forecast.lines}
    known = [replace(lane, recipients=lines[lane.step].recipients) for lane in board.lanes if lane.step in lines]
    return replace(board, lanes=tuple(known), findings=forecast.findings, cost=forecast.costs.total)


def rhythm(plan: Campaign) -> str:
    """When it comes again, in a few words; "" for what comes once."""
    terms = plan.terms
    if terms.each:
        about = f" about {', '.join(terms.each.tags)}" if terms.each.tags else ""
        return f"Once for each new article{about}"
    if not terms.repeat:
        return ""
    until = f", until {terms.repeat.until}" if terms.repeat.until else ""
    times = f", {terms.repeat.times} times" if terms.repeat.times else ""
    return f"Again by {terms.repeat.cron or terms.repeat.rrule}{times}{until}"


def in_order(lanes: list[Lane]) -> tuple[Lane, ...]:
    """By their moments; those of one moment stay as the file has them."""
    return tuple(sorted(lanes, key=lambda lane: lane.due or LATEST))


def _intended(plan: Campaign, name: str, slot: Slot) -> Lane:
    step = plan.steps[name]
    return Lane(
        step=name,
        state="planned",
        strands=tuple(map(strand, plan.accounts(step))),
        due=slot.due,
        firm=slot.firm,
        notes=slot.notes if slot.firm else (*slot.notes, f"an estimate: it counts from '{plan.base(name)}'"),
        needs=plan.needed(name),
        stop_line=step.stop_line,
    )


def _lane(course: Course, found: Stage, slot: Slot, stages: Mapping[str, Stage], now: datetime) -> Lane:
    stage = settled(course, found)
    told = reason(course, stage, slot, stages, now)
    lane = _intended(course.plan, stage.step, slot)
    by_hand = stage.moved_to is not None and stage.detail.startswith(MOVED)
    return replace(
        lane,
        state=stage.state,
        notes=(stage.detail,) if by_hand else lane.notes,  # it says too what clocks do then
        why=told.why,
        mend=told.mend if course.state in {"running", "paused"} else "",
        late=told.late,
        dry=course.plan.terms.destination == "outbox",
        ended=stage.ended_at,
        run=stage.run,
        acts=_acts(course, stage),
    )


def _gone(stage: Stage) -> Lane:
    """A step that the file has no more."""
    why = "The file has it no more." if stage.state == "sent" else sentence(stage.detail)
    return Lane(step=stage.step, state=stage.state, due=stage.due_at, ended=stage.ended_at, why=why, run=stage.run)


def _acts(course: Course, stage: Stage) -> tuple[str, ...]:
    """What a person can do with a step; nothing is sent of what is paused."""
    if course.state not in {"running", "paused"} or stage.over or stage.state == "running":
        return ()
    return ("send", "move", "skip") if course.state == "running" else ("move", "skip")
