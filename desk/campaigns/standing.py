"""How campaigns stand, from the ledger: every step, when, where, and what a person can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from content.findings import Finding, Refused
from desk.proofs.reasons import Reason, reason, sentence, settled
from flows import clock
from flows.agenda import Agenda
from flows.arranging import next_turns
from flows.courses import ASKS, Course, Stage
from flows.judging import PUNCTUAL
from flows.schedule import Slot, timetable
from flows.tidings import Tidings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from flows.ledger import Ledger
    from flows.records import Record

RANK = {"running": 0, "paused": 1, "done": 2, "cancelled": 3}
UNCLEAR = {"held", "unknown", "begun"}  # states of a delivery in which a person has to say what became of it
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What became of a step at one account."""

    account: str
    channel: str  # the same, as the file names it
    state: str
    url: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step as it stands."""

    step: str
    channels: tuple[str, ...]
    state: str
    due: datetime | None  # None: the file has it no more, and it never was due
    firm: bool
    late: bool  # its moment has passed, and it should have gone out
    stuck: bool  # and nobody is there who would send it
    ended: datetime | None
    why: str
    mend: str
    places: tuple[Place, ...]
    todo: tuple[str, ...]  # what to type next

    @property
    def asks(self) -> bool:
        """Whether it waits for a person."""
        return self.state in ASKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A course as it stands."""

    course: Course
    steps: tuple[Step, ...] = ()
    turns: tuple[datetime, ...] = ()  # of what comes again: its next times
    faults: tuple[Finding, ...] = ()  # why its file can't be read any more

    @property
    def going(self) -> bool:
        """Whether more will come of it."""
        return self.course.state in {"running", "paused"}

    @property
    def asks(self) -> bool:
        """Whether something of it waits for a person: or for a press, which somebody must start."""
        return self.going and (bool(self.faults) or self.missed or any(step.asks or step.stuck for step in self.steps))

    @property
    def missed(self) -> bool:
        """Of what comes again: whether a time has passed that nobody has begun."""
        return self.course.state == "running" and any(turn < clock.now() - PUNCTUAL for turn in self.turns)

    @property
    def next(self) -> Step | None:
        """The step that is due next."""
        to_come = [step for step in self.steps if step.state in {"waiting", "booked", "running"}]
        return min(to_come, key=lambda step: step.due or NEVER) if to_come and self.going else None


def meant(named: str, agenda: Agenda) -> list[Course]:
    """All courses of a campaign, or the one of that name; none where nothing of it was started."""
    one = agenda.course(named)
    return agenda.of_campaign(named) or ([one] if one else [])


def standings(courses: Iterable[Course], ledger: Ledger, root: Path) -> list[Standing]:
    """How some courses stand: those that run first, then by what is due next."""
    known = list(courses)
    stages = Agenda(ledger.engine).stages([course.id for course in known])
    tidings = Tidings(known, ledger, root)
    found = [_standing(course, stages[course.id], tidings) for course in known]
    return sorted(found, key=lambda each: (RANK[each.course.state], (each.next and each.next.due) or NEVER))


def _standing(course: Course, stages: Mapping[str, Stage], tidings: Tidings) -> Standing:
    try:
        if not course.master:
            return Standing(course=course, steps=tuple(_steps(course, stages, tidings)))
    except Refused as refused:  # a newer Pressroom has written it
        return Standing(course=course, faults=refused.findings)
    turns = next_turns(course) if course.state in {"running", "paused"} else []
    return Standing(course=course, turns=tuple(turn for turn, _ in turns))


def _steps(course: Course, stages: Mapping[str, Stage], tidings: Tidings) -> Iterator[Step]:
    slots = timetable(course.plan, course.started_at, stages)
    for name, slot in slots.items():
        stage = settled(course, stages.get(name) or Stage(course=course.id, step=name))
        made = [record for _, record in tidings.of(course, name) if record]
        yield _step(course, stage, slot, made, reason(course, stage, slot, stages, clock.now()))
    for stage in (stage for name, stage in stages.items() if name not in slots):
        yield _step(course, stage, None, [], Reason(sentence(stage.detail)))


def _step(course: Course, stage: Stage, slot: Slot | None, records: list[Record], told: Reason) -> Step:
    return Step(
        step=stage.step,
        channels=course.plan.accounts(course.plan.steps[stage.step]) if slot else (),
        state=stage.state,
        due=slot.due if slot else stage.due_at,
        firm=slot.firm if slot else True,
        late=told.late,
        stuck=told.stuck,
        ended=stage.ended_at,
        why=told.why,
        mend=told.mend,
        places=tuple(map(_place, records)),
        todo=tuple(_todo(course, stage, records, late=told.late)),
    )


def _place(record: Record) -> Place:
    url = record.receipt.url if record.receipt else ""
    account = record.delivery.account
    channel = account.removeprefix("outbox/")
    return Place(account=account, channel=channel, state=record.state, url=url, detail=record.detail)


def _todo(course: Course, stage: Stage, records: list[Record], *, late: bool) -> Iterator[str]:
    """The commands that a person may want now."""
    if course.state not in {"running", "paused"}:
        return
    if stage.state in ASKS:
        unclear = [record.delivery for record in records if record.state in UNCLEAR]
        yield from (f"pressroom resolve {one.article} {one.account} --sent ADDRESS, or --not-sent" for one in unclear)
        yield f"pressroom campaign send {course.id} {stage.step}, or skip"
    elif late:
        yield f"pressroom doctor --for {course.id}"
