"""A campaign whose file has changed while it is under way: it goes on by the new one."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from content.findings import Finding, Refused
from flows import clock
from flows.agenda import GONE
from flows.arranging import turns
from flows.courses import ASKS, Course
from flows.plan import identity
from flows.schedule import Slot, timetable
from flows.staging import deliveries

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from content.campaign import Campaign
    from flows.agenda import Agenda
    from flows.courses import CourseState, Stage

ANEW = "Copy its file under another name, and start that."
BEGUN = {"sent", "running"}
UNDER_WAY = {"running", "paused"}


class Change:
    """A new text for a campaign's courses."""

    def __init__(self, agenda: Agenda, campaign: Campaign, root: Path) -> None:
        self._agenda, self._campaign, self._root = agenda, campaign, root

    def refuse_another(self, known: Course) -> None:
        """Raise `Refused` where the file would make something else of what has begun."""
        changed = replace(known, terms=self._campaign.text)
        if changed.master != known.master or bool(changed.plan.terms.each) != bool(known.plan.terms.each):
            raise self._refused("kind", f"'{known.id}' comes once, and can't come again from now on, or the other way.")
        wanted = self._campaign.terms.article
        if wanted and not known.master and self._article(known) != wanted:
            raise self._refused("article", f"'{known.id}' has begun with '{known.article}'; '{wanted}' is another.")

    def becomes(self, course: Course) -> Course:
        """A course as it goes on by the new text."""
        changed = replace(course, terms=self._campaign.text, article=self._article(course))
        if changed.terms == course.terms or not course.master or changed.plan.terms.repeat is None:
            return changed
        (dropped, back), times = self._shifted(course), changed.plan.terms.repeat.times
        known, number = {begun.started_at for begun in self._begun(course)}, course.number - len(dropped) + len(back)
        following = next((turn for turn in turns(changed, clock.now()) if turn not in known), None)
        ended = following is None or (times is not None and number >= times)
        return replace(changed, next_at=following, number=number, state="done" if ended else self._goes_on(course))

    def take_over(self, course: Course) -> str:
        """Have a course go on by the new text; its id."""
        while True:
            new, (dropped, back), state = self.becomes(course), self._shifted(course), self._goes_on(course)
            said = {"terms": new.terms, "article": new.article, "state": new.state}
            if self._agenda.amend(course, **said, next_at=new.next_at, number=new.number):
                break
            course = self._agenda.course(course.id) or course  # somebody has changed it just now
        for gone in dropped:
            self._agenda.include(gone.id, ())  # by which it is told later from what a person has cancelled
            self._agenda.touch(gone.id, "cancelled")
        for again in back:
            self._agenda.touch(again.id, state)
        if not course.master:
            self._agenda.include(course.id, self._campaign.steps)
            self._move(course)
        return course.id

    def timed_anew(self, course: Course, stages: Mapping[str, Stage]) -> dict[str, Stage]:
        """The stages of another time by the new file, as they go on: it counts more than one given by hand before.

        What is held or has failed waits for its new time, if that is to come, and nothing of it is out.
        """
        both = [name for name in stages if name in course.plan.steps and name in self._campaign.steps]
        moved = {
            name: replace(stages[name], moved_to=None)
            for name in both
            if stages[name].moved_to and not stages[name].over
            if course.plan.steps[name].at != self._campaign.steps[name].at
        }
        asks = [name for name in both if stages[name].state in ASKS and not self._is_out(course, name)]
        before = _slots(course.plan, course, stages, asks)
        after = _slots(self._campaign, course, {**stages, **moved}, asks)
        waits = [name for name in asks if clock.now() < after[name].due != before[name].due]
        again = {name: moved.get(name, stages[name]) for name in waits}
        return moved | {
            name: replace(stage, state="waiting", detail="", booked_for=None) for name, stage in again.items()
        }

    def _move(self, course: Course) -> None:
        stages = self._agenda.stages([course.id])[course.id]
        for name, stage in self.timed_anew(course, stages).items():
            values = {"state": stage.state, "detail": stage.detail, "booked_for": stage.booked_for}
            self._agenda.change(stages[name], moved_to=stage.moved_to, **values)

    def _is_out(self, course: Course, step: str) -> bool:
        meant = deliveries(course, step, identity(course.article, self._root))
        return bool(self._agenda.traces([delivery.key for delivery in meant]))

    def _article(self, course: Course) -> str:
        """What it is of: what the file says now, unless something of another one is out."""
        wanted = course.article and (self._campaign.terms.article or course.article)
        if wanted == course.article or identity(wanted, self._root) == identity(course.article, self._root):
            return wanted
        stages = self._agenda.stages([course.id])[course.id].values()
        return course.article if any(stage.state in BEGUN for stage in stages) else wanted

    def _begun(self, master: Course) -> list[Course]:
        return [course for course in self._agenda.of_campaign(master.campaign) if course.occurrence]

    def _shifted(self, master: Course) -> tuple[list[Course], list[Course]]:
        """What was begun ahead and comes no more by the new text; and what a change has dropped, and comes again."""
        changed = replace(master, terms=self._campaign.text)
        if not master.master or changed.plan.terms.repeat is None:
            return [], []
        now, times = clock.now(), changed.plan.terms.repeat.times
        ahead = sorted((c for c in self._begun(master) if c.started_at > now), key=lambda c: c.started_at)
        last = ahead[-1].started_at if ahead else now
        coming = set(takewhile(lambda turn: turn <= last, turns(changed, now)))
        open_ones = [course for course in ahead if course.state in UNDER_WAY]
        given_up = self._given_up([course for course in ahead if course.state == "cancelled"])
        wanted = [c for c in ahead if c.started_at in coming and (c in open_ones or c in given_up)]
        if times is not None:
            wanted = wanted[: max(0, times - master.number + len(open_ones))]
        return [c for c in open_ones if c not in wanted], [c for c in given_up if c in wanted]

    def _goes_on(self, master: Course) -> CourseState:
        """How what has more times goes on: where it was done already, what it has begun tells whether it is paused."""
        if master.state != "done":
            return master.state
        return "paused" if {begun.state for begun in self._begun(master)} & UNDER_WAY == {"paused"} else "running"

    def _given_up(self, cancelled: list[Course]) -> list[Course]:
        """Those that a change of the file has dropped, and no person has cancelled."""
        stages = self._agenda.stages([course.id for course in cancelled])
        steps = {course.id: stages[course.id].values() for course in cancelled}
        return [c for c in cancelled if steps[c.id] and all(stage.detail == GONE for stage in steps[c.id])]

    def _refused(self, rule: str, why: str) -> Refused:
        return Refused([Finding(rule=f"campaign.{rule}", severity="block", why=why, mend=ANEW)])


def _slots(plan: Campaign, course: Course, stages: Mapping[str, Stage], asks: Collection[str]) -> dict[str, Slot]:
    """When the steps are due where some of those that ask for a person wait again."""
    again = {name: replace(stages[name], state="waiting") for name in asks}
    return timetable(plan, course.started_at, {**stages, **again})
