"""Campaigns under way, as frozen data: a course is one of them, a stage is a step of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Literal, get_args

from content.campaign import Campaign, parse
from content.source import Source

CourseState = Literal["running", "paused", "cancelled", "done"]
StageState = Literal["waiting", "booked", "running", "sent", "held", "failed", "skipped", "cancelled"]
OVER: tuple[StageState, ...] = ("sent", "skipped", "cancelled")  # nothing more will come of it
ASKS: tuple[StageState, ...] = ("held", "failed")  # a person has to see to it
OPEN: tuple[StageState, ...] = tuple(state for state in get_args(StageState) if state not in OVER)
STAMP = "%Y%m%dT%H%M"  # of an occurrence, by the campaign's clocks


@lru_cache(maxsize=256)  # all times of what comes again have one text, and it is looked at again and again
def _read(name: str, terms: str) -> Campaign:
    return parse(Source(f"content/campaigns/{name}.yaml", terms), name)


@dataclass(frozen=True, kw_only=True)
class Course:
    """One campaign under way: as its file was when it was started."""

    id: str  # the campaign's name; behind @ its occurrence, behind / the article that began it
    campaign: str
    article: str
    occurrence: str = ""  # "": it comes once
    number: int = 0  # which time it is, counted from 0
    terms: str  # the file, word for word
    state: CourseState = "running"
    next_at: datetime | None = None  # of what comes again: when its next course begins
    started_at: datetime
    changed_at: datetime

    @cached_property
    def plan(self) -> Campaign:
        """What was asked for. Raises `Refused` where a newer Pressroom understands the file no more."""
        return _read(self.campaign, self.terms)

    @property
    def master(self) -> bool:
        """Whether it sends nothing itself, and begins others: for each time, or for each article."""
        return not self.article or (bool(self.plan.terms.repeat) and not self.occurrence)

    @property
    def key(self) -> str:
        """What its runs are known by: a campaign that is started anew has other ones."""
        return f"{self.id}@{self.started_at:%Y%m%dT%H%M%S}"

    @property
    def variant(self) -> str:
        """The variant that its steps take where they name none."""
        terms = self.plan.terms
        turns = terms.repeat.variants if terms.repeat else ()
        return turns[self.number % len(turns)] if turns else terms.variant or ""

    def part(self, step: str) -> str:
        """What tells a step's deliveries from all others of the campaign."""
        return ".".join(filter(None, (self.occurrence, self.plan.part(step))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step's row: when it is due, what is booked for it, how it stands. Moments are aware, UTC."""

    course: str
    step: str
    state: StageState = "waiting"
    due_at: datetime | None = None
    booked_for: datetime | None = None
    revision: int = 0  # of the booking: a run of another revision does nothing
    tries: int = 0
    run: str = ""
    moved_to: datetime | None = None
    released: bool = False
    released_at: datetime | None = None
    owner: str = ""
    lease_until: datetime | None = None
    detail: str = ""
    ended_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in OVER

    def alive(self, now: datetime) -> bool:
        """Whether somebody is at it now."""
        return self.state == "running" and self.lease_until is not None and self.lease_until > now


def fresh(campaign: Campaign, now: datetime, *, article: str = "", occurrence: str = "", number: int = 0) -> Course:
    """A course that begins now."""
    mark = f"@{occurrence}" if occurrence else f"/{article}" if campaign.terms.each and article else ""
    return Course(
        id=campaign.name + mark,
        campaign=campaign.name,
        article=article or campaign.terms.article or "",
        occurrence=occurrence,
        number=number,
        terms=campaign.text,
        started_at=now,
        changed_at=now,
    )


def again(course: Course, campaign: Campaign, now: datetime) -> Course:
    """A course that goes on with another text of its file."""
    return replace(course, terms=campaign.text, changed_at=now)
