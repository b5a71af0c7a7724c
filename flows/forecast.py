"""A campaign before it goes out: every step's moment, what it will carry, what it costs, what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from content.findings import Finding, Refused, blocking
from content.newsletter import Newsletter
from flows.agenda import GONE, Agenda
from flows.arranging import next_turns
from flows.audience import AudienceUnusable
from flows.changing import Change
from flows.courses import Course, fresh
from flows.echoes import echoes
from flows.foresight import Costs, costs, foresee, to_come
from flows.intents import Intent
from flows.obstacles import early, endless, in_vain, past, strange
from flows.plan import connect, plan
from flows.readers import readers
from flows.schedule import Slot, timetable
from flows.settings import Settings
from flows.staging import order_of

if TYPE_CHECKING:
    from pathlib import Path

    from channels.base import Channel
    from content.campaign import Campaign
    from flows.ledger import Ledger
    from flows.orders import Order
    from flows.plan import Entry, Plan

UNSET = "campaign.account"  # the finding that hides no other: what an account would carry can be made without it


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A step of the plan."""

    step: str
    accounts: tuple[str, ...]
    slot: Slot
    recipients: int | None = None  # None: nobody knows yet, or it goes to no list
    condition: str = ""
    carries: tuple[tuple[str, Any], ...] = ()  # account and rendition


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A campaign's plan. Of what comes again its lines are those of its next time."""

    course: Course
    lines: tuple[Line, ...]
    turns: tuple[Slot, ...]  # of what comes again: its next times
    findings: tuple[Finding, ...]
    costs: Costs


def forecast(campaign: Campaign, root: Path, now: datetime, ledger: Ledger | None, *, article: str = "") -> Forecast:
    """What a campaign will do if it is started now, or goes on as its file is. `ledger`: None where there is none yet.

    Raises `Refused` for a broken brand.
    """
    return Forecaster(campaign, root, now, ledger, article).forecast()


class Forecaster:
    """Looks ahead for one campaign."""

    def __init__(self, campaign: Campaign, root: Path, now: datetime, ledger: Ledger | None, article: str) -> None:
        self._campaign, self._root, self._now = campaign, root, now
        self._ledger, self._agenda = ledger, Agenda(ledger.engine) if ledger else None
        new = fresh(campaign, now, article=article)
        self._known = self._agenda.course(new.id) if self._agenda else None
        change = Change(self._agenda, campaign, root) if self._agenda else None
        self._course = change.becomes(self._known) if change and self._known else new
        stages = self._agenda.stages([new.id])[new.id] if self._agenda else {}
        self._stages = {step: stage for step, stage in stages.items() if stage.detail != GONE}
        if change and self._known:
            self._stages |= change.timed_anew(self._known, self._stages)
        self._findings: list[Finding] = list(campaign.notes)
        self._entries: dict[str, tuple[Entry, ...]] = {}  # by step, what it will carry; none where that is not known

    def forecast(self) -> Forecast:
        """The plan, and all that there is to say of it."""
        turns = tuple(Slot(due=due, notes=(note,) if note else ()) for due, note in next_turns(self._course))
        slots = timetable(self._campaign, turns[0].due if turns else self._course.started_at, self._stages)
        self._findings += self._obstacles(slots, turns)
        sound = all(finding.rule == UNSET for finding in blocking(self._findings))
        lines = [self._line(step, slot, render=sound) for step, slot in slots.items()]
        intents = [intent for line in lines for intent in self._intents(line)]
        if sound:
            apart = self._campaign.terms.governor.apart
            due = [(line.step, line.slot, self._entries.get(line.step, ())) for line in lines]
            self._findings += foresee(intents, list(self._others()), self._channels, apart)
            self._findings += echoes(self._course, due, self._ledger, begun=self._stages)
        return Forecast(
            course=self._course,
            lines=tuple(lines),
            turns=turns,
            findings=tuple(dict.fromkeys(self._findings)),
            costs=self._costs(intents),
        )

    def _costs(self, intents: list[Intent]) -> Costs:
        """What is charged. Nobody can tell where it is not known what each step that is to come will carry."""
        if not self._live:
            return Costs(accounts={})
        over = {step for step, stage in self._stages.items() if stage.over}
        known = self._campaign.steps.keys() <= self._entries.keys() | over
        return costs(intents, self._channels) if known else Costs(accounts={}, known=False)

    @property
    def _live(self) -> bool:
        return self._campaign.terms.destination == "accounts"

    @cached_property
    def _channels(self) -> dict[str, Channel[Any]]:
        """The accounts as they are set up; a dry run needs none."""
        named = {account for step in self._campaign.steps.values() for account in self._campaign.accounts(step)}
        return {account: connect(account, self._root) for account in sorted(named)} if self._live else {}

    def _obstacles(self, slots: Mapping[str, Slot], turns: tuple[Slot, ...]) -> Iterator[Finding]:
        """What is wrong whatever the article says."""
        yield from list(strange(self._campaign)) or (self._unset() if self._live else ())
        if self._known and not self._known.master:
            yield from in_vain(self._known, self._campaign, self._stages)
        if not (self._known and self._known.master):
            yield from past(self._campaign, slots, self._stages, self._now)
        yield from early(self._campaign, slots, self._stages)
        yield from endless(self._course, turns)

    def _unset(self) -> Iterator[Finding]:
        """Accounts that nothing is set up for, each where it is named first."""
        first: dict[str, str] = {}
        for name, step in self._campaign.steps.items():
            first |= {account: first.get(account, name) for account in self._campaign.accounts(step)}
        for account, name in first.items():
            channel = self._channels[account]
            if not (channel.configured or channel.can.by_hand):
                why, mend = f"No account is set up for '{account}'.", f"pressroom connect {account}"
                yield self._campaign.finding("account", why, mend, step=name, key="channel")

    def _line(self, step: str, slot: Slot, *, render: bool) -> Line:
        wanted = self._campaign.steps[step]
        line = Line(step=step, accounts=self._campaign.accounts(wanted), slot=slot, condition=self._condition(step))
        stage = self._stages.get(step)
        if not render or not self._course.article or (stage and stage.over):
            return line
        order = order_of(self._course, step, self._root)
        entries = self._rendered(step, order)
        meant = [number for entry in entries if (number := self._recipients(step, entry, order)) is not None]
        carries = tuple((entry.account.removeprefix("outbox/"), entry.rendition) for entry in entries)
        return replace(line, recipients=sum(meant) if meant else None, carries=carries)

    def _condition(self, step: str) -> str:
        needed = ", ".join(self._campaign.needed(step))
        return f"only if {needed} was sent" if needed else ""

    def _rendered(self, step: str, order: Order) -> tuple[Entry, ...]:
        """What a step will carry; what stands in its way is noted."""
        try:
            planned = plan(order, Settings.of(self._root).outbox_of(self._root))
        except Refused as refused:
            self._findings += [self._placed(step, finding) for finding in refused.findings]
            return ()
        self._findings += [found for found in planned.findings if found.severity in {"block", "review"}]
        self._findings += self._unvaried(step, order, planned)
        self._entries[step] = planned.entries
        return planned.entries

    def _unvaried(self, step: str, order: Order, planned: Plan) -> Iterator[Finding]:
        """Variants that none of a step's channels has other words for: it would go out as it always does."""
        repeat = None if self._campaign.steps[step].variant else self._campaign.terms.repeat
        wanted = repeat.variants if repeat and repeat.variants else [order.variant]
        told = [planned.article.overrides(*_named(entry)) for entry in planned.entries if not entry.first]
        for variant in filter(None, wanted if told else ()):
            if not any(variant in overrides.variants for overrides in told):
                why = f"For the channels of '{step}' the article has no variant '{variant}'."
                mend = "Write it below a channel's `variants:` in the article's front matter."
                yield self._campaign.finding("variant", why, mend, step=step, severity="warn")

    def _placed(self, step: str, finding: Finding) -> Finding:
        """Where a finding has no place, the step's own."""
        if finding.file:
            return finding
        key = "article" if finding.rule == "article.absent" else ""
        at = {"key": key} if key else {"step": step}
        return self._campaign.finding(finding.rule, finding.why, finding.mend, **at)

    def _recipients(self, step: str, entry: Entry, order: Order) -> int | None:
        """How many will get a mail; nobody is a fault. None where nobody can tell."""
        try:
            number = readers(entry, order)
        except AudienceUnusable as error:
            self._unread(step, *(told and f"{told[0].upper()}{told[1:]}." for told in (error.why, error.mend)))
            return None
        if number == 0:
            mend = "`pressroom mail audience` says which rows are left out, and why."
            self._unread(step, "Nobody is on the list that this step goes to.", mend)
        return number

    def _unread(self, step: str, why: str, mend: str) -> None:
        key = next((key for key in ("segments", "audience") if getattr(self._campaign.steps[step], key)), "")
        self._findings.append(self._campaign.finding("audience", why, mend, step=step, key=key))

    def _intents(self, line: Line) -> Iterator[Intent]:
        found = self._campaign.finding("", "", step=line.step, key="at")
        for account, rendition in line.carries:
            yield Intent(
                account=account,
                at=line.slot.due,
                step=line.step,
                posts=len(getattr(rendition, "parts", "1")),
                recipients=line.recipients or 0,
                file=found.file,
                line=found.line,
                campaign=self._campaign.name,
                zone=self._campaign.terms.zone,
                firm=line.slot.firm,
            )

    def _others(self) -> Iterator[Intent]:
        """What other campaigns are going to do; those that go nowhere are in nobody's way."""
        if self._agenda is None:
            return
        courses = [c for c in self._agenda.open_courses() if c.campaign != self._campaign.name and c.article]
        stages = self._agenda.stages([course.id for course in courses])
        for course in courses:
            with suppress(Refused):  # one that can't be read any more is no fault of this one
                if course.plan.terms.destination == self._campaign.terms.destination:
                    yield from to_come(course, stages[course.id])


def _named(entry: Entry) -> tuple[str, str]:
    """An account, and what kind of channel it is, as the article's front matter may name them."""
    return entry.account.removeprefix("outbox/"), "newsletter" if isinstance(entry.rendition, Newsletter) else ""
