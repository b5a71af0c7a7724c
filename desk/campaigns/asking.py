"""`pressroom campaign pause`, `resume`, `cancel`, `reschedule`, `send` and `skip`: what a person wants of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk.campaigns.drawing import local, many
from desk.campaigns.falling import falling
from desk.campaigns.following import follow
from flows import clock
from flows.directing import STATES, directing
from flows.schedule import timetable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from desk.console import Voice
    from flows.courses import Course, Stage, StageState
    from flows.directing import Director

WORDS = {
    "pause": "pauses: nothing is sent until it is resumed; a mail that is under way pauses too",
    "resume": "goes on; what has become late meanwhile goes by its rule for that",
    "cancel": "is cancelled: what is sent stays, nothing more is",
}


@dataclass(frozen=True, slots=True)
class Changed:
    """A step that a person has changed, what is said of it, and what becomes of others with it."""

    stage: Stage
    said: str
    others: Mapping[str, StageState]


def ask_campaign(wanted: str, named: str, root: Path, voice: Voice, *, ask: bool = False) -> int:
    """Pause, resume or cancel a campaign and all that it has begun. Raises `Refused`."""
    with directing(root) as director:
        director.found(named)
        if ask and not voice.agrees(f"Cancel '{named}' for good?"):
            voice.say("Nothing was cancelled.")
            voice.data({"campaign": named, "wanted": wanted, "courses": [], "prefect": None})
            return 1
        ids = director.ask(wanted, named)
    more = f" ({many(len(ids), 'campaign')} with those that it has begun)" if len(ids) > 1 else ""
    voice.say(f"{named} {WORDS[wanted]}{more}.", "good")
    prefect = follow(ids, root, voice, sends=wanted == "resume")
    voice.data({"campaign": named, "wanted": STATES[wanted], "courses": ids, "prefect": prefect})
    return 0


def move_step(named: str, step: str, to: str, root: Path, voice: Voice) -> int:
    """Have a step go out at another moment. Raises `Refused`."""

    def moved(director: Director, course: Course) -> Changed:
        stage = director.move(course.id, step, to)
        when = local(stage.moved_to, course.plan.terms.zone) if stage.moved_to else to
        return Changed(stage, f"goes out {when}; {stage.detail}", {})

    return _changed(named, step, moved, root, voice)


def send_step(named: str, step: str, root: Path, voice: Voice, *, ask: bool) -> int:
    """Have a step go out now, whatever the rules say; a person agrees where that is for real. Raises `Refused`."""
    with directing(root) as director:
        live = director.found(named).plan.terms.destination == "accounts"
    if ask and live and not voice.agrees(f"Send '{step}' of '{named}' for real, now?"):
        voice.say("Nothing was sent.")
        voice.data({"campaign": named, "step": step, "state": "", "due": None, "prefect": None})
        return 1

    def sent(director: Director, course: Course) -> Changed:
        said = "goes out once the campaign is resumed" if course.state == "paused" else "goes out now"
        return Changed(director.send(course.id, step), said, {})

    return _changed(named, step, sent, root, voice)


def skip_step(named: str, step: str, root: Path, voice: Voice) -> int:
    """Have a step not go out at all, and say what falls away with it. Raises `Refused`."""

    def skipped(director: Director, course: Course) -> Changed:
        before = falling(course, director.agenda.stages([course.id])[course.id], clock.now())
        stage = director.skip(course.id, step)
        after = falling(course, director.agenda.stages([course.id])[course.id], clock.now())
        with_it = {other: state for other, state in after.items() if other not in before}
        told = ", ".join(f"{other} is {state}" for other, state in with_it.items())
        return Changed(stage, f"is skipped; with it {told}" if told else "is skipped", with_it)

    return _changed(named, step, skipped, root, voice)


def _changed(named: str, step: str, change: Callable[[Director, Course], Changed], root: Path, voice: Voice) -> int:
    with directing(root) as director:
        course = director.found(named)
        changed = change(director, course)
        slots = timetable(course.plan, course.started_at, director.agenda.stages([course.id])[course.id])
    stage = changed.stage
    voice.say(f"{step} of {named} {changed.said}.", "good")
    prefect = follow([named], root, voice, sends=stage.state != "skipped")
    told = {"state": stage.state, "due": slots[step].due, "others": changed.others}
    voice.data({"campaign": named, "step": step, **told, "prefect": prefect})
    return 0
