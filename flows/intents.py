"""Who will be served when: the moments of campaigns, as far as they are known."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from channels.registry import channel_class, misnamed
from content.findings import Finding, Severity
from content.newsletter import Newsletter
from content.post import Post

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from channels.base import Channel

UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
moment = attrgetter("at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One account that will be served at a moment."""

    account: str
    at: datetime  # aware, UTC
    step: str
    posts: int = 1  # parts of a thread
    links: bool = True
    recipients: int = 0
    file: str = ""
    line: int = 0
    campaign: str = ""
    zone: tzinfo = UTC  # whose clocks the campaign's people look at
    firm: bool = True  # False: its moment is an estimate

    @property
    def named(self) -> str:
        """`step 'reminder' (2026-12-01 09:00 UTC)`."""
        return f"step '{self.step}' ({self.shown(self.at)})"

    def shown(self, moment: datetime) -> str:
        """A moment as the campaign's clocks show it, as sure as its own."""
        return f"{'' if self.firm else '~'}{moment.astimezone(self.zone):%Y-%m-%d %H:%M %Z}"

    def finding(self, rule: str, severity: Severity, why: str, mend: str) -> Finding:
        """What there is to say of it, where it stands."""
        account, file, line = self.account, self.file, self.line
        return Finding(rule=rule, severity=severity, why=why, mend=mend, channel=account, file=file, line=line)


def by_account(intents: Iterable[Intent]) -> dict[str, list[Intent]]:
    """Those of each account, in the order of their moments."""
    found: defaultdict[str, list[Intent]] = defaultdict(list)
    for intent in sorted(intents, key=moment):
        found[intent.account].append(intent)
    return dict(found)


def served(
    intents: Iterable[Intent], channels: Mapping[str, Channel[Any]]
) -> Iterator[tuple[Channel[Any], list[Intent]]]:
    """The channels that are used, each with its moments in order. An account that nobody knows is left out."""
    for account, due in by_account(intents).items():
        if account in channels:
            yield channels[account], due


def speaks(account: str) -> bool:
    """Whether people are told something on an account: a post or a mail. Who brings a page does not speak there."""
    named = account.removeprefix("outbox/")
    return bool(misnamed(named)) or issubclass(channel_class(named).form, Post | Newsletter)


def spelled(span: timedelta) -> str:
    """`1 day 2 hours`: the two greatest units of a span."""
    seconds, words = round(span.total_seconds()), []
    for unit, size in UNITS:
        number, seconds = divmod(seconds, size)
        words += [many(number, unit)] if number else []
    return " ".join(words[:2]) or "0 seconds"


def many(number: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
