"""When each step is due: clocks of the campaign's zone, spans, quiet hours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from content.timing import FIXED, WEEK, Quiet, When

if TYPE_CHECKING:
    from content.campaign import Campaign
    from flows.courses import Stage

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """When a step is due. Not `firm`: it waits for another to be sent, and this is an estimate."""

    due: datetime  # aware, UTC
    firm: bool = True
    notes: tuple[str, ...] = ()  # what people should know of it


def timetable(campaign: Campaign, started: datetime, stages: Mapping[str, Stage] | None = None) -> dict[str, Slot]:
    """The slot of each step, in the file's order. `stages`: what has become of them so far."""
    known: dict[str, Slot] = {}
    for name in campaign.order():
        stage = (stages or {}).get(name)
        if stage and stage.moved_to:
            known[name] = Slot(due=stage.moved_to, notes=("moved by hand",))
        elif stage and stage.due_at and stage.state not in {"waiting", "booked"}:
            known[name] = Slot(due=stage.due_at)  # its moment has come: what counts from it stays where it is
        else:
            known[name] = _slot(campaign, name, started, known, stages or {})
    return {name: known[name] for name in campaign.steps}


def _slot(
    campaign: Campaign, name: str, started: datetime, known: Mapping[str, Slot], stages: Mapping[str, Stage]
) -> Slot:
    step, zone = campaign.steps[name], campaign.terms.zone
    base, firm = started, True
    if of := campaign.base(name):
        base, firm = known[of].due, known[of].firm
        if step.at.after:
            base, firm = _sending(stages.get(of), base)
    due, note = counted(step.at, base, zone)
    quiet = campaign.terms.quiet if step.quiet else None
    later = after_quiet(due, quiet, zone)
    notes = [note, "moved out of the quiet hours" if later != due else ""]
    return Slot(due=later, firm=firm, notes=tuple(filter(None, notes)))


def _sending(stage: Stage | None, due: datetime) -> tuple[datetime, bool]:
    """When a step was sent, and True; else when that is to be expected, which is later where it is put off."""
    if stage and stage.state == "sent" and stage.ended_at:
        return stage.ended_at, True
    # what is booked for the time of an older file is not put off
    if stage and stage.booked_for and stage.due_at and stage.booked_for > stage.due_at:
        return max(due, stage.booked_for), False
    return due, False


def counted(at: When, base: datetime, zone: tzinfo) -> tuple[datetime, str]:
    """The moment that is meant, counted from another, and what its zone's clocks do then."""
    if at.moment:
        return (at.moment.astimezone(UTC), "") if at.moment.tzinfo else on_clocks(at.moment, zone)
    local = base.astimezone(zone).replace(tzinfo=None)
    if at.next:
        return on_clocks(datetime.combine(_next(at.next, local), at.clock or local.time()), zone)
    if at.unit in {"minutes", "hours"}:
        later = base.astimezone(UTC) + at.amount * FIXED[at.unit]
        if at.clock is None:
            return later, ""
        local, days = later.astimezone(zone).replace(tzinfo=None), 0
    else:
        days = _working(local, at.amount) if at.unit == "weekdays" else (at.amount * FIXED[at.unit]).days
    return on_clocks(datetime.combine(local + days * DAY, at.clock or local.time()), zone)


def on_clocks(local: datetime, zone: tzinfo) -> tuple[datetime, str]:
    """The moment at which a zone's clocks show a time, and a note where they never do, or do so twice.

    In a gap it is as much later as the clocks go forward; of two moments it is the first, as RFC 5545 has it.
    """
    there = local.replace(tzinfo=zone)
    moment = there.astimezone(UTC)
    shown = moment.astimezone(zone).replace(tzinfo=None)
    said = f"{local:%H:%M} on {local:%Y-%m-%d}"
    if shown != local:
        return moment, f"there is no {said} in {zone}: clocks go forward, so it is {_nearest(shown, local)}"
    if there.replace(fold=1).utcoffset() != there.utcoffset():
        return moment, f"{said} comes twice in {zone}: clocks go back, and it is the first of the two"
    return moment, ""


def _nearest(shown: datetime, asked: datetime) -> str:
    return f"{shown:%H:%M}" if shown.date() == asked.date() else f"{shown:%Y-%m-%d %H:%M}"


def after_quiet(moment: datetime, quiet: Quiet | None, zone: tzinfo) -> datetime:
    """A moment outside quiet hours: itself, or their end."""
    local = moment.astimezone(zone)
    if quiet is None or not quiet.covers(local.time()):
        return moment
    day = local.date() + (DAY if local.time() >= quiet.end else timedelta())
    end = datetime.combine(day, quiet.end)
    later = on_clocks(end, zone)[0]
    # in an hour that comes twice, the end that is meant is the one to come
    return later if later > moment else end.replace(tzinfo=zone, fold=1).astimezone(UTC)


def _next(day: str, local: datetime) -> datetime:
    found = local + DAY
    while not (day == "day" or (day == "weekday" and found.weekday() < 5) or WEEK[found.weekday()] == day):
        found += DAY
    return found


def _working(local: datetime, amount: int) -> int:
    """Days until so many weekdays have passed; from a weekend they count as from the Friday before."""
    weeks, left = divmod(amount, 5)
    days = weeks * 7 - (max(0, local.weekday() - 4) if amount else 0)
    while left:
        days += 1
        left -= (local + days * DAY).weekday() < 5
    return days
