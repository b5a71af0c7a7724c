"""A campaign on a board: a lane for each step, a strand for each of its accounts. Frozen data alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING
from urllib.parse import quote

from flows.courses import ASKS, OVER
from flows.intents import spelled
from flows.judging import PUNCTUAL

if TYPE_CHECKING:
    from content.findings import Finding

ROOM = "/campaigns"
COURSES = {
    "running": "Under way",
    "paused": "Paused",
    "cancelled": "Cancelled",
    "done": "Done",
    "unstarted": "Not started",
}
STAGES = {
    "planned": "Planned",
    "waiting": "Waiting",
    "booked": "Booked",
    "late": "Late",
    "running": "Being sent",
    "sent": "Sent",
    "dry": "In the outbox",
    "held": "Waits for a person",
    "failed": "Failed",
    "skipped": "Skipped",
    "cancelled": "Cancelled",
}
UNSETTLED = {"held", "unknown", "failed", "begun"}  # of a delivery
LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """How far a mailing is: `said` is `1,990 of 2,000 sent, 2 in doubt`."""

    sent: int
    total: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """One account of a step, and its delivery where there is one."""

    account: str
    title: str
    state: str = "never"  # see drawing.STATES
    key: str = ""
    url: str = ""
    letters: Letters | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A step."""

    step: str
    state: str
    strands: tuple[Strand, ...] = ()
    due: datetime | None = None
    firm: bool = True
    notes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()  # steps that must have been sent before
    stop_line: bool = False
    why: str = ""
    mend: str = ""
    late: bool = False
    dry: bool = False
    ended: datetime | None = None
    recipients: int | None = None
    run: str = ""
    acts: tuple[str, ...] = ()  # what a person can do with it

    @property
    def how(self) -> str:
        """How it stands, in a word."""
        if self.state == "sent" and self.dry:
            return "dry"
        return "late" if self.late and self.state != "running" else self.state

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in OVER

    @property
    def asks(self) -> bool:
        """Whether it waits for a person."""
        return self.state in ASKS

    @property
    def behind(self) -> str:
        """How much later than its moment it was sent, `10 minutes`; "" where it was punctual."""
        if self.state != "sent" or not self.due or not self.ended or self.ended <= self.due + PUNCTUAL:
            return ""
        return spelled(self.ended - self.due)

    @property
    def unsettled(self) -> bool:
        """Whether it is over, and a delivery of it waits for a person all the same: what is posted by hand."""
        return self.over and any(strand.state in UNSETTLED for strand in self.strands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One campaign: under way, over, or a file that was not started."""

    id: str
    campaign: str
    state: str
    article: str = ""
    zone: tzinfo = UTC
    dry: bool = True
    lanes: tuple[Lane, ...] = ()
    master: bool = False
    rhythm: str = ""  # of what comes again
    turns: tuple[datetime, ...] = ()  # the next times of what comes again
    started_at: datetime | None = None
    findings: tuple[Finding, ...] = ()
    cost: float = 0.0  # US dollars that networks charge
    text: str = ""  # the file, as it was when it was started
    moved_on: bool = False  # the file says something else by now

    @property
    def address(self) -> str:
        """Where the desk shows it."""
        return address(self.id)

    @property
    def file(self) -> str:
        """Its file."""
        return f"content/campaigns/{self.campaign}.yaml"

    @property
    def open(self) -> bool:
        """Whether something can still become of it."""
        return self.state in {"running", "paused"}

    @property
    def sent(self) -> int:
        """How many steps were sent."""
        return sum(lane.state == "sent" for lane in self.lanes)

    @property
    def known(self) -> bool:
        """Whether its file could be read."""
        return bool(self.lanes or self.master or not self.findings)

    @property
    def asking(self) -> list[Lane]:
        """The steps that wait for a person."""
        return [lane for lane in self.lanes if lane.asks] if self.open else []

    @property
    def late(self) -> list[Lane]:
        """The steps that should have gone out."""
        return [lane for lane in self.lanes if lane.late]

    @property
    def coming(self) -> Lane | None:
        """The step that is next."""
        left = [lane for lane in self.lanes if lane.state in {"waiting", "booked"}]
        return left[0] if left and self.open else None

    @property
    def working(self) -> list[Lane]:
        """The steps that are being sent."""
        return [lane for lane in self.lanes if lane.state == "running"]

    @property
    def rank(self) -> tuple[bool, bool, datetime, str]:
        """What a person has to see to comes first, then what comes first."""
        moments = [self.coming.due] if self.coming else [*self.turns]
        return not self.asking, not self.late, next(filter(None, moments), LATEST), self.id

    def day(self, moment: datetime) -> str:
        """`Tue 1 Dec 2026`, by the campaign's clocks."""
        return f"{moment.astimezone(self.zone):%a %-d %b %Y}"

    def time(self, moment: datetime) -> str:
        """`08:30 EST`, by the campaign's clocks."""
        return f"{moment.astimezone(self.zone):%H:%M %Z}"

    def utc(self, moment: datetime) -> str:
        """`13:30 UTC`, with the day where it is another."""
        there = moment.astimezone(UTC)
        same = there.date() == moment.astimezone(self.zone).date()
        return f"{there:%H:%M} UTC" if same else f"{there:%a %-d %b, %H:%M} UTC"


def address(id_: str) -> str:
    """Where the desk shows a campaign; pages follow it under this name."""
    return f"{ROOM}/{quote(id_)}"
