"""What stands in a campaign's way by its file and by what has become of it so far, before anything is rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.registry import misnamed
from flows.segments import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from content.campaign import Campaign
    from content.findings import Finding
    from flows.courses import Course, Stage
    from flows.schedule import Slot


def strange(campaign: Campaign) -> Iterator[Finding]:
    """Channels and segments that there can't be."""
    for name, step in campaign.steps.items():
        for account in campaign.accounts(step):
            if fault := misnamed(account):
                yield campaign.finding("channel", *fault, step=name, key="channel")
        for spelled in step.segments or campaign.terms.segments:
            try:
                Segment.of(spelled)
            except ValueError as error:
                at = {"step": name} if step.segments else {}
                yield campaign.finding("segments", f"'{spelled}' can't be used: {error}.", key="segments", **at)


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


def in_vain(known: Course, campaign: Campaign, stages: Mapping[str, Stage]) -> Iterator[Finding]:
    """Steps that the file has changed after nothing more can come of them."""
    before = known.plan
    for name, step in campaign.steps.items():
        stage = stages.get(name)
        if not stage or not stage.over or name not in before.steps:
            continue
        if (step, campaign.accounts(step)) != (before.steps[name], before.accounts(before.steps[name])):
            why = f"The step '{name}' is {stage.state}: what has changed of it comes to nothing."
            mend = "For more of it, add a step with another name."
            yield campaign.finding("step.over", why, mend, step=name, severity="warn")


def endless(course: Course, turns: tuple[Slot, ...]) -> Iterator[Finding]:
    """What is to come again, and never does."""
    if course.plan.terms.repeat and not course.occurrence and not turns:
        yield course.plan.finding("repeat", "None of its times is to come.", "Look at its `until:`.", key="repeat")
