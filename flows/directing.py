"""What people want of campaigns: start, pause, resume, cancel, move, send and skip. Written to the ledger alone.

Prefect's bookings follow: at once where `tending.arranged` is called after it, else with the tender's next look.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from content.findings import Finding, Refused, blocking
from content.timing import When
from flows import clock
from flows.agenda import Agenda
from flows.arranging import first_turn
from flows.changing import ANEW, Change
from flows.courses import OVER, Course, Stage, fresh
from flows.forecast import forecast
from flows.ledger import Ledger
from flows.lookup import find_campaign, unstarted
from flows.plan import existing_article, identity
from flows.roll import Roll
from flows.schedule import counted, timetable
from flows.settings import Settings
from flows.staging import deliveries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from content.campaign import Campaign
    from flows.courses import CourseState
    from flows.forecast import Forecast
    from flows.orders import Request

Said = Literal["new", "changed", "same"]
STATES: dict[str, CourseState] = {"pause": "paused", "resume": "running", "cancel": "cancelled"}
EARLIER = "To have it go out earlier, give the time itself."
MAIL: dict[str, Literal["go", "pause", "cancel"]] = {"pause": "pause", "resume": "go", "cancel": "cancel"}


@dataclass(frozen=True, slots=True)
class Started:
    """What a start has changed, and of which courses."""

    said: Said
    ids: tuple[str, ...]


@contextmanager
def directing(root: Path) -> Iterator[Director]:
    """The director of a project's campaigns. Raises `Unusable`."""
    with closing(Ledger(Settings.of(root).ledger_url(root))) as ledger:
        yield Director(ledger, root)


class Director:
    """Writes down what people want of campaigns."""

    def __init__(self, ledger: Ledger, root: Path) -> None:
        self.agenda = Agenda(ledger.engine)
        self._ledger, self._root = ledger, root

    def foresee(self, campaign: Campaign, article: str = "") -> Forecast:
        """What a start will do. Raises `Refused` for a broken brand."""
        return forecast(campaign, self._root, clock.now(), self._ledger, article=article)

    def start(self, campaign: Campaign, article: str = "", seen: Forecast | None = None) -> Started:
        """Begin a campaign, or have it go on as its file is now. `seen`: what was foreseen a moment ago.

        Raises `Refused` where something must be mended.
        """
        if article and not campaign.terms.each:
            raise Refused([campaign.finding("article", "This campaign names its article itself.", key="article")])
        course = fresh(campaign, clock.now(), article=article)
        known = self.agenda.course(course.id)
        if known and self._is_over(known):
            why = f"The campaign '{course.id}' is {known.state}."
            raise _refused("over", why, ANEW)
        if known and known.terms == campaign.text:  # what stands in its way by now, its status tells
            self._open_steps(known)
            return Started("same", (known.id,))
        change = Change(self.agenda, campaign, self._root)
        if known:
            change.refuse_another(known)
        if found := stops(seen or self.foresee(campaign, article)):
            raise Refused(found)
        if known is None:
            return self._began(course)
        return Started("changed", self._taken_over(known, change))

    def _is_over(self, known: Course) -> bool:
        """What comes again is done when its last time has begun, and over when that is done as well."""
        if known.state == "done" and known.master:
            return not self._open(known.campaign)
        return known.state in {"cancelled", "done"}

    def _taken_over(self, known: Course, change: Change) -> tuple[str, ...]:
        """Have all of a campaign go on by its new text. What begins others comes first: it may drop some."""
        ids = [course.id for course in self._open(known.campaign)]
        first = [change.take_over(known)] if known.master else []
        ids += [*first, *(change.take_over(c) for c in self._open(known.campaign) if c.id not in first)]
        return tuple(dict.fromkeys(ids))

    def _began(self, course: Course) -> Started:
        if course.master:
            course = replace(course, next_at=first_turn(course))
        added = self.agenda.add(course)
        self._open_steps(course)
        return Started("new" if added else "same", (course.id,))  # somebody else may have begun it just now

    def _open_steps(self, course: Course) -> None:
        """Have a row for each step; also where whoever began it was killed before it had."""
        if not course.master:
            self.agenda.include(course.id, course.plan.steps)

    def ask(self, wanted: str, id_: str) -> tuple[str, ...]:
        """Pause, resume or cancel a campaign, with the courses that it has begun. Raises `Refused`."""
        named = self.found(id_)
        meant: dict[str, Course] = {}
        # looked for again: one may be begun just now, by somebody who has not seen yet what is wanted
        while new := [course for course in self._among(named) if course.id not in meant]:
            for course in new:
                self.agenda.touch(course.id, STATES[wanted])
            meant |= {course.id: course for course in new}
        if not meant:
            raise _refused("over", f"The campaign '{id_}' is {named.state}.", "")
        for course in meant.values():
            self._ask_mailings(course, wanted)
        return tuple(meant)

    def _among(self, named: Course) -> list[Course]:
        """What is meant by a name: one course, or with a campaign all that it has begun; what begins others first."""
        found = [course for course in self._open(named.campaign) if named.id in {course.id, named.campaign}]
        return sorted(found, key=lambda course: course.occurrence)

    def _ask_mailings(self, course: Course, wanted: str) -> None:
        """A mailing that is under way, or stands still half-way, is asked too."""
        stages = self.agenda.stages([course.id])[course.id].values()
        begun = [stage.step for stage in stages if not stage.over and stage.step in course.plan.steps]
        with closing(Roll(self._ledger.engine)) as roll:
            for step in begun:
                for delivery in deliveries(course, step, identity(course.article, self._root)):
                    if roll.find(delivery.key):
                        roll.ask(delivery.key, MAIL[wanted])

    def move(self, id_: str, step: str, to: str) -> Stage:
        """Have a step go out at another moment, by the campaign's clocks. Raises `Refused`.

        `+1 day` counts from when it is due, all else from now.
        """
        course, stage = self._waiting(id_, step)
        try:
            when = When.of(to)
        except ValueError as error:
            mend = EARLIER if to.lstrip().startswith(("-", "−")) else ""
            raise _refused("at", f"'{to}' can't be used: {error}.", mend) from None
        if when.after:
            mend = "Give a time, or a span. What depends on other steps stands in the campaign's file."
            raise _refused("at", f"'{to}' can't be used: a step that is moved by hand waits for no other.", mend)
        due = timetable(course.plan, course.started_at, self.agenda.stages([id_])[id_])[step].due
        base = due if to.lstrip().startswith("+") else clock.now()
        moment, note = counted(when, base, course.plan.terms.zone)
        if moment < clock.now():
            raise _refused("past", f"'{to}' has passed.", f"To send it now: pressroom campaign send {id_} {step}")
        detail = "; ".join(filter(None, ("moved by hand", note)))
        values = {"moved_to": moment, "released": False, "booked_for": None}
        return self._changed(stage, state="waiting", detail=detail, **values)

    def send(self, id_: str, step: str) -> Stage:
        """Have a step go out now, whatever the rules say. Raises `Refused`."""
        _, stage = self._waiting(id_, step)
        released = {"released": True, "released_at": clock.now(), "detail": "released by hand"}
        return self._changed(stage, state="waiting", booked_for=None, **released)

    def skip(self, id_: str, step: str) -> Stage:
        """Have a step not go out at all. Raises `Refused`."""
        _, stage = self._waiting(id_, step)
        return self._changed(stage, state="skipped", detail="skipped by hand", ended_at=clock.now())

    def found(self, id_: str) -> Course:
        """A course by its name. Raises `Refused` with the nearest one."""
        course = self.agenda.course(id_)
        if course is None:
            raise unstarted(id_, self._root, [other.id for other in self.agenda.courses()])
        return course

    def _open(self, campaign: str) -> list[Course]:
        return [course for course in self.agenda.of_campaign(campaign) if course.state in {"running", "paused"}]

    def _waiting(self, id_: str, step: str) -> tuple[Course, Stage]:
        course = self.found(id_)
        stages: Mapping[str, Stage] = self.agenda.stages([id_])[id_]
        stage = stages.get(step)
        if stage is None or step not in course.plan.steps:
            raise _refused("step", f"'{id_}' has no step '{step}'.", f"Its steps: {', '.join(stages) or 'none'}.")
        if stage.state in OVER or stage.state == "running" or course.state == "cancelled":
            state = course.state if course.state == "cancelled" else stage.state
            raise _refused("step", f"'{step}' of '{id_}' is {state}: nothing of it can be changed.", "")
        return course, stage

    def _changed(self, stage: Stage, **values: object) -> Stage:
        # another revision: whoever is just booking what was read before gets nothing
        changed = self.agenda.change(stage, revision=stage.revision + 1, **values)
        if changed is None:
            raise _refused("busy", f"'{stage.step}' has just been changed by somebody else.", "Look, and try again.")
        return changed


def stops(found: Forecast) -> list[Finding]:
    """What must be mended before a campaign can be started.

    Not that an account lapses before its step: it can be connected anew until then, and `doctor --for` looks after it.
    """
    return [finding for finding in blocking(found.findings) if finding.rule != "campaign.lapse"]


def direct(request: Request) -> str:
    """Do what a form asks for, and say so. Raises `Refused`, `Unusable`."""
    from flows.tending import arranged  # noqa: PLC0415 - it talks to Prefect, which people who only plan need not have

    root = Path(request.root)
    with directing(root) as director:
        if request.wanted == "start":
            campaign = find_campaign(request.campaign, root)
            article = existing_article(request.article, root).stem if request.article else ""
            started = director.start(campaign, article)
            ids, said = started.ids, f"{request.campaign}: {started.said}"
        else:
            ids = director.ask(request.wanted, request.campaign)
            said = f"{request.campaign} is {STATES[request.wanted]}"
    arranged(root, list(ids))
    return said


def _refused(rule: str, why: str, mend: str) -> Refused:
    return Refused([Finding(rule=f"campaign.{rule}", severity="block", why=why, mend=mend)])
