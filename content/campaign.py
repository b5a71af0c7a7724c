"""A campaign's file: an article, steps, and when each is due; validated, every fault with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from graphlib import TopologicalSorter
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, StringConstraints, model_validator
from pydantic import ValidationError as Invalid

from content import coherence, faults, frontmatter, recurring, source, zones
from content.findings import Finding, Refused
from content.meta import Part, Slug, Text
from content.timing import Quiet, When, span

CAMPAIGNS = Path("content") / "campaigns"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
NAME = re.compile(r"(?=.{1,64}$)[a-z0-9]+(?:[-_][a-z0-9]+)*")


def _several(value: Any) -> Any:
    """One is as good as a list of one."""
    return (value,) if isinstance(value, str) else value


def _spelled(value: str) -> str:
    """YAML's "\\0" could write what no file and no account is called."""
    if CONTROL.search(value):
        raise ValueError("expected no control characters")
    return value


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("expected a channel, or several")
    return names


Word = Annotated[Text, AfterValidator(_spelled)]
Names = Annotated[tuple[Word, ...], BeforeValidator(_several)]
Accounts = Annotated[Names, AfterValidator(_some)]  # an order that names none goes to all
Span = Annotated[timedelta, PlainValidator(span)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=40)]


class Late(Part):
    """What to do with a step whose moment has passed: send it `within` this time; after it `hold` and ask, or skip."""

    within: Span = timedelta(hours=2)
    then: Literal["hold", "skip"] = "hold"

    @model_validator(mode="before")
    @classmethod
    def _of_word(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return {"within": "0 minutes", "then": value} if value in {"hold", "skip"} else {"within": value}


class Governor(Part):
    """What keeps an account from repeating itself, and from a burst of late posts."""

    same_text: Span = timedelta(days=30)  # the same words never go out on one account within this time; 0: they may
    apart: Span = timedelta(minutes=10)  # between late posts on one account


class Repeat(Part):
    """When an evergreen goes out again: by cron (five fields) or by a rule of RFC 5545, on the campaign's clocks."""

    cron: Annotated[str, AfterValidator(recurring.cron)] = ""
    rrule: Annotated[str, AfterValidator(recurring.rule)] = ""
    until: date | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    variants: tuple[Slug, ...] = ()  # the first time the first, then in turn

    @model_validator(mode="after")
    def _one_of_both(self) -> Repeat:
        if bool(self.cron) == bool(self.rrule):
            raise ValueError("expected either cron or rrule")
        return self

    def after(self, moment: datetime, begin: datetime) -> Iterator[datetime]:
        """Its times after a moment, for a campaign that began at `begin`. All are naive, as its clocks show."""
        found = recurring.by_cron(self.cron, moment) if self.cron else recurring.by_rule(self.rrule, moment, begin)
        return takewhile(lambda moment: self.until is None or moment.date() <= self.until, found)


class Each(Part):
    """One campaign for each new article with one of these topics; without topics, for each new one."""

    tags: tuple[Word, ...] = ()


class Step(Part):
    """One thing that a campaign does: an article to some channels at a moment."""

    channel: Accounts
    at: Annotated[When, PlainValidator(When.of)]
    name: Name = ""
    only_if: Names = ()  # steps that must have been sent; `before` is the one before
    stop_line: bool = False  # unless this is sent, nothing after it goes out
    segments: tuple[Word, ...] = ()
    audience: Annotated[str, AfterValidator(_spelled)] = ""
    variant: Slug | None = None
    quiet: bool = True  # false: it may go out in quiet hours
    late: Late | None = None

    @property
    def label(self) -> str:
        """What it is called where it has no name of its own."""
        return "-".join(self.channel).replace(":", "-")[:40]


class Terms(Part):
    """What a campaign's file says."""

    article: Word | None = None
    each: Each | None = None
    timezone: Annotated[str, AfterValidator(zones.zone)]
    destination: Literal["outbox", "accounts"] = "outbox"
    audience: Annotated[str, AfterValidator(_spelled)] = ""  # a list in the project, in place of the account's own
    segments: tuple[Word, ...] = ()
    variant: Slug | None = None
    quiet: Annotated[Quiet, PlainValidator(Quiet.of)] | None = None
    late: Late = Late()
    governor: Governor = Governor()
    groups: dict[Name, Accounts] = Field(default_factory=dict)
    repeat: Repeat | None = None
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    @property
    def zone(self) -> ZoneInfo:
        """The clocks that its times are read from."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, kw_only=True, eq=False)
class Campaign:
    """A campaign as its file has it. `text` is the file's, word for word: it is kept when the campaign starts."""

    name: str
    terms: Terms
    steps: dict[str, Step]  # by name, in the file's order
    text: str
    marks: frontmatter.Mapping
    notes: tuple[Finding, ...] = ()

    @classmethod
    def load(cls, path: Path, name: str = "") -> Campaign:
        """Read a file. Raises `Refused` with every fault, each with line, column and mend."""
        return parse(source.read(path, name), path.stem)

    def accounts(self, step: Step) -> tuple[str, ...]:
        """The accounts that a step goes to, its groups opened."""
        opened = [account for name in step.channel for account in self.terms.groups.get(name, (name,))]
        return tuple(dict.fromkeys(opened))

    def before(self, name: str) -> str:
        """The step before one; "" for the first."""
        names = list(self.steps)
        return names[names.index(name) - 1] if names.index(name) else ""

    def referred(self, word: str) -> str:
        """The step that a word means: its name, or `page` for the one that brings the page. "" where there is none."""
        if word in self.steps:
            return word
        pages = [name for name, step in self.steps.items() if word == "page" and "web" in self.accounts(step)]
        return pages[0] if pages else ""

    def needed(self, name: str) -> tuple[str, ...]:
        """The steps that must have been sent before one."""
        words = (self.before(name) if word == "before" else self.referred(word) for word in self.steps[name].only_if)
        return tuple(filter(None, words))

    def base(self, name: str) -> str:
        """The step from whose moment one counts; "" where it counts from the start, or stands by itself."""
        at = self.steps[name].at
        if at.moment or at.now:
            return ""
        return self.referred(at.after) if at.after else self.before(name)

    def waits(self, name: str) -> set[str]:
        """The steps without which one does not go out: what it counts from, its conditions, stop-lines above it."""
        above = takewhile(lambda other: other != name, self.steps)
        lines = (other for other in above if self.steps[other].stop_line)
        return {self.base(name), *self.needed(name), *lines} - {""}

    def part(self, name: str) -> str:
        """What tells a step's deliveries from others of its campaign: its name, where the file gives it one."""
        return self.steps[name].name

    def order(self) -> list[str]:
        """The steps' names, each after what it counts from. Raises `graphlib.CycleError`."""
        return list(TopologicalSorter({name: filter(None, [self.base(name)]) for name in self.steps}).static_order())

    def finding(self, rule: str, why: str, mend: str = "", *, step: str = "", key: str = "", **more: Any) -> Finding:
        """A finding at a step, or at a key of it or of the whole."""
        at: tuple[str | int, ...] = ("steps", list(self.steps).index(step)) if step else ()
        path = (*at, key) if key else at
        return self.marks.finding(f"campaign.{rule}", more.get("severity", "block"), why, mend, path)


def parse(text: source.Source, name: str) -> Campaign:
    """Make a campaign of a file's text. Raises `Refused`."""
    if len(text.text) > frontmatter.MAX_CHARACTERS:
        why = f"The file has {len(text.text):,} characters; a campaign may have {frontmatter.MAX_CHARACTERS:,}."
        raise Refused([Finding(rule="campaign.size", severity="block", why=why, file=text.name, line=1)])
    marks = frontmatter.load(text.text, text.name)
    if not NAME.fullmatch(name):
        why = f"'{name}' can't be a campaign's name."
        mend = "Call the file by small letters, figures and hyphens, such as spring.yaml."
        raise Refused([marks.finding("campaign.name", "block", why, mend)])
    told = {key: value for key, value in marks.values.items() if value is not None}
    try:
        terms = Terms.model_validate({"each": {}} | told if "each" in marks.values else told)
    except Invalid as error:
        raise Refused(_in_order(faults.explain(error, marks, Terms, {}, "campaign"))) from error
    named: dict[str, Step] = {}
    twice: list[Finding] = []
    for number, step in enumerate(terms.steps):
        called = step.name or step.label
        if called in named:
            why = f"Two steps are called '{called}'."
            twice.append(marks.finding("campaign.step.twice", "block", why, "Give one a name.", ("steps", number)))
        named[called] = step
    campaign = Campaign(name=name, terms=terms, steps=named, text=text.text, marks=marks, notes=text.notes)
    if found := twice or list(coherence.faults(campaign)):
        raise Refused(_in_order(found))
    return campaign


def _in_order(found: list[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: (finding.line, finding.column))
