"""`pressroom campaign status`: how campaigns stand, for people and for scripts."""

from __future__ import annotations

import gc
import sys
import time
from typing import TYPE_CHECKING, Any

from desk.campaigns.drawing import Row, about, aim, local, many, table, titled
from desk.campaigns.standing import meant, standings
from desk.proofs.reasons import NOBODY
from flows import clock
from flows.agenda import Agenda
from flows.lookup import looking, unstarted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from pathlib import Path

    from desk.campaigns.standing import Standing, Step
    from desk.console import Voice

EVERY = 1.0  # seconds between two looks
CLEAR = "\x1b[2J\x1b[H"
PAST = 5  # courses that are over: shown at most
FULL = 5  # courses under way that are shown in full; where there are more, each has a line
MISSED = "Its time has passed, and nobody has begun it."


def show_status(named: str, root: Path, voice: Voice, *, watch: bool) -> int:
    """All campaigns, or the courses of one; with `watch` again and again until all is over. Raises `Refused`."""
    found = _found(named, root)
    if watch:
        found = _watched(found, named, root, voice)
    else:
        _draw(found, named, root, voice)
    voice.data({"campaigns": [told(standing) for standing in found]})
    return 1 if any(standing.asks for standing in found) else 0


def told(standing: Standing) -> dict[str, Any]:
    """A course for scripts."""
    course, following = standing.course, standing.next
    terms = None if standing.faults else course.plan.terms
    begins = standing.turns[0] if standing.turns else None
    return {
        "id": course.id,
        "campaign": course.campaign,
        "article": course.article,
        "state": course.state,
        "timezone": terms.timezone if terms else "",
        "destination": terms.destination if terms else "",
        "started": course.started_at,
        "next": following.step if following else "",
        "next_at": following.due if following else begins,
        "missed": standing.missed,
        "turns": standing.turns,
        "steps": standing.steps,
        "findings": standing.faults,
    }


def _found(named: str, root: Path) -> list[Standing]:
    with looking(root) as ledger:
        if ledger is None:
            if named:
                raise unstarted(named, root)
            return []
        agenda = Agenda(ledger.engine)
        courses = meant(named, agenda) if named else agenda.courses()
        if not courses and named:
            raise unstarted(named, root, [course.id for course in agenda.courses()])
        return standings(courses, ledger, root)


def _watched(found: list[Standing], named: str, root: Path, voice: Voice) -> list[Standing]:
    """Draw it anew each second on a terminal, elsewhere when something has changed."""
    gc.enable()  # a command runs without it; this one may run for days
    shown: list[Standing] = []
    try:
        while True:
            if sys.stdout.isatty() or found != shown:
                _draw(found, named, root, voice, begin=CLEAR if sys.stdout.isatty() else "")
                shown = found
            if not any(standing.going for standing in found):
                return found
            time.sleep(EVERY)
            found = _found(named, root)
    except KeyboardInterrupt:
        voice.say()
        return found


def _draw(found: list[Standing], named: str, root: Path, voice: Voice, *, begin: str = "") -> None:
    if begin:
        voice.say(f"{begin}{clock.now().astimezone():%H:%M:%S}  Ctrl-C ends the look, and nothing else.", "dim")
    if not named or sum(standing.going for standing in found) > FULL:
        _overview(found, voice)
        if named:
            voice.say("pressroom campaign status NAME shows one in full.", "dim")
        return
    over = [standing for standing in found if not standing.going]
    whole = [standing for standing in found if standing.going] or over[:1]
    for standing in whole:
        _in_full(standing, root, voice)
    for standing in (rest := [each for each in over if each not in whole])[:PAST]:
        voice.say(f"{standing.course.id}: {standing.course.state}, {_done(standing)} steps sent", "dim")
    if rest[PAST:]:
        voice.say(f"… and {len(rest) - PAST:,} more that are over", "dim")


def _in_full(standing: Standing, root: Path, voice: Voice) -> None:
    course = standing.course
    if standing.faults:
        voice.say(f"{course.id}: {course.state}, but its file can't be read any more", "bold")
        voice.findings(standing.faults)
        return
    zone = course.plan.terms.zone
    article = titled(course.article, root) or "of each new article"
    voice.say(f"{course.id}: {article}, {aim(course.plan.terms.destination)}: {course.state}", "bold")
    if course.master:
        _master(standing, voice)
        return
    voice.say(f"Times are those of clocks in {zone}; ~ is an estimate.", "dim")
    voice.say()
    rows = [
        Row(
            cells=(step.step, step.state, _due(step, zone), _ended(step, zone)),
            below=tuple(_below(step, root)),
        )
        for step in standing.steps
    ]
    table(voice, ("STEP", "STATE", "  DUE", "ENDED"), rows, {0: 24})
    if course.state == "paused":
        voice.say(f"It goes on with: pressroom campaign resume {course.id}", "warn")
    voice.say()


def _master(standing: Standing, voice: Voice) -> None:
    zone = standing.course.plan.terms.zone
    if standing.course.plan.terms.each:
        voice.say("  It begins a campaign for each, while `pressroom up` or `pressroom watch` runs.", "dim")
    elif standing.turns:
        voice.say(f"  It has begun {many(standing.course.number, 'time')}. Next:", "dim")
        for turn in standing.turns:
            voice.say(f"    {local(turn, zone)}")
    if standing.missed:
        voice.say(f"  {MISSED} {NOBODY}", "warn")
    voice.say()


def _due(step: Step, zone: tzinfo) -> str:
    return about(step.due, zone, firm=step.firm) if step.due else ""


def _ended(step: Step, zone: tzinfo) -> str:
    if step.ended is None:
        return ""
    ended = step.ended.astimezone(zone)
    same_day = step.due and step.due.astimezone(zone).date() == ended.date()
    return f"{ended:%H:%M:%S}" if same_day else f"{ended:%a %Y-%m-%d %H:%M:%S}"


def _below(step: Step, root: Path) -> Iterator[tuple[str, str]]:
    """Where it went, why it stands so, and what to type next."""
    folder = f"{root.resolve().as_uri()}/"
    for place in step.places:
        where = place.url.removeprefix(folder) or " ".join(filter(None, (place.state, place.detail)))
        yield f"{place.account.removeprefix('outbox/')}: {where}", "dim"
    if said := " ".join(filter(None, (step.why, step.mend))):
        yield said, _style(step)
    yield from ((f"→ {command}", "") for command in step.todo)


def _style(step: Step) -> str:
    return "block" if step.asks else "warn" if step.late else "dim"


def _overview(found: list[Standing], voice: Voice) -> None:
    if not found:
        voice.say("No campaign has been started yet. pressroom campaign list shows their files.")
        return
    shown = [standing for standing in found if standing.going]
    over = [standing for standing in found if not standing.going]
    rows = [Row(cells=_cells(standing), below=tuple(_asks(standing))) for standing in (*shown, *over[:PAST])]
    table(voice, ("CAMPAIGN", "STATE", "SENT", "  NEXT", "STEP"), rows, {0: 36})
    if over[PAST:]:
        voice.say(f"… and {len(over) - PAST:,} more that are over", "dim")


def _cells(standing: Standing) -> tuple[str, ...]:
    course, following = standing.course, standing.next
    if standing.faults:
        return course.id, course.state, "", "", "can't be read any more"
    zone = course.plan.terms.zone
    if following:
        when, step = _due(following, zone), following.step
    elif standing.turns:
        when, step = about(standing.turns[0], zone, firm=True), "begins anew"
    else:
        when, step = "", "with each new article" if course.master and standing.going else ""
    return course.id, course.state, "" if course.master else _done(standing), when, step


def _done(standing: Standing) -> str:
    return f"{sum(step.state == 'sent' for step in standing.steps)}/{len(standing.steps)}"


def _asks(standing: Standing) -> Iterator[tuple[str, str]]:
    """What waits for a person, or for somebody to send it."""
    if not standing.going:
        return
    if standing.missed:
        yield MISSED, "warn"
    for step in standing.steps:
        if step.asks:
            yield f"{step.step} is {step.state}: {step.why}", "block"
        elif step.late:
            yield f"{step.step}: {step.why}", "warn"
    if standing.asks or any(step.late for step in standing.steps):
        yield f"→ pressroom campaign status {standing.course.id}", ""
