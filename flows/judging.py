"""What to do with a step when its moment has come, or is near. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Literal

from flows.courses import ASKS
from flows.intents import speaks, spelled
from flows.schedule import after_quiet

if TYPE_CHECKING:
    from content.campaign import Campaign
    from flows.courses import Course, Stage

PUNCTUAL = timedelta(seconds=60)  # what is no later than this is not late
AT_HAND = timedelta(seconds=30)  # what may go so soon is waited for by the run that is there: another begins no later
OVERTAKEN = "a later time of it is due already"
EARLY = timedelta(minutes=30)  # a run that comes earlier, started by hand in Prefect's pages, does not wait so long


@dataclass(frozen=True, slots=True)
class Verdict:
    """`go`: send it at `at`. `wait`: not before `at`, or until what it waits for has ended. Else: why it stays."""

    act: Literal["go", "wait", "hold", "skip"]
    why: str = ""
    at: datetime | None = None


def judge(
    course: Course,
    stage: Stage,
    stages: Mapping[str, Stage],
    now: datetime,
    busy: datetime | None = None,
    *,
    rivals: Iterable[tuple[Course, Stage]] = (),
    overtaken: bool = False,
) -> Verdict:
    """What to do with a step that is due.

    `busy`: when one of its accounts was used last; `rivals`: steps of other courses that are due as well;
    `overtaken`: whether the same step of a later time of the campaign is due.
    """
    plan = course.plan
    if course.state != "running":
        return Verdict("wait", f"the campaign is {course.state}")
    if stage.step not in plan.steps:
        return Verdict("skip", "the file has it no more")
    if stage.released:
        return Verdict("go", at=now)
    due = stage.due_at or now
    early = Verdict("wait", "its moment has not come yet", due) if now < due - EARLY else None
    passed = Verdict("skip", OVERTAKEN) if overtaken and is_late(stage, now) else None
    if barred := early or passed or _stopped(plan, stage.step, stages) or _unmet(plan, stage.step, stages):
        return barred
    if not is_late(stage, now):
        return Verdict("go", at=due)
    apart = plan.terms.governor.apart
    free = max(now, busy + apart) if busy else now
    own = ((course, other) for other in stages.values())
    if any(_goes_first(*other, course, stage, now) for other in chain(own, rivals)):
        free = max(free, now + apart)
    return _late(plan, stage, now, free)


def is_late(stage: Stage, now: datetime) -> bool:
    """Whether its moment has passed, and nobody has released it."""
    return not stage.released and now > (stage.due_at or now) + PUNCTUAL


def awaited(plan: Campaign, step: str, stages: Mapping[str, Stage]) -> bool:
    """Whether a step waits for the end of another, whatever the time is."""
    found = _stopped(plan, step, stages) or _unmet(plan, step, stages)
    return found is not None and found.act == "wait"


def _stopped(plan: Campaign, step: str, stages: Mapping[str, Stage]) -> Verdict | None:
    """Stop-lines above a step: unless what has one was sent, nothing after it goes out."""
    names = list(plan.steps)
    for name in names[: names.index(step)]:
        line = stages.get(name)
        if not plan.steps[name].stop_line or (line and line.state == "sent"):
            continue
        if line and line.over:
            return Verdict("hold", f"nothing goes out after '{name}', which is {line.state}")
        return _waits_for(name, line)
    return None


def _unmet(plan: Campaign, step: str, stages: Mapping[str, Stage]) -> Verdict | None:
    """The conditions of a step."""
    for name in plan.needed(step):
        other = stages.get(name)
        if other and other.state == "sent":
            continue
        if other and other.over:
            return Verdict("skip", f"only if '{name}' was sent; it is {other.state}")
        return _waits_for(name, other)
    return None


def _waits_for(name: str, other: Stage | None) -> Verdict:
    """What is held or has failed may yet be sent by a person: until then, and within its window, there is time."""
    asks = f", which is {other.state}" if other and other.state in ASKS else ""
    return Verdict("wait", f"waits for '{name}' to be sent{asks}")


def _goes_first(rival: Course, other: Stage, course: Course, stage: Stage, now: datetime) -> bool:
    """Whether another step that was due before a late one goes out just now on one of the same accounts."""
    ready = other.state in {"booked", "running"} and (other.booked_for or now) <= now
    if not ready or other.step not in rival.plan.steps:
        return False
    first, second = ((each.due_at or now, each.course, each.step) for each in (other, stage))
    if first >= second or rival.plan.terms.destination != course.plan.terms.destination:
        return False
    if rival.occurrence and rival.campaign == course.campaign and other.step == stage.step:
        return False  # of what comes again, it is overtaken by this one
    ends = first[0] + (rival.plan.steps[other.step].late or rival.plan.terms.late).within + PUNCTUAL
    return (other.released or now <= ends) and bool(_accounts(rival, other) & _accounts(course, stage))


def _accounts(course: Course, stage: Stage) -> set[str]:
    return set(filter(speaks, course.plan.accounts(course.plan.steps[stage.step])))


def _late(plan: Campaign, stage: Stage, now: datetime, free: datetime) -> Verdict:
    """Its moment has passed: send it within its window, but no burst, and not in quiet hours."""
    step, terms = plan.steps[stage.step], plan.terms
    rule, due = step.late or terms.late, stage.due_at or now
    at = after_quiet(free, terms.quiet if step.quiet else None, terms.zone)
    if at > due + rule.within + PUNCTUAL:
        said = f"it is late: it was due at {due.astimezone(terms.zone):%Y-%m-%d %H:%M %Z}"
        return Verdict(rule.then, f"{said}, and may go out for {spelled(rule.within)} after that")
    if at <= now + AT_HAND:
        return Verdict("go", at=at)
    quiet = f"it is quiet until {at.astimezone(terms.zone):%H:%M}" if at > free else ""
    why = quiet or f"{spelled(terms.governor.apart)} after the last post on this account it may go"
    return Verdict("wait", f"it is late, and {why}", at)
