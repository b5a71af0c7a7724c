"""A campaign before it goes out: every step's moment, what it will carry, what it costs, what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from channels.seal import Seal
from content.findings import Finding, Refused, blocking
from content.newsletter import Newsletter
from flows.agenda import GONE, Agenda
from flows.arranging import next_turns
from flows.audience import Audience
from flows.changing import Change
from flows.courses import Course, Stage, fresh
from flows.echoes import echoes
from flows.errors import Unusable
from flows.foresight import Costs, costs, foresee
from flows.intents import Intent
from flows.obstacles import endless, in_vain, past, strange
from flows.plan import connect, plan
from flows.schedule import Slot, timetable
from flows.segments import Segment
from flows.settings import Settings
from flows.staging import order_of

if TYPE_CHECKING:
    from pathlib import Path

    from channels.base import Channel
    from channels.lists import ListSettings
    from content.campaign import Campaign
    from flows.ledger import Ledger
    from flows.orders import Order
    from flows.plan import Entry, Plan

COUNTING = Seal(b"who is on a list is counted, and not kept")  # a look ahead makes no secret, and needs none


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
        known = Change(self._agenda, campaign, root).becomes(self._known) if self._agenda and self._known else None
        self._course = known or new
        stages = self._agenda.stages([new.id])[new.id] if self._agenda else {}
        self._stages = {step: stage for step, stage in stages.items() if stage.detail != GONE}
        self._findings: list[Finding] = list(campaign.notes)
        self._entries: dict[str, tuple[Entry, ...]] = {}  # by step, what it will carry

    def forecast(self) -> Forecast:
        """The plan, and all that there is to say of it."""
        turns = tuple(Slot(due=due, notes=(note,) if note else ()) for due, note in next_turns(self._course))
        slots = timetable(self._campaign, turns[0].due if turns else self._course.started_at, self._stages)
        self._findings += self._obstacles(slots, turns)
        known = not blocking(self._findings)
        lines = [self._line(step, slot, render=known) for step, slot in slots.items()]
        intents = [intent for line in lines for intent in self._intents(line)] if known else []
        if known:
            apart = self._campaign.terms.governor.apart
            due = [(line.step, line.slot.due, self._entries.get(line.step, ())) for line in lines]
            self._findings += foresee(intents, list(self._others()), self._channels, apart)
            self._findings += echoes(self._course, due, self._ledger, begun=self._stages)
        return Forecast(
            course=self._course,
            lines=tuple(lines),
            turns=turns,
            findings=tuple(dict.fromkeys(self._findings)),
            costs=costs(intents, self._channels if self._live and known else {}),
        )

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
        yield from endless(self._course, turns)

    def _unset(self) -> Iterator[Finding]:
        for name, step in self._campaign.steps.items():
            for account in self._campaign.accounts(step):
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
        entries = self._entries[step] = self._rendered(step, order)
        readers = [self._recipients(step, entry, order) for entry in entries]
        meant = [number for number in readers if number is not None]
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
        """How many will get a mail; nobody is a fault. None where it goes to no list of ours, or none is set up."""
        if not isinstance(entry.rendition, Newsletter):
            return None
        channel = connect(entry.account.removeprefix("outbox/"), self._root)
        if not channel.can.recipients:
            return None
        settings: ListSettings = channel.settings  # type: ignore[attr-defined]  # all with recipients have them
        if not (order.audience or settings.has_list):
            return None
        segments = tuple(map(Segment.of, order.segments))
        audience = Audience.of(settings, COUNTING, self._root, segments=segments, instead=order.audience)
        key = next((key for key in ("segments", "audience") if getattr(self._campaign.steps[step], key)), "")
        try:
            number = audience.size()
        except Unusable as error:
            self._findings.append(self._campaign.finding("audience", f"{error}.", step=step, key=key))
            return None
        if not number:
            why = "Nobody is on the list that this step goes to."
            mend = "`pressroom mail audience` says which rows are left out, and why."
            self._findings.append(self._campaign.finding("audience", why, mend, step=step, key=key))
        return number

    def _intents(self, line: Line) -> Iterator[Intent]:
        found = self._campaign.finding("", "", step=line.step, key="at")
        shown = f"{line.slot.due.astimezone(self._campaign.terms.zone):%Y-%m-%d %H:%M %Z}"
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
                shown=shown,
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
                    yield from _to_come(course, stages[course.id])


def _named(entry: Entry) -> tuple[str, str]:
    """An account, and what kind of channel it is, as the article's front matter may name them."""
    return entry.account.removeprefix("outbox/"), "newsletter" if isinstance(entry.rendition, Newsletter) else ""


def _to_come(course: Course, stages: Mapping[str, Stage]) -> Iterator[Intent]:
    plan, zone = course.plan, course.plan.terms.zone
    begins = [turn for turn, _ in next_turns(course)] if course.master else [course.started_at]
    slots = [slot for begin in begins for slot in timetable(plan, begin, stages).items()]
    for step, slot in slots:
        if step in stages and stages[step].over:
            continue
        shown = f"{slot.due.astimezone(zone):%Y-%m-%d %H:%M %Z}"
        for account in plan.accounts(plan.steps[step]):
            yield Intent(account=account, at=slot.due, step=step, campaign=course.id, shown=shown)
