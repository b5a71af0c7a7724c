"""What falls away with a step that is left out. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desk.proofs.reasons import ENDS
from flows.arranging import Skip, actions
from flows.courses import ASKS
from flows.judging import judge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flows.courses import Course, Stage, StageState


def falling(course: Course, stages: Mapping[str, Stage], now: datetime) -> dict[str, StageState]:
    """The steps that will not go out by themselves, as things stand, and what becomes of them: held, or skipped."""
    going, known, found = replace(course, state="running"), dict(stages), dict[str, "StageState"]()
    steps = [step for step in course.plan.steps if step in stages]
    while new := {step: end for step in steps if (end := _end(step, going, known, now))}:
        found |= new
        known |= {step: replace(known[step], state=state) for step, state in new.items()}
    return found


def _end(step: str, course: Course, stages: Mapping[str, Stage], now: datetime) -> StageState | None:
    """What becomes of a step even if all others go out that still may; None where it may go out, too."""
    stage = stages[step]
    if stage.over or stage.state in {*ASKS, "running"}:
        return None
    others = {name: other if other.over else replace(other, state="sent") for name, other in stages.items()}
    others[step] = stage
    if any(isinstance(action, Skip) and action.stage is stage for action in actions(course, others, now)):
        return "skipped"
    return ENDS.get(judge(course, replace(stage, due_at=now), others, now).act)
