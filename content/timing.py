"""When something is due, as people write it: a date, a span, a day of the week, or after something was sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal, get_args

Unit = Literal["minutes", "hours", "days", "weekdays", "weeks"]
UNITS: dict[str, Unit] = {unit.removesuffix("s"): unit for unit in get_args(Unit)} | {"min": "minutes", "h": "hours"}
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = ("day", "weekday", *WEEK)
FIXED: dict[str, timedelta] = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}

CLOCK = r"(?P<clock>\d{1,2}:\d{2})"
SPAN = rf"(?P<amount>\d{{1,5}})\s*(?P<unit>{'|'.join(UNITS)})s?"
STEP = r"(?:the\s+)?(?P<step>[a-z0-9][a-z0-9:_-]*)(?:\s+(?:is|was)\s+(?:live|sent|out))?"
MOMENT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ]\s*(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?"
)
FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"now",
        rf"(?:\+\s*|in\s+){SPAN}(?:\s+(?:at\s+)?{CLOCK})?",
        rf"next\s+(?P<next>{'|'.join(DAYS)})\s+(?:at\s+)?{CLOCK}",
        rf"{SPAN}(?:\s+(?:at\s+)?{CLOCK})?\s+after\s+{STEP}",
        rf"(?:when|once|after)\s+{STEP}",
    )
)
EXAMPLES = "2026-12-01 08:30, +3 days, +1 day 09:00, next weekday 08:30, 30 minutes after page is live, or now"
QUIET = re.compile(r"(\d{1,2}:\d{2})\s*(?:-|–|to)\s*(\d{1,2}:\d{2})")
YEARS = range(2000, 2101)  # of a date: what is outside of these is a slip
LONGEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A moment, or a way to one. Without `moment` it counts from when the step before is due."""

    moment: datetime | None = None  # naive: as clocks in the campaign's zone show it; aware: that very moment
    now: bool = False  # when the campaign begins, whatever stands before
    after: str = ""  # a step: it counts from when that was sent
    amount: int = 0
    unit: Unit = "minutes"
    next: str = ""  # the next such day: "day", "weekday", "monday", …
    clock: time | None = None  # the time of that day; None: the time that it counts from

    @property
    def span(self) -> timedelta:
        """How much later it is than what it counts from, weekends and times of day left aside."""
        return self.amount * FIXED.get(self.unit, FIXED["days"])

    @classmethod
    def of(cls, spelled: Any) -> When:
        """Read it. Raises `ValueError` with examples."""
        words = str(spelled or "").strip()
        if absolute := MOMENT.fullmatch(words):
            return cls(moment=_moment(absolute))
        found = next((match for form in FORMS if (match := form.fullmatch(words))), None)
        if found is None:
            raise ValueError(f"expected a time such as {EXAMPLES}")
        told = found.groupdict()
        unit = UNITS[(told.get("unit") or "minute").lower()]
        if told.get("clock") and told.get("amount") and unit in {"minutes", "hours"}:
            raise ValueError("expected a time of day behind days or weeks, such as +1 day 09:00")
        _span(int(told.get("amount") or 0), unit)
        return cls(
            now=words.lower() == "now",
            after=(told.get("step") or "").lower(),
            amount=int(told.get("amount") or 0),
            unit=unit,
            next=(told.get("next") or "").lower(),
            clock=_clock(told["clock"]) if told.get("clock") else None,
        )


def span(spelled: Any) -> timedelta:
    """Read `2 hours`, `30 days` or `0`. Raises `ValueError`."""
    words = str(spelled or "").strip()
    if words == "0":
        return timedelta()
    found = re.fullmatch(SPAN, words, re.IGNORECASE)
    unit = UNITS[found["unit"].lower()] if found else ""
    if found is None or unit not in FIXED:
        raise ValueError("expected a span such as 45 minutes, 2 hours or 30 days")
    return _span(int(found["amount"]), unit)


def _span(amount: int, unit: str) -> timedelta:
    length = amount * FIXED.get(unit, FIXED["days"])
    if length > LONGEST:
        raise ValueError("expected a span of less than ten years")
    return length


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nothing goes out, by the campaign's clocks. They may pass midnight."""

    begin: time
    end: time

    @classmethod
    def of(cls, spelled: Any) -> Quiet:
        """Read `21:00-08:00`. Raises `ValueError`."""
        found = QUIET.fullmatch(str(spelled or "").strip())
        if found is None or _clock(found[1]) == _clock(found[2]):
            raise ValueError("expected hours such as 21:00-08:00")
        return cls(_clock(found[1]), _clock(found[2]))

    def covers(self, moment: time) -> bool:
        """Whether a time of day is in them; their end is not."""
        if self.begin < self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end


def _clock(spelled: str) -> time:
    hours, minutes, seconds = map(int, f"{spelled}:0".split(":")[:3])
    try:
        return time(hours, minutes, seconds)
    except ValueError:
        raise ValueError(f"expected a time of day; there is no {spelled}") from None


def _moment(found: re.Match[str]) -> datetime:
    offset = (found["offset"] or "").replace("Z", "+00:00")
    try:
        day = datetime.fromisoformat(f"{found['day']}T00:00:00{offset}")
    except ValueError:
        raise ValueError(f"expected a day of the calendar; there is no {found[0]}") from None
    if day.year not in YEARS:
        raise ValueError(f"expected a year from {YEARS[0]} to {YEARS[-1]}")
    return datetime.combine(day.date(), _clock(found["clock"]), day.tzinfo)
