"""What comes again: cron's five fields, and the recurrence rules of RFC 5545. Times are naive, as clocks show them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cronsim import CronSim, CronSimError
from dateutil.rrule import rrulestr

CALENDAR = ("FREQ=YEARLY", "FREQ=MONTHLY", "FREQ=WEEKLY", "FREQ=DAILY")


def cron(spelled: str) -> str:
    """Check a cron line. Raises `ValueError`."""
    try:
        CronSim(spelled, datetime(2026, 1, 1))  # noqa: DTZ001 - clocks are the campaign's
    except CronSimError as error:
        raise ValueError(f"expected five fields such as 30 9 * * 2 for Tuesdays at 9:30; {error}") from None
    return spelled


def rule(spelled: str) -> str:
    """Check a recurrence rule. Raises `ValueError`."""
    told = spelled.upper().replace(" ", "").removeprefix("RRULE:")
    wrong = "" if told.startswith(CALENDAR) and "BYHOUR=" in told else "it names a day's rhythm and an hour"
    try:
        rrulestr(told, dtstart=datetime(2026, 1, 1))  # noqa: DTZ001
    except ValueError as error:
        wrong = str(error)
    if wrong:
        raise ValueError(f"expected a rule such as FREQ=WEEKLY;BYDAY=TU;BYHOUR=9;BYMINUTE=30; {wrong}")
    return told


def by_cron(spelled: str, after: datetime) -> Iterator[datetime]:
    """A cron line's times after a moment."""
    return CronSim(spelled, after)


def by_rule(spelled: str, after: datetime, begin: datetime) -> Iterator[datetime]:
    """A rule's times after a moment; it is counted from the day that it begins."""
    started = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    found: Iterator[datetime] = rrulestr(spelled, dtstart=started).xafter(after)
    return found
