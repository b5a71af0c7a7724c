"""How long mailings will take, by the caps of their accounts. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from flows.intents import by_account, moment, served, spelled
from flows.pace import WarmUp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from channels.base import Channel
    from channels.lists import ListSettings
    from content.findings import Finding
    from flows.intents import Intent

YEAR = 366  # days: a warm-up that lets nobody through by then may never do so
LONG = timedelta(hours=1)  # that a mailing may take without a word about it


@dataclass(frozen=True, slots=True)
class Course:
    """A mailing under a warm-up: how many have it on its first day, and the last day; None: none within a year."""

    intent: Intent
    first: date
    going: int
    last: date | None


def mail_pace(own: Iterable[Intent], others: Iterable[Intent], channels: Mapping[str, Channel[Any]]) -> list[Finding]:
    """Mailings that the caps of their own account make longer than an hour, and how long.

    What goes to one domain is not known before; nor is what else was sent on a day that has begun.
    """
    findings = []
    theirs = by_account(others)
    for channel, due in served(own, channels):
        if channel.can.recipients:
            settings: ListSettings = channel.settings  # type: ignore[attr-defined]  # all with recipients have them
            ours = {id(intent) for intent in due}
            for course in _courses([*due, *theirs.get(channel.account, [])], settings):
                if id(course.intent) in ours:
                    findings += _days(course) or _hours(course.intent, settings.per_hour)
    return findings


def _courses(due: list[Intent], settings: ListSettings) -> Iterator[Course]:
    """Mailings of one account share its days, which are UTC's as those of the sending are."""
    warm_up = WarmUp.of(settings.warm_up, settings.warm_up_from)
    used: defaultdict[date, int] = defaultdict(int)
    for intent in sorted(due, key=moment):
        first, left = intent.at.astimezone(UTC).date(), intent.recipients
        shares: list[int] = []
        while left and len(shares) < YEAR:
            day = first + timedelta(days=len(shares))
            most = warm_up.most_on(day)
            shares.append(left if most is None else min(left, most - used[day]))
            used[day] += shares[-1]
            left -= shares[-1]
        last = None if left else first + timedelta(days=max(len(shares) - 1, 0))
        yield Course(intent, first, next(iter(shares), 0), last)


def _days(course: Course) -> list[Finding]:
    if course.last == course.first:
        return []
    going, meant = f"{course.going:,}", f"{course.intent.recipients:,}"
    through = f"all have it on {course.last}" if course.last else "a year is too short for the rest"
    goes = f"The warm-up lets {going} of {meant} readers have {course.intent.named} on {course.first}"
    why = f"{goes}; {through}. Its days are UTC's."
    mend = "Begin the warm-up earlier, or send to a segment first."
    return [course.intent.finding("campaign.pace", "warn", why, mend)]


def _hours(intent: Intent, per_hour: int) -> list[Finding]:
    takes = timedelta(hours=intent.recipients / per_hour) if per_hour else timedelta(0)
    if takes <= LONG:
        return []
    meant, through = f"{intent.recipients:,} readers at {per_hour:,} an hour", intent.shown(intent.at + takes)
    why = f"{meant} take {spelled(takes)}: {intent.named} is through at {through}."
    mend = "Begin earlier, or raise the account's per_hour if its mail server takes more."
    return [intent.finding("campaign.pace", "warn", why, mend)]
