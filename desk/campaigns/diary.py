"""`pressroom campaign ics`: a campaign's steps for people's calendars (RFC 5545)."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from icalendar import Calendar, Event

from channels.disk import place_file
from content.brand import Brand
from content.findings import Finding, Refused
from desk.campaigns.choosing import chosen
from desk.campaigns.drawing import aim, headline
from desk.campaigns.standing import meant
from desk.proofs.reasons import sentence, settled
from flows import clock
from flows.agenda import Agenda
from flows.arranging import next_turns
from flows.courses import STAMP, Course, Stage, fresh
from flows.lookup import looking
from flows.schedule import timetable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from desk.console import Voice

LONG = timedelta(minutes=15)  # calendars hide what takes no time
DAY = timedelta(days=1)
OFF = {"cancelled", "skipped"}
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)  # sequences count the seconds from here: they must fit into 31 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Date:
    """One step, for a calendar."""

    course: Course
    stage: Stage
    due: datetime
    firm: bool
    sequence: int  # a calendar takes over what has a higher one than what it knows, or a later stamp
    stamp: datetime


def write_calendar(named: str, out: Path | None, root: Path, voice: Voice) -> int:
    """Write a calendar to a file, or to standard output. Raises `Refused`."""
    dates = list(_dates(named, root))
    titles = {article: headline(article, root) for article in {date.course.article for date in dates}}
    data = calendar(dates, titles, Brand.load(root).site or "", dates[0].course.campaign if dates else named)
    if out:
        try:
            place_file(out, data)
        except OSError as error:
            why = f"{out} can't be written: {error.strerror or error}."
            raise Refused([Finding(rule="disk", severity="block", why=why)]) from error
        voice.say(f"Wrote {out}: {len(dates)} dates", "good")
    elif not voice.as_json:
        sys.stdout.buffer.write(data)
    if not dates:
        voice.warn("It has no dates: it begins a campaign for each new article, and those have.")
    voice.data({"file": str(out or ""), "dates": len(dates), "calendar": data.decode()})
    return 0


def calendar(dates: Iterable[Date], titles: Mapping[str, str], site: str, name: str) -> bytes:
    """The bytes of an .ics file. What is the same date stays so, whenever it is written: its UID is.

    `titles`: of the articles.
    """
    known = list(dates)
    events = [_event(date, titles[date.course.article], site) for date in known]
    made = Calendar()
    made.add("prodid", f"-//Pressroom//{version('pressroom')}//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", name)
    for event in events:
        made.add_component(event)
    if events:
        days = sorted(date.due.date() for date in known)
        made.add_missing_timezones(days[0] - 366 * DAY, days[-1] + 366 * DAY)
    written: bytes = made.to_ical()
    return written


def _event(date: Date, title: str, site: str) -> Event:
    course, step = date.course, date.stage.step
    plan = course.plan
    event = Event()
    event.add("uid", f"{uuid5(NAMESPACE_URL, f'{site}/{course.id}/{step}')}@pressroom")
    event.add("dtstamp", date.stamp)
    event.add("sequence", date.sequence)
    event.add("dtstart", date.due.astimezone(plan.terms.zone).replace(microsecond=0))
    event.add("duration", LONG)
    event.add("summary", f"{step}: {title}")
    event.add("description", "\n".join(_described(date, title)))
    event.add("status", "CANCELLED" if date.stage.state in OFF else "CONFIRMED" if date.firm else "TENTATIVE")
    event.add("transp", "TRANSPARENT")
    return event


def _described(date: Date, title: str) -> Iterator[str]:
    plan = date.course.plan
    yield f"“{title}” on {', '.join(plan.accounts(plan.steps[date.stage.step]))}"
    yield f"The campaign {date.course.id}, {aim(plan.terms.destination)}."
    if needed := ", ".join(plan.needed(date.stage.step)):
        yield f"Only if {needed} was sent."
    if not date.firm:
        yield f"An estimate: it waits for {plan.base(date.stage.step)}."
    yield f"It is {date.stage.state}. {sentence(date.stage.detail)}".strip()


def _dates(named: str, root: Path) -> Iterator[Date]:
    """Of what was started, as the ledger has it; else as its file has it now."""
    with looking(root) as ledger:
        agenda = Agenda(ledger.engine) if ledger else None
        courses = meant(named, agenda) if agenda else []
        stages = agenda.stages([course.id for course in courses]) if agenda else {}
    if not courses:
        campaign, article = chosen(named, "", root)
        courses = [fresh(campaign, clock.now(), article=article)]
    begun = {course.id for course in courses}
    for course in courses:
        if course.master:
            coming = [turn for turn in _turns(course) if turn.id not in begun]
            yield from (date for turn in coming for date in _of(turn, {}))
        else:
            yield from _of(course, stages.get(course.id, {}))


def _turns(master: Course) -> Iterator[Course]:
    """The courses that what comes again is going to begin."""
    plan = master.plan
    for number, (turn, _) in enumerate(next_turns(master), master.number):
        stamp = turn.astimezone(plan.terms.zone).strftime(STAMP)
        begun = fresh(plan, turn, article=master.article, occurrence=stamp, number=number)
        yield replace(begun, changed_at=master.changed_at)


def _of(course: Course, stages: Mapping[str, Stage]) -> Iterator[Date]:
    # A change of one step may move others, and one of the campaign all of them. Both numbers only grow: rows stay,
    # and every change of one has the time that it is. Not all have a revision, such as that a rule has skipped it.
    stamp = max([course.changed_at, *(stage.changed_at for stage in stages.values() if stage.changed_at)])
    sequence = max(0, int((stamp - BEGIN).total_seconds())) + sum(stage.revision for stage in stages.values())
    for step, slot in timetable(course.plan, course.started_at, stages).items():
        stage = settled(course, stages.get(step) or Stage(course=course.id, step=step))
        yield Date(course=course, stage=stage, due=slot.due, firm=slot.firm, sequence=sequence, stamp=stamp)
