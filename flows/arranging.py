"""What has to be booked, freed or given up for a course to be as its plan and its stages say. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, Literal

from channels.owners import abandoned
from flows.courses import ASKS, Course, Stage
from flows.judging import awaited
from flows.schedule import Slot, on_clocks, timetable

if TYPE_CHECKING:
    from content.campaign import Campaign

GRACE = timedelta(seconds=20)  # after which a run that has not begun is taken for lost, then twice as long each time
PATIENT = timedelta(minutes=30)  # the longest of these
DOUBLED = 7  # times: by then it is longer than that
UNSURE = timedelta(seconds=10)  # in which whoever booked a run should have noted it
SOON = timedelta(minutes=1)  # so long before its moment a run for what waits for another would wait in vain
AHEAD = timedelta(days=1)  # how long before its time what comes again is begun


@dataclass(frozen=True, slots=True)
class Book:
    """Have a run for a stage that begins to send at a moment; its earlier run is freed."""

    stage: Stage
    due: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """Book what the stage says once more: whoever began it did not end it."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class Free:
    """No run: the campaign is paused or cancelled, a step is skipped, or its time is not known any more."""

    stage: Stage
    into: Literal["waiting", "cancelled", "skipped"] = "waiting"


@dataclass(frozen=True, slots=True)
class Skip:
    """It can't come to it any more."""

    stage: Stage
    why: str


Action = Book | Note | Free | Skip


def actions(
    course: Course, stages: Mapping[str, Stage], now: datetime, real: datetime | None = None
) -> Iterator[Action]:
    """What is to be done for a course. Nothing, where everything is as it should be.

    Leases go by the `real` time, where `now` is that of a rehearsal.
    """
    real = real or now
    slots = timetable(course.plan, course.started_at, stages)
    for name, stage in stages.items():
        if stage.state == "running" and not _lost(stage, real):
            continue
        if stage.over:
            yield from _left_over(stage)
        elif course.state == "cancelled" or name not in slots:
            yield Free(stage, into="cancelled")
        elif course.state == "running":
            yield from _going(course, stage, stages, slots[name], (now, real))
        elif stage.run or stage.state in {"booked", "running"}:
            yield Free(stage)


def _left_over(stage: Stage) -> Iterator[Action]:
    """A run of what was given up before it began: the file has it no more, or somebody has skipped it."""
    if stage.run and stage.state == "cancelled":
        yield Free(stage, into="cancelled")
    elif stage.run and stage.state == "skipped" and stage.booked_for:
        yield Free(stage, into="skipped")


def _lost(stage: Stage, real: datetime) -> bool:
    """Whether nobody is at a stage that says so; what was lost several times is left alone for longer each time."""
    last = stage.lease_until or real
    return abandoned(stage.owner, stage.lease_until, real) and (not stage.tries or real - last > _grace(stage))


def _grace(stage: Stage) -> timedelta:
    return min(GRACE * (1 << min(stage.tries, DOUBLED)), PATIENT)


def _going(
    course: Course, stage: Stage, stages: Mapping[str, Stage], slot: Slot, clocks: tuple[datetime, datetime]
) -> Iterator[Action]:
    now = clocks[0]
    if stage.state in ASKS:
        return
    if stage.state == "running":
        yield Book(stage, stage.due_at or now, now)
    elif not slot.firm and not stage.released:
        yield from _unknown(course.plan, stage, stages)
    else:
        yield from _booked(course, stage, stages, slot.due, clocks)


def _unknown(plan: Campaign, stage: Stage, stages: Mapping[str, Stage]) -> Iterator[Action]:
    """Its time depends on another, which has not been sent."""
    of = stage.step
    while not plan.steps[of].at.after:  # what counts from a step that waits, waits with it
        of = plan.base(of)
    of = plan.base(of)
    base = stages.get(of)
    if base and base.over and base.state != "sent":
        yield Skip(stage, f"counts from '{of}', which is {base.state}")
    elif stage.state == "booked":
        yield Free(stage)


def _booked(
    course: Course, stage: Stage, stages: Mapping[str, Stage], due: datetime, clocks: tuple[datetime, datetime]
) -> Iterator[Action]:
    now, real = clocks
    if stage.state == "waiting":
        if due <= now + SOON and not stage.released and awaited(course.plan, stage.step, stages):
            return
        begin = now if stage.released else due
        yield Book(stage, due, max(begin, stage.booked_for or begin))
    elif stage.due_at != due:
        yield Book(stage, due, now if stage.released else due)
    elif not stage.run:
        if stage.changed_at is None or real - stage.changed_at > UNSURE:
            yield Note(stage)
    elif stage.booked_for and now - stage.booked_for > _grace(stage):
        yield Book(stage, due, now)


def due_turn(master: Course, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Of what comes again: the time whose course is to begin now, and the next one; None where there is none.

    What passed while nothing was running is not made up for: of these times the last one counts, within its window.
    """
    found: datetime | None = None
    following: datetime | None = None
    repeat = master.plan.terms.repeat
    for moment in _times(master):
        if moment > now + AHEAD or (found and moment > now):
            following = moment
            break
        found = moment
    if found and found < now - master.plan.terms.late.within:
        found = None
    if found and repeat and repeat.times and master.number + 1 >= repeat.times:
        following = None
    return found, following


def turns(master: Course, after: datetime) -> Iterator[datetime]:
    """The times of what comes again after a moment, however many of them it may have."""
    return (turn for turn, _ in _after(master, after))


def first_turn(master: Course) -> datetime | None:
    """The first time of what comes again; None where there is none."""
    return next(turns(master, master.started_at), None)


def next_turns(master: Course, most: int = 5) -> list[tuple[datetime, str]]:
    """The next times of what comes again, and what its zone's clocks do then; of one not begun yet, the first ones."""
    repeat = master.plan.terms.repeat
    if repeat is None or (master.next_at is None and master.number):
        return []
    left = most if repeat.times is None else min(most, repeat.times - master.number)
    known = [(master.next_at, "")] if master.next_at else []
    return list(islice(chain(known, _after(master, master.next_at or master.started_at)), max(0, left)))


def _times(master: Course) -> Iterator[datetime]:
    repeat = master.plan.terms.repeat
    if master.next_at and repeat and (repeat.times is None or master.number < repeat.times):
        yield master.next_at
        yield from turns(master, master.next_at)


def _after(master: Course, moment: datetime) -> Iterator[tuple[datetime, str]]:
    terms = master.plan.terms
    begin, last = (when.astimezone(terms.zone).replace(tzinfo=None) for when in (master.started_at, moment))
    for local in terms.repeat.after(last, begin) if terms.repeat else ():
        turn, note = on_clocks(local, terms.zone)
        if turn > moment:  # two times may be the same moment where clocks go forward
            moment = turn
            yield turn, note
