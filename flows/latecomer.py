"""A late step among others: what its accounts have just sent, who comes before it, whether it comes at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from content.findings import Refused
from flows.floor import Floor
from flows.governor import last_sent
from flows.intents import speaks
from flows.judging import Verdict, judge
from flows.schedule import timetable
from flows.staging import deliveries

if TYPE_CHECKING:
    from flows.agenda import Agenda
    from flows.courses import Course, Stage
    from flows.ledger import Ledger

OUT = {"sent", "retracted"}


class Latecomer:
    """A step whose moment has passed. `article`: what the ledger calls it."""

    def __init__(self, agenda: Agenda, ledger: Ledger, course: Course, stage: Stage, article: str) -> None:
        self._agenda, self._ledger, self._course, self._stage = agenda, ledger, course, stage
        self._floor = Floor(ledger.engine, f"{course.id}/{stage.step}")
        meant = deliveries(course, stage.step, article)
        self._traces = agenda.traces([delivery.key for delivery in meant])
        left = (delivery for delivery in meant if self._traces.get(delivery.key) not in OUT)
        self._left = [delivery for delivery in left if speaks(delivery.account)]

    def judged(self, stages: Mapping[str, Stage], now: datetime) -> Verdict:
        """What to do with it now. Where it may go, it has its turn on the accounts that it has not reached yet."""
        verdict = self._found(stages, now)
        accounts = {delivery.account for delivery in self._left}
        if verdict.act == "go" and not self._floor.take_turn(accounts, now, self._course.plan.terms.governor.apart):
            return self._found(stages, now)  # another late one was quicker, and this one comes after it
        return verdict

    def _found(self, stages: Mapping[str, Stage], now: datetime) -> Verdict:
        since = now - self._course.plan.terms.governor.apart
        accounts = [delivery.account for delivery in self._left]
        used = (last_sent(self._ledger, self._left, since), self._floor.last_turn(accounts, since))
        busy, overtaken = max(filter(None, used), default=None), self._overtaken(now)
        return judge(self._course, self._stage, stages, now, busy, rivals=self._rivals(now), overtaken=overtaken)

    def _rivals(self, now: datetime) -> Iterator[tuple[Course, Stage]]:
        for course, stage in self._agenda.queued(self._stage.due_at or now, now):
            if course.id != self._course.id and _readable(course):
                yield course, stage

    def _overtaken(self, now: datetime) -> bool:
        """Whether a later time of it is due. Not where something of it is out, or somebody has given it its moment."""
        if not self._course.occurrence or self._traces or self._stage.moved_to:
            return False
        later = self._agenda.later(self._course, now)
        stages = self._agenda.stages([course.id for course in later])
        return any(_is_due(course, stages[course.id], self._stage.step, now) for course in later if _readable(course))


def _is_due(course: Course, stages: Mapping[str, Stage], step: str, now: datetime) -> bool:
    stage = stages.get(step)
    if stage is None or stage.state in {"skipped", "cancelled"} or step not in course.plan.steps:
        return False
    return timetable(course.plan, course.started_at, stages)[step].due <= now


def _readable(course: Course) -> bool:
    """Whether its file is understood still: what an earlier Pressroom took is no fault of this step."""
    try:
        return bool(course.plan)
    except Refused:
        return False
