"""What comes again: cron's five fields, and the recurrence rules of RFC 5545. Times are naive, as clocks show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice, pairwise

from cronsim import CronSim, CronSimError
from dateutil.rrule import rrulestr

CALENDAR = ("FREQ=YEARLY", "FREQ=MONTHLY", "FREQ=WEEKLY", "FREQ=DAILY")
APART = timedelta(hours=1)  # what comes more often is a slip: * 9 * * 2 is sixty times, 0 9 * * 2 is once
BEGIN = datetime(2026, 1, 1)  # noqa: DTZ001 - clocks are the campaign's; any day serves for a check
# dateutil looks for a rule's times until the year 9999, however long that takes: from here it is not far
NEAR_THE_END = datetime(9970, 1, 1)  # noqa: DTZ001
WITHIN = {  # what dateutil takes beyond these never comes, comes every day, or ends in an IndexError
    "INTERVAL": range(1, 1000),
    "BYSECOND": range(60),
    "BYMINUTE": range(60),
    "BYHOUR": range(24),
    "BYMONTHDAY": range(1, 32),
    "BYYEARDAY": range(1, 367),
    "BYWEEKNO": range(1, 54),
    "BYMONTH": range(1, 13),
    "BYSETPOS": range(1, 367),
    "BYEASTER": range(-80, 250),  # days of Easter's own year
}
FROM_THE_END = {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"}  # -1 is the last
NUMBER = re.compile(r"[+-]?[0-9]{1,5}")
DAY = re.compile(r"(?:[+-]?(?P<number>[0-9]{1,2}))?(?:MO|TU|WE|TH|FR|SA|SU)")


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
        wrong = _unfit(told) or _wrong(by_rule(told, NEAR_THE_END, NEAR_THE_END))
    except ValueError as error:
        wrong = str(error)
    if wrong:
        raise ValueError(f"expected a rule such as FREQ=WEEKLY;BYDAY=TU;BYHOUR=9;BYMINUTE=30; {wrong}")
    return told


def _unfit(told: str) -> str:
    """What is wrong with a rule, or right for one and wrong for a campaign."""
    fields = [field.partition("=")[::2] for field in told.split(";")]
    named = dict(fields)
    if not told.startswith(CALENDAR) or "BYHOUR" not in named or len(told.split()) > 1:
        return "it is one line, and names a day's rhythm and an hour"
    if named.keys() & {"COUNT", "UNTIL"}:
        return "its end is said by `times:` or `until:` beside it"
    if len(named) < len(fields):
        return "each of its parts stands there once"
    if strange := named.keys() - WITHIN - {"FREQ", "BYDAY", "WKST"}:
        return f"it has no part '{min(strange)}'"
    return _beyond(named) or _no_days(named)


def _beyond(named: Mapping[str, str]) -> str:
    """A part whose numbers there can't be."""
    for part, known in WITHIN.items():
        for spelled in named[part].split(",") if part in named else ():
            number = int(spelled) if NUMBER.fullmatch(spelled) else None
            if number is None or (abs(number) if part in FROM_THE_END else number) not in known:
                back = f", or -1 to -{known[-1]} from the end" if part in FROM_THE_END else ""
                return f"its {part} is {known[0]} to {known[-1]}{back}"
    return ""


def _no_days(named: Mapping[str, str]) -> str:
    """Days that there can't be: `1TU` is the first Tuesday of a month or a year; of a week there is none."""
    found = [DAY.fullmatch(day) for day in named["BYDAY"].split(",")] if "BYDAY" in named else []
    numbers = {day["number"] for day in found if day}
    if None in found:
        return "its BYDAY names days such as MO, or 1TU"
    if not numbers - {None}:
        return ""
    if named["FREQ"] not in {"MONTHLY", "YEARLY"}:
        return "only FREQ=MONTHLY and FREQ=YEARLY have numbers in BYDAY"
    most = 5 if named["FREQ"] == "MONTHLY" or "BYMONTH" in named else 53
    if None in numbers:
        return "either all days of its BYDAY have a number, or none"
    return "" if all(1 <= int(number) <= most for number in numbers) else f"its BYDAY counts from 1 to {most}"


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
    with suppress(ValueError):  # the last week of the year 9999 ends in none that there is
        yield from found
