"""What people want of campaigns: start, pause, resume, cancel, move, send and skip. Written to the ledger alone.

Prefect's bookings follow: at once where `tending.arranged` is called after it, else with the tender's next look.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from content.campaign import CAMPAIGNS, Campaign
from content.findings import Finding, Refused, blocking
from content.timing import When
from flows.agenda import Agenda
from flows.arranging import first_turn
from flows.courses import OVER, Course, Stage, fresh
from flows.forecast import forecast
from flows.ledger import Ledger
from flows.plan import identity
from flows.roll import Roll
from flows.schedule import counted
from flows.settings import Settings
from flows.staging import deliveries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.courses import CourseState
    from flows.orders import Request

Said = Literal["new", "changed", "same"]
STATES: dict[str, CourseState] = {"pause": "paused", "resume": "running", "cancel": "cancelled"}
MAIL: dict[str, Literal["go", "pause", "cancel"]] = {"pause": "pause", "resume": "go", "cancel": "cancel"}


@dataclass(frozen=True, slots=True)
class Started:
    """What a start has changed, and of which courses."""

    said: Said
    ids: tuple[str, ...]


def find_campaign(named: str, root: Path) -> Campaign:
    """A campaign by its file, or by its name. Raises `Refused` with the nearest name."""
    path = Path(named)
    if path.suffix not in {".yaml", ".yml"}:
        path = root / CAMPAIGNS / f"{named}.yaml"
    elif not path.is_absolute() and not path.exists():
        path = root / path
    if not path.is_file():
        known = sorted(found.stem for found in (root / CAMPAIGNS).glob("*.yaml"))
        near = difflib.get_close_matches(path.stem, known, n=1)
        mend = f"Did you mean '{near[0]}'?" if near else f"Campaigns: {', '.join(known) or 'none yet'}."
        raise Refused([Finding(rule="campaign.absent", severity="block", why=f"There is no {path}.", mend=mend)])
    try:
        shown = path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        shown = str(path)
    return Campaign.load(path, shown)


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

    def start(self, campaign: Campaign, article: str = "") -> Started:
        """Begin a campaign, or have it go on as its file is now. Raises `Refused` where something must be mended."""
        found = forecast(campaign, self._root, datetime.now(UTC), self._ledger, article=article)
        # an account that lapses before its step can be connected anew until then: `doctor --for` keeps an eye on it
        if stops := [finding for finding in blocking(found.findings) if finding.rule != "campaign.lapse"]:
            raise Refused(stops)
        course = fresh(campaign, datetime.now(UTC), article=article)
        known = self.agenda.course(course.id)
        if known is None:
            return self._began(course)
        if known.state in {"cancelled", "done"}:
            why = f"The campaign '{course.id}' is {known.state}."
            raise _refused("over", why, "Copy its file under another name, and start that.")
        if known.terms == campaign.text:
            return Started("same", (known.id,))
        ids = [self._goes_on(open_course, campaign) for open_course in self._open(course.campaign)]
        return Started("changed", tuple(ids))

    def _began(self, course: Course) -> Started:
        if course.master:
            course = replace(course, next_at=first_turn(course))
        self.agenda.add(course)
        if not course.master:
            self.agenda.include(course.id, course.plan.steps)
        return Started("new", (course.id,))

    def _goes_on(self, course: Course, campaign: Campaign) -> str:
        article = course.article and (campaign.terms.article or course.article)
        changed = replace(course, terms=campaign.text, article=article)
        next_at = first_turn(replace(changed, started_at=datetime.now(UTC))) if course.master else None
        self.agenda.amend(course, terms=changed.terms, article=changed.article, next_at=next_at)
        if not course.master:
            self.agenda.include(course.id, campaign.steps)
        return course.id

    def ask(self, wanted: str, id_: str) -> tuple[str, ...]:
        """Pause, resume or cancel a campaign, with the courses that it has begun. Raises `Refused`."""
        courses = [self.found(id_)] if "@" in id_ or "/" in id_ else self._open(self.found(id_).campaign)
        meant = [course for course in courses if course.state in {"running", "paused"}]
        if not meant:
            raise _refused("over", f"The campaign '{id_}' is {self.found(id_).state}.", "")
        for course in meant:
            self.agenda.touch(course.id, STATES[wanted])
            self._ask_mailings(course, wanted)
        return tuple(course.id for course in meant)

    def _ask_mailings(self, course: Course, wanted: str) -> None:
        """A mailing that is under way is asked too."""
        stages = self.agenda.stages([course.id])[course.id].values()
        running = [stage.step for stage in stages if stage.state == "running"]
        with closing(Roll(self._ledger.engine)) as roll:
            for step in running:
                for delivery in deliveries(course, step, identity(course.article, self._root)):
                    if roll.find(delivery.key):
                        roll.ask(delivery.key, MAIL[wanted])

    def move(self, id_: str, step: str, to: str) -> Stage:
        """Have a step go out at another moment, by the campaign's clocks. Raises `Refused`."""
        course, stage = self._waiting(id_, step)
        try:
            moment = counted(When.of(to), stage.due_at or datetime.now(UTC), course.plan.terms.zone)[0]
        except ValueError as error:
            raise _refused("at", f"'{to}' can't be used: {error}.", "") from None
        if moment < datetime.now(UTC):
            raise _refused("past", f"'{to}' has passed.", f"To send it now: pressroom campaign send {id_} {step}")
        return self._changed(stage, state="waiting", moved_to=moment, booked_for=None, detail="moved by hand")

    def send(self, id_: str, step: str) -> Stage:
        """Have a step go out now, whatever the rules say. Raises `Refused`."""
        _, stage = self._waiting(id_, step)
        return self._changed(stage, state="waiting", released=True, booked_for=None, detail="released by hand")

    def skip(self, id_: str, step: str) -> Stage:
        """Have a step not go out at all. Raises `Refused`."""
        _, stage = self._waiting(id_, step)
        return self._changed(stage, state="skipped", detail="skipped by hand", ended_at=datetime.now(UTC))

    def found(self, id_: str) -> Course:
        """A course by its name. Raises `Refused` with the nearest one."""
        course = self.agenda.course(id_)
        if course is None:
            known = [other.id for other in self.agenda.courses()]
            near = difflib.get_close_matches(id_, known, n=1)
            mend = f"Did you mean '{near[0]}'?" if near else f"Start it: pressroom campaign start {id_}"
            raise _refused("unstarted", f"No campaign '{id_}' has been started.", mend)
        return course

    def _open(self, campaign: str) -> list[Course]:
        return [course for course in self.agenda.of_campaign(campaign) if course.state in {"running", "paused"}]

    def _waiting(self, id_: str, step: str) -> tuple[Course, Stage]:
        course = self.found(id_)
        stages: Mapping[str, Stage] = self.agenda.stages([id_])[id_]
        stage = stages.get(step)
        if stage is None:
            raise _refused("step", f"'{id_}' has no step '{step}'.", f"Its steps: {', '.join(stages) or 'none'}.")
        if stage.state in OVER or stage.state == "running" or course.state == "cancelled":
            state = course.state if course.state == "cancelled" else stage.state
            raise _refused("step", f"'{step}' of '{id_}' is {state}: nothing of it can be changed.", "")
        return course, stage

    def _changed(self, stage: Stage, **values: object) -> Stage:
        changed = self.agenda.change(stage, **values)
        if changed is None:
            raise _refused("busy", f"'{stage.step}' has just been changed by somebody else.", "Look, and try again.")
        return changed


def direct(request: Request) -> str:
    """Do what a form asks for, and say so. Raises `Refused`, `Unusable`."""
    from flows.tending import arranged  # noqa: PLC0415 - it talks to Prefect, which people who only plan need not have

    root = Path(request.root)
    with directing(root) as director:
        if request.wanted == "start":
            started = director.start(find_campaign(request.campaign, root), request.article)
            ids, said = started.ids, f"{request.campaign}: {started.said}"
        else:
            ids = director.ask(request.wanted, request.campaign)
            said = f"{request.campaign} is {STATES[request.wanted]}"
    arranged(root, list(ids))
    return said


def _refused(rule: str, why: str, mend: str) -> Refused:
    return Refused([Finding(rule=f"campaign.{rule}", severity="block", why=why, mend=mend)])
