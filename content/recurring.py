"""What comes again: cron's five fields, and the recurrence rules of RFC 5545. Times are naive, as clocks show them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise

from cronsim import CronSim, CronSimError
from dateutil.rrule import rrulestr

CALENDAR = ("FREQ=YEARLY", "FREQ=MONTHLY", "FREQ=WEEKLY", "FREQ=DAILY")
APART = timedelta(hours=1)  # what comes more often is a slip: * 9 * * 2 is sixty times, 0 9 * * 2 is once
BEGIN = datetime(2026, 1, 1)  # noqa: DTZ001 - clocks are the campaign's; any day serves for a check


def cron(spelled: str) -> str:
    """Check a cron line. Raises `ValueError`."""
    wrong = "" if len(spelled.split()) == 5 else "it has another number of them"
    try:
        wrong = wrong or _wrong(by_cron(spelled, BEGIN))
    except CronSimError as error:
        wrong = str(error)
    if wrong:
        raise ValueError(f"expected five fields such as 30 9 * * 2 for Tuesdays at 9:30; {wrong}")
    return spelled


def rule(spelled: str) -> str:
    """Check a recurrence rule. Raises `ValueError`."""
    told = spelled.upper().replace(" ", "").removeprefix("RRULE:")
    try:
        wrong = _unfit(told) or _wrong(by_rule(told, BEGIN, BEGIN))
    except ValueError as error:
        wrong = str(error)
    if wrong:
        raise ValueError(f"expected a rule such as FREQ=WEEKLY;BYDAY=TU;BYHOUR=9;BYMINUTE=30; {wrong}")
    return told


def _unfit(told: str) -> str:
    """What is right for a rule, and wrong for a campaign."""
    named = dict(field.partition("=")[::2] for field in told.split(";"))
    if not told.startswith(CALENDAR) or "BYHOUR" not in named or len(told.split()) > 1:
        return "it is one line, and names a day's rhythm and an hour"
    if named.keys() & {"COUNT", "UNTIL"}:
        return "its end is said by `times:` or `until:` beside it"
    # dateutil would look for the second time for ever
    return "" if named.get("INTERVAL", "1").lstrip("0").isdigit() else "its INTERVAL is 1 or more"


def _wrong(times: Iterator[datetime]) -> str:
    found = list(islice(times, 25))
    if not found:
        return "it never comes"
    often = any(later - earlier < APART for earlier, later in pairwise(found))
    return "it comes more often than once an hour" if often else ""


def by_cron(spelled: str, after: datetime) -> Iterator[datetime]:
    """A cron line's times after a moment."""
    return CronSim(spelled, after)


def by_rule(spelled: str, after: datetime, begin: datetime) -> Iterator[datetime]:
    """A rule's times after a moment; it is counted from the day that it begins."""
    started = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    found: Iterator[datetime] = rrulestr(spelled, dtstart=started).xafter(after)
    return found
