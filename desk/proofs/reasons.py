"""Why a step of a campaign stands as it does, and what can be done about it, in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flows.intents import spelled
from flows.judging import PUNCTUAL, Verdict, awaited, judge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flows.courses import Course, Stage, StageState
    from flows.schedule import Slot

ENDS: dict[str, StageState] = {"hold": "held", "skip": "skipped"}
# what the ledger says of a step that waits for a person begins so
MENDS = (
    ("nothing goes out after", "See to that step first. Then send this one, move it, or skip it."),
    ("it is late", "Send it now all the same, move it, or skip it."),
    ("its run was cancelled", "Send it now, move it, or skip it."),
)
MEND = "Mend that, or look at what is marked: each delivery says what to do. Then send it again: nobody gets it twice."
NOBODY = "Is the press running? `pressroom up` starts it."


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, and the mend. `late`: its moment has passed, and it should have gone out. `stuck`: and nobody is at it."""

    why: str = ""
    mend: str = ""
    late: bool = False
    stuck: bool = False


def settled(course: Course, stage: Stage) -> Stage:
    """A stage as it stands: of a cancelled campaign nothing more goes out, whether or not that is written down yet."""
    if course.state != "cancelled" or stage.over or stage.state == "running":
        return stage
    return replace(stage, state="cancelled")


def reason(course: Course, stage: Stage, slot: Slot, stages: Mapping[str, Stage], now: datetime) -> Reason:
    """What there is to say of a step."""
    match stage.state:
        case "waiting" | "booked":
            return _to_come(course, stage, slot, stages, now) if course.state == "running" else Reason()
        case "running":
            return _at_work(stage, slot, now)
        case "held" | "failed":
            return Reason(sentence(stage.detail), _mend(stage.detail))
        case "cancelled" if course.state == "cancelled":
            return Reason()  # what was noted of the step before is not why
        case "skipped" | "cancelled":
            return Reason(sentence(stage.detail))
    return Reason()


def sentence(told: str) -> str:
    """What the ledger noted in passing, as a sentence; what begins with a name is left as it is."""
    if not told:
        return ""
    plain = told.split(maxsplit=1)[0].isalpha()
    ended = told if told[-1] in ".!?" else f"{told}."
    return ended[0].upper() + ended[1:] if plain else ended


def _to_come(course: Course, stage: Stage, slot: Slot, stages: Mapping[str, Stage], now: datetime) -> Reason:
    if stage.released:
        return _released(stage, now)
    if not slot.firm:
        return Reason()  # it waits for the one that it counts from
    verdict = judge(course, replace(stage, due_at=slot.due), stages, max(now, slot.due))  # as it will be then
    if awaited(course.plan, stage.step, stages):
        return Reason(sentence(verdict.why))
    if now > slot.due + PUNCTUAL:
        return _late(course, stage, verdict, now)
    if verdict.act in ENDS:
        return Reason(f"As things stand it will be {ENDS[verdict.act]}: {sentence(verdict.why)}")
    return Reason()


def _released(stage: Stage, now: datetime) -> Reason:
    if stage.released_at and now > stage.released_at + PUNCTUAL:
        return Reason("Released by hand, and nobody has taken it.", NOBODY, late=True, stuck=True)
    return Reason("Released by hand: it goes out as soon as a worker takes it.")


def _late(course: Course, stage: Stage, verdict: Verdict, now: datetime) -> Reason:
    """Its moment has passed: it is put off, or nobody is there who would send it."""
    put_off = verdict.at if verdict.act == "wait" else stage.booked_for
    if verdict.act in ENDS:
        why = "Its moment has passed, and nobody has taken it."
        mend = f"Now it would be {ENDS[verdict.act]}. Send it, move it, or skip it. {NOBODY}"
        return Reason(why, mend, late=True, stuck=True)
    if put_off and put_off > now:
        clock = f"{put_off.astimezone(course.plan.terms.zone):%H:%M}"
        return Reason(sentence(stage.detail) or "Its moment has passed.", f"Its next try is at {clock}.", late=True)
    rule = course.plan.steps[stage.step].late or course.plan.terms.late
    window = f"For {spelled(rule.within)} after its moment it may still go out."
    return Reason("Its moment has passed, and it has not gone out.", f"{window} {NOBODY}", late=True, stuck=True)


def _at_work(stage: Stage, slot: Slot, now: datetime) -> Reason:
    if not stage.alive(now):
        why = "Whoever was sending it gives no sign of life."
        return Reason(why, f"It is taken up again by itself; nobody gets it twice. {NOBODY}", late=True, stuck=True)
    return Reason("Ready: it goes out at its moment.") if slot.due > now else Reason()


def _mend(detail: str) -> str:
    return next((mend for begin, mend in MENDS if detail.startswith(begin)), MEND)
