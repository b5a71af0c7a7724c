"""Campaigns for tests: written in a few lines, begun at a moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from content.campaign import Campaign, parse
from content.source import decode
from flows.courses import Course, Stage, fresh

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)  # a Tuesday


def utc(spelled: str) -> datetime:
    """A moment, by clocks in Greenwich."""
    return datetime.fromisoformat(spelled).replace(tzinfo=UTC)


def campaign(steps: str, head: str = "", *, zone: str = "UTC", name: str = "spring") -> Campaign:
    """A campaign of the article `garden`; `steps` are the lines below `steps:`."""
    text = f"article: garden\ntimezone: {zone}\n{head}steps:\n{steps}"
    return parse(decode(text.encode(), f"content/campaigns/{name}.yaml"), name)


def begun(steps: str, head: str = "", *, at: datetime = NOON, **more: str) -> Course:
    """A course of such a campaign."""
    return fresh(campaign(steps, head, **more), at)


def stages(course: Course, **said: Stage | str) -> dict[str, Stage]:
    """Its stages: as said, or waiting. A word is a state."""
    found = {name.replace("-", "_"): Stage(course=course.id, step=name) for name in course.plan.steps}
    for name, value in said.items():
        found[name] = value if isinstance(value, Stage) else replace(found[name], state=value)
    return {stage.step: stage for stage in found.values()}
