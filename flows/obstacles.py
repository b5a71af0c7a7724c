"""What stands in a campaign's way by its file and by what has become of it so far, before anything is rendered."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from channels.registry import misnamed
from flows.courses import ASKS
from flows.intents import spelled
from flows.judging import PUNCTUAL
from flows.schedule import after_quiet
from flows.segments import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from content.campaign import Campaign
    from content.findings import Finding
    from flows.courses import Course, Stage
    from flows.schedule import Slot

TO_COME = {"waiting", "booked"}
ENDS = {"hold": "held", "skip": "skipped"}


def strange(campaign: Campaign) -> Iterator[Finding]:
    """Channels and segments that there can't be."""
    for name, step in campaign.steps.items():
        for account in campaign.accounts(step):
            if fault := misnamed(account):
                yield campaign.finding("channel", *fault, step=name, key="channel")
        for segment in step.segments or campaign.terms.segments:
            try:
                Segment.of(segment)
            except ValueError as error:
                at = {"step": name} if step.segments else {}
                yield campaign.finding("segments", f"'{segment}' can't be used: {error}.", key="segments", **at)


def past(
    campaign: Campaign, slots: Mapping[str, Slot], stages: Mapping[str, Stage], now: datetime
) -> Iterator[Finding]:
    """Steps whose moment had passed before anything was booked for it; those that a file has anew, among others.

    A step that was sent and is called otherwise now is such a one: it would be sent again.
    """
    told: set[str] = set()
    for name in campaign.order():
        slot, stage, dated = slots[name], stages.get(name), campaign.steps[name].at.moment is not None
        if campaign.base(name) in told:
            told.add(name)  # it counts from one that is
        elif slot.firm and slot.due < now and (stage is None or (dated and stage.due_at is None)):
            told.add(name)
            why = f"The step '{name}' is in the past: {slot.due.astimezone(campaign.terms.zone):%Y-%m-%d %H:%M %Z}."
            yield campaign.finding("past", why, "Give it a time to come.", step=name, key="at")


def early(campaign: Campaign, slots: Mapping[str, Slot], stages: Mapping[str, Stage]) -> Iterator[Finding]:
    """Steps that are due before what they wait for: they go out when that has, if it is not too late by then."""
    terms = campaign.terms
    for name, step in campaign.steps.items():
        due, rule = slots[name].due, step.late or terms.late
        last = max(_awaited(campaign, name, stages), key=lambda other: slots[other].due, default=name)
        gap = slots[last].due - due
        if gap <= PUNCTUAL:
            continue
        ready = after_quiet(slots[last].due, terms.quiet if step.quiet else None, terms.zone)
        in_time = ready <= due + rule.within + PUNCTUAL
        about = "" if slots[name].firm and slots[last].firm else "about "
        ends = "it goes out when that has" if in_time else f"it will be late, and {ENDS[rule.then]}"
        why = f"'{name}' is due {about}{spelled(gap)} before '{last}', which it waits for: {ends}."
        mend = "" if in_time else f"Give it a later time, such as `at: when {last} is sent`."
        severity = "info" if in_time else "warn"
        yield campaign.finding("early", why, mend, step=name, key="at", severity=severity)


def _awaited(campaign: Campaign, name: str, stages: Mapping[str, Stage]) -> list[str]:
    """The steps without which one that is to come does not go out, and which are to come themselves."""
    above = takewhile(lambda other: other != name, campaign.steps)
    waits = [*campaign.needed(name), *(other for other in above if campaign.steps[other].stop_line)]
    mine = stages.get(name)
    if mine and (mine.released or mine.state not in TO_COME):
        return []
    return [other for other in waits if other not in stages or not stages[other].over]


def in_vain(known: Course, campaign: Campaign, stages: Mapping[str, Stage]) -> Iterator[Finding]:
    """Steps that the file has changed after nothing more can come of them, or that it can't move."""
    before = known.plan
    for name, step in campaign.steps.items():
        stage = stages.get(name)
        if not stage or name not in before.steps:
            continue
        if stage.state in ASKS and step.at != before.steps[name].at:
            why = f"The step '{name}' is {stage.state}, and its new time does not move it."
            mend = f"To move it: pressroom campaign reschedule {known.id} {name} TIME"
            yield campaign.finding("step.asks", why, mend, step=name, key="at", severity="warn")
        changed = (step, campaign.accounts(step)) != (before.steps[name], before.accounts(before.steps[name]))
        if stage.over and changed:
            why = f"The step '{name}' is {stage.state}: what has changed of it comes to nothing."
            mend = "For more of it, add a step with another name."
            yield campaign.finding("step.over", why, mend, step=name, severity="warn")


def endless(course: Course, turns: tuple[Slot, ...]) -> Iterator[Finding]:
    """What is to come again, and never does; or no more."""
    if not course.plan.terms.repeat or course.occurrence or turns:
        return
    if course.number:
        yield course.plan.finding("repeat", "It ends with the times that have begun.", key="repeat", severity="warn")
    else:
        yield course.plan.finding("repeat", "None of its times is to come.", "Look at its `until:`.", key="repeat")
