"""`pressroom campaign start`: a campaign begins, or goes on as its file is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from content.findings import Refused
from desk.campaigns.choosing import chosen
from desk.campaigns.drawing import local, many
from desk.campaigns.following import follow
from desk.campaigns.newcomers import Newcomers
from desk.campaigns.planning import conclude, draw, introduce
from flows import clock
from flows.courses import fresh
from flows.directing import directing, stops
from flows.schedule import timetable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from desk.console import Voice
    from flows.agenda import Agenda
    from flows.courses import Course
    from flows.directing import Started
    from flows.forecast import Forecast

UNASKED = "It sends for real, and nobody has agreed to that. Say so with --yes."
Times = dict[tuple[str, str], "datetime"]  # by course and step


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A step whose moment a change of the file has moved; one that is new, or that is dropped."""

    course: str
    step: str
    was: datetime | None
    due: datetime | None


def start_campaign(named: str, article: str, root: Path, voice: Voice, *, ask: bool) -> int:
    """Start it, once a person agrees where it sends for real. Raises `Refused` where something must be mended."""
    campaign, slug = chosen(named, article, root)
    with directing(root) as director:
        known = director.agenda.course(fresh(campaign, clock.now(), article=slug).id)
        seen = None
        if known is None or known.terms != campaign.text:
            seen = director.foresee(campaign, slug)
            if not _agreed(seen, root, voice, ask=ask):
                return 1
        before = _times(director.agenda, campaign.name)
        started = director.start(campaign, slug, seen)
        after = _times(director.agenda, campaign.name)
        course = director.found(started.ids[0])
    if course.plan.terms.each and not course.article:
        Newcomers(root).note(course)
    moved = list(_moved(before, after)) if started.said == "changed" else []
    _say(started, course, moved, voice)
    prefect = follow(started.ids, root, voice)
    told = {"said": started.said, "courses": started.ids, "moved": moved, "prefect": prefect}
    voice.data({"campaign": campaign.name, **told, "findings": seen.findings if seen else ()})
    return 0


def _agreed(seen: Forecast, root: Path, voice: Voice, *, ask: bool) -> bool:
    """Show in brief what will happen; a person agrees where it is for real. Raises `Refused`."""
    if mends := stops(seen):
        raise Refused(mends)
    introduce(seen, root, voice)
    draw(seen, voice, {}, notes=False)
    conclude(seen, voice)
    voice.findings(seen.findings)
    terms = seen.course.plan.terms
    if not ask or terms.destination == "outbox" or voice.agrees("Send this for real, at these times?"):
        return True
    voice.say("Nothing was started.")
    why = {"said": "refused", "why": UNASKED, "findings": seen.findings}
    voice.data({"campaign": seen.course.campaign, **why, "courses": [], "moved": [], "prefect": None})
    return False


def _times(agenda: Agenda, campaign: str) -> Times:
    """When the steps of a campaign's open courses are due."""
    found = [course for course in agenda.of_campaign(campaign) if course.state in {"running", "paused"}]
    stages = agenda.stages([course.id for course in found])
    return {
        (course.id, step): slot.due
        for course in found
        if not course.master
        for step, slot in timetable(course.plan, course.started_at, stages[course.id]).items()
    }


def _moved(before: Times, after: Times) -> Iterator[Moved]:
    for key in dict.fromkeys((*before, *after)):
        was, due = before.get(key), after.get(key)
        if was != due:
            yield Moved(course=key[0], step=key[1], was=was, due=due)


def _say(started: Started, course: Course, moved: list[Moved], voice: Voice) -> None:
    match started.said:
        case "new":
            voice.say(f"{course.id} is started. {_what_follows(course)}", "good")
        case "changed":
            voice.say(f"{course.id} is started already; its file has changed: what has not begun is moved.", "good")
            for change in moved:
                voice.say(f"  {_change(change, course)}")
            if not moved:
                voice.say("  No step is moved.")
        case "same":
            since = local(course.started_at, course.plan.terms.zone)
            voice.say(f"{course.id} was already started, {since}; nothing changed. It is {course.state}.")
            if course.state == "paused":
                voice.say(f"It goes on with: pressroom campaign resume {course.id}", "warn")


def _what_follows(course: Course) -> str:
    terms = course.plan.terms
    if not course.article:
        return "Each new article begins one of its own, as long as `pressroom up` or `pressroom watch` runs."
    if course.master:
        return f"Next time: {local(course.next_at, terms.zone)}." if course.next_at else "There is no next time."
    return f"{many(len(course.plan.steps), 'step')} to come; see pressroom campaign status {course.id}"


def _change(change: Moved, course: Course) -> str:
    zone = course.plan.terms.zone
    named = change.step if change.course == course.id else f"{change.course}: {change.step}"
    if change.was and change.due:
        return f"{named}: {local(change.was, zone)} → {local(change.due, zone)}"
    return f"{named}: new, {local(change.due, zone)}" if change.due else f"{named}: dropped"
