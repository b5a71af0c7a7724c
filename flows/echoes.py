"""What a campaign would say twice on one account: what the governor will leave out, told before it does."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from json import loads
from typing import TYPE_CHECKING

from content.newsletter import Newsletter
from content.post import Post
from flows.arranging import turns
from flows.governor import said_before, words
from flows.intents import spelled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from content.findings import Finding
    from flows.courses import Course
    from flows.ledger import Ledger
    from flows.plan import Entry
    from flows.schedule import Slot

MEND = "Give it words of its own (`variant:`), or set `governor: {same_text: 0}`."


@dataclass(frozen=True, slots=True)
class Saying:
    """What a step will say on an account, and when."""

    step: str
    slot: Slot
    entry: Entry

    @property
    def due(self) -> datetime:
        """When it will say it."""
        return self.slot.due

    @property
    def account(self) -> str:
        """As the campaign's file names it."""
        return self.entry.account.removeprefix("outbox/")

    @property
    def words(self) -> str:
        """Of it, as the governor compares them."""
        return words(loads(self.entry.rendition.canonical))


def echoes(
    course: Course,
    due: Iterable[tuple[str, Slot, Iterable[Entry]]],
    ledger: Ledger | None,
    *,
    begun: Collection[str] = (),
) -> list[Finding]:
    """What will be left out. `due`: steps, their moments, what they carry; `begun`: those that were known before."""
    carried = [Saying(step, slot, entry) for step, slot, entries in due for entry in entries]
    sayings = sorted((s for s in carried if isinstance(s.entry.rendition, Post | Newsletter)), key=lambda s: s.due)
    new = [saying for saying in sayings if saying.step not in begun]
    return [*_already(course, new, ledger), *_again(course, sayings, ledger), *_each_time(course, sayings)]


def _already(course: Course, sayings: list[Saying], ledger: Ledger | None) -> Iterator[Finding]:
    """Deliveries of this very name that are out."""
    for saying in sayings:
        record = ledger.record(saying.entry.delivery.key) if ledger else None
        if record and record.state == "sent":
            why = f"'{saying.account}' has this already, since {_day(record.changed_at, course)}."
            mend = "It goes out once. To send it again, give the step a name (`name:`)."
            yield course.plan.finding("already", why, mend, step=saying.step, severity="warn")


def _again(course: Course, sayings: list[Saying], ledger: Ledger | None) -> Iterator[Finding]:
    """The same words as those of an earlier step, or of what has gone out."""
    within = course.plan.terms.governor.same_text
    latest: dict[tuple[str, str], Saying] = {}
    for saying in sayings:
        key = (saying.entry.account, saying.words)
        before = latest.get(key)
        sent = said_before(saying.entry, ledger, saying.due - within) if ledger and not before else None
        if before and saying.due - before.due < within:
            says = f"'{before.step}' says on {'' if before.slot.firm else '~'}{_day(before.due, course)}"
        elif sent and saying.due - sent < within:
            says = f"something sent before said on {_day(sent, course)}"
        else:
            latest[key] = saying
            continue
        said = f"'{saying.step}' would say on '{saying.account}' what {says}"
        why = f"{said}: it will be left out, for the same words go out once in {spelled(within)}."
        yield course.plan.finding("echo", why, MEND, step=saying.step, severity="warn")


def _each_time(course: Course, sayings: list[Saying]) -> Iterator[Finding]:
    """What comes again with the same words too soon."""
    repeat, within = course.plan.terms.repeat, course.plan.terms.governor.same_text
    if not repeat or not course.master:
        return
    for step in dict.fromkeys(saying.step for saying in sayings):
        every = 1 if course.plan.steps[step].variant else max(1, len(repeat.variants))
        most = min(every + 1, repeat.times or every + 1)
        coming = list(islice(turns(course, course.next_at or course.started_at), most))
        if len(coming) > every and coming[-1] - coming[0] < within:
            again = f"'{step}' would say the same again on {_day(coming[-1], course)}"
            why = f"{again}: it will be left out, for the same words go out once in {spelled(within)}."
            mend = "Name more variants (`repeat: {variants: [a, b]}`), or set `governor: {same_text: 0}`."
            yield course.plan.finding("echo", why, mend, step=step, severity="warn")


def _day(moment: datetime, course: Course) -> str:
    """By the campaign's clocks."""
    return f"{moment.astimezone(course.plan.terms.zone):%Y-%m-%d}"
