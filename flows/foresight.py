"""What can be known of a campaign's moments before they come: what it costs, what will be in its way. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain
from math import fsum
from typing import TYPE_CHECKING, Any

from flows.arranging import next_turns
from flows.intents import Intent, by_account, many, moment, served, speaks, spelled
from flows.longmail import mail_pace
from flows.schedule import timetable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from channels.base import Channel, Quota
    from content.findings import Finding
    from flows.courses import Course, Stage

__all__ = ["Costs", "Intent", "conflicts", "costs", "foresee", "lapses", "mail_pace", "over_quota", "to_come"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What networks charge, in US dollars: by account those that do. Not `known`: nobody can tell yet."""

    accounts: Mapping[str, float]
    known: bool = True

    @property
    def total(self) -> float:
        """All of it."""
        return fsum(self.accounts.values())


@dataclass(frozen=True, slots=True)
class Crowd:
    """A step of ours by which too many posts fall within the time of a quota, and how many are other campaigns'."""

    step: Intent
    posts: int
    others: int


def foresee(
    own: Sequence[Intent], others: Sequence[Intent], channels: Mapping[str, Channel[Any]], apart: timedelta
) -> list[Finding]:
    """All that stands in a campaign's way, by what is known of its accounts and of other campaigns."""
    return [
        *lapses(own, channels),
        *over_quota(own, others, channels),
        *mail_pace(own, others, channels),
        *conflicts(own, others, apart),
    ]


def to_come(course: Course, stages: Mapping[str, Stage]) -> Iterator[Intent]:
    """What a campaign under way is going to do. Raises `Refused` for one that can't be read any more."""
    plan = course.plan
    begins = [turn for turn, _ in next_turns(course)] if course.master else [course.started_at]
    for step, slot in (pair for begin in begins for pair in timetable(plan, begin, stages).items()):
        if step in stages and stages[step].over:
            continue
        intent = Intent(account="", at=slot.due, step=step, campaign=course.id, zone=plan.terms.zone, firm=slot.firm)
        yield from (replace(intent, account=account) for account in plan.accounts(plan.steps[step]))


def costs(intents: Iterable[Intent], channels: Mapping[str, Channel[Any]]) -> Costs:
    """What the accounts charge for these."""
    charged = {
        channel.account: fsum(channel.can.cost(intent.posts, links=intent.links) for intent in due)
        for channel, due in served(intents, channels)
    }
    return Costs(accounts={account: dollars for account, dollars in charged.items() if dollars})


def lapses(intents: Iterable[Intent], channels: Mapping[str, Channel[Any]]) -> list[Finding]:
    """What an account needs and will have lost when its step comes: each once, at the first step that it hits."""
    findings = []
    for channel, due in served(intents, channels):
        for lapse in channel.ends():
            late = due[bisect_left(due, lapse.at, key=moment) :]
            if late:
                more = f" {many(len(late) - 1, 'later step')} of this account too." if late[1:] else ""
                why = f"{lapse.said()} After that comes {late[0].named}.{more}"
                findings.append(late[0].finding("campaign.lapse", lapse.severity, why, lapse.mend))
    return findings


def over_quota(own: Iterable[Intent], others: Iterable[Intent], channels: Mapping[str, Channel[Any]]) -> list[Finding]:
    """Where more posts are due within the time of an account's quota than its network takes."""
    theirs = by_account(others)
    return [
        _crowded(crowd, channel, quota)
        for channel, mine in served(own, channels)
        if (quota := channel.can.quota)
        for crowd in _worst(_crowds(mine, theirs.get(channel.account, []), quota), quota.span)
    ]


def conflicts(own: Iterable[Intent], others: Iterable[Intent], apart: timedelta) -> list[Finding]:
    """Steps of other campaigns on the same account that come nearer than `apart`. Pages are in nobody's way."""
    findings = []
    theirs = by_account(others)
    for account, mine in by_account(own).items():
        due = theirs.get(account, []) if speaks(account) else []
        for intent in mine:
            begin = bisect_right(due, intent.at - apart, key=moment)
            end = bisect_left(due, intent.at + apart, key=moment)
            if begin < end:
                here = bisect_left(due, intent.at, key=moment)
                around = due[max(begin, here - 1) : min(end, here + 1)]
                nearest = min(around, key=lambda other: abs(other.at - intent.at))
                findings.append(_conflict(intent, nearest, end - begin - 1))
    return findings


def _crowds(mine: list[Intent], theirs: list[Intent], quota: Quota) -> Iterator[Crowd]:
    """A window that slides over an account's moments: where it holds too much, by its newest step of ours."""
    ours = {id(intent) for intent in mine}
    due = sorted(chain(mine, theirs), key=moment)
    held = {True: 0, False: 0}  # posts in the window, ours and others'
    begin, newest = 0, None
    for intent in due:
        held[id(intent) in ours] += _weight(intent, quota)
        newest = intent if id(intent) in ours else newest
        while due[begin].at <= intent.at - quota.span:
            held[id(due[begin]) in ours] -= _weight(due[begin], quota)
            begin += 1
        if newest and held[True] and sum(held.values()) > quota.count:
            yield Crowd(newest, sum(held.values()), held[False])


def _weight(intent: Intent, quota: Quota) -> int:
    return 1 if quota.whole else intent.posts


def _worst(crowds: Iterable[Crowd], span: timedelta) -> list[Crowd]:
    """Of crowds that run into each other the greatest."""
    worst: list[Crowd] = []
    for crowd in crowds:
        if not worst or crowd.step.at - worst[-1].step.at >= span:
            worst.append(crowd)
        elif crowd.posts > worst[-1].posts:
            worst[-1] = crowd
    return worst


def _crowded(crowd: Crowd, channel: Channel[Any], quota: Quota) -> Finding:
    strangers = f" ({crowd.others:,} of other campaigns)" if crowd.others else ""
    due = f"{crowd.posts:,} posts{strangers} are due within {spelled(quota.span)} about {crowd.step.named}"
    why = f"{due}; {channel.title} takes {quota.count:,}, and the rest will be late."
    return crowd.step.finding("campaign.quota", "warn", why, "Move some to other times, or to another account.")


def _conflict(intent: Intent, nearest: Intent, more: int) -> Finding:
    gap = nearest.at - intent.at
    when = f"{spelled(abs(gap))} {'after' if gap > timedelta(0) else 'before'}" if gap else "at the same moment as"
    campaign = f"Campaign '{nearest.campaign}'" if nearest.campaign else "Another campaign"
    rest = f" Nearby: {many(more, 'more step')} of others." if more else ""
    why = f"{campaign} uses this account {when} {intent.named}, in {nearest.named}.{rest}"
    return intent.finding("campaign.conflict", "warn", why, "Move one of them, if readers should have time for each.")
