"""Reads campaigns for the desk, from the ledger and from their files, and writes down what people want of them."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from content.findings import Finding, Refused
from desk.proofs.boards import ROOM, Board, Letters, Strand, address
from desk.proofs.campaigns import foretold, lay_out, strand, unreadable
from desk.proofs.files import Files
from flows import clock
from flows.agenda import LEASE, Agenda
from flows.courses import ASKS
from flows.errors import Unusable
from flows.ledger import Ledger
from flows.settings import Settings
from flows.tally import Tally
from flows.tidings import Tidings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flows.courses import Course, Stage
    from flows.records import Delivery, Record

SHOWN, LAST = 30, 3  # of those that are over, in a list and on an article's page
GOING = {"running", "paused"}
SKEW = timedelta(seconds=60)  # that clocks of machines may differ, and the longest that a change is looked for
QUIET = {"waiting", "booked", "skipped", "cancelled"}  # nothing was delivered of a step that stands so


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All campaigns of a project."""

    open: tuple[Board, ...]
    files: tuple[Board, ...]  # that were not started
    over: tuple[Board, ...]
    more: int  # that are over too


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person wants of a campaign, or of a step of it."""

    wanted: str
    step: str = ""
    to: str = ""


class Boards:
    """The campaigns of one project. Safe for several threads."""

    def __init__(self, root: Path) -> None:
        self.pulse = 0  # a page says which it shows: a change before it began to listen is not missed
        self._root = root
        self._seen: dict[str, Board] = {}  # as open pages show them, or soon will
        self._news: set[str] = set()
        self._files = Files(root)

    def overview(self) -> Overview:
        """Every campaign: what a person has to see to comes first."""
        now = clock.now()
        with self._opened() as (ledger, agenda):
            courses = agenda.courses()
            going = [course for course in courses if course.state in GOING]
            over = [course for course in courses if course.state not in GOING]
            shown = going + over[:SHOWN]
            boards = self._noted(self._boards(ledger, agenda, shown, now), drawn=True)
        started = {course.campaign for course in courses}
        return Overview(
            open=tuple(sorted((board for board in boards if board.open), key=lambda board: board.rank)),
            files=tuple(self._files.intended(name, now) for name in self._files.paths() if name not in started),
            over=tuple(board for board in boards if not board.open),
            more=max(len(over) - SHOWN, 0),
        )

    def board(self, id_: str) -> Board | None:
        """One campaign, under way, over, or a file that was not started; None where there is neither."""
        now = clock.now()
        with self._opened() as (ledger, agenda):
            course = agenda.course(id_)
            boards = self._noted(self._boards(ledger, agenda, [course] if course else [], now), drawn=True)
        if course:
            return replace(boards[0], moved_on=self._files.text(course.campaign) not in {"", course.terms})
        return self._files.intended(id_, now) if id_ in self._files.paths() else None

    def foretold(self, board: Board) -> Board:
        """A file that was not started, with all that is known of it before. It may ask servers for their limits."""
        from flows.forecast import forecast  # noqa: PLC0415 - the adapters that it loads take a second

        found = self._files.campaign(board.id)
        if found is None:
            return replace(board, text=self._files.text(board.id))
        try:
            with self._opened() as (ledger, _):
                return foretold(board, forecast(found, self._root, clock.now(), ledger))
        except Refused as refused:
            return replace(board, findings=refused.findings)

    def begun_by(self, board: Board) -> tuple[Board, ...]:
        """The campaigns that one which comes again has begun, the newest first."""
        if not board.master:
            return ()
        with self._opened() as (ledger, agenda):
            courses = [course for course in agenda.of_campaign(board.campaign) if course.id != board.id]
            return tuple(self._boards(ledger, agenda, courses[:SHOWN], clock.now()))

    def about(self, *names: str) -> tuple[Board, ...]:
        """The newest campaigns of an article that is called by one of these names; those that are over come later."""
        now = clock.now()
        with self._opened() as (ledger, agenda):
            courses = agenda.courses()
            found = [course for course in courses if Path(course.article).stem in names]
            going = [course for course in found if course.state in GOING]
            over = [course for course in found if course.state not in GOING]
            boards = self._boards(ledger, agenda, going[:SHOWN] + over[:LAST], now)
        started = {course.campaign for course in courses}
        files = [self._files.intended(name, now) for name in self._files.paths() if name not in started]
        intended = [board for board in files if Path(board.article).stem in names]
        return (*boards, *intended)

    def asking(self) -> int:
        """How many steps wait for a person; 0 too where the ledger can't be asked: its own page says so."""
        try:
            with self._opened() as (_, agenda):
                stages = agenda.stages([course.id for course in agenda.open_courses()])
        except (Refused, Unusable):
            return 0
        return sum(stage.state in ASKS for steps in stages.values() for stage in steps.values())

    def act(self, id_: str, asked: Asked) -> tuple[str, ...]:
        """Write down what a person wants; the campaigns that it concerns. Raises `Refused`."""
        from flows.directing import directing  # noqa: PLC0415 - what it needs to start campaigns, pages need not

        with directing(self._root) as director:
            match asked.wanted:
                case "pause" | "resume" | "cancel":
                    return director.ask(asked.wanted, id_)
                case "send":
                    director.send(id_, asked.step)
                case "skip":
                    director.skip(id_, asked.step)
                case "move":
                    director.move(id_, asked.step, asked.to)
                case _:
                    why = f"Nobody knows here how to {asked.wanted or 'do nothing'}."
                    raise Refused([Finding(rule="campaign.wanted", severity="block", why=why)])
        return (id_,)

    def changed(self) -> frozenset[str]:
        """The addresses of what looks otherwise than open pages show it."""
        now = clock.now()
        with self._opened() as (ledger, agenda):
            near = agenda.changed(now - SKEW) | agenda.overdue(now + LEASE * 2)
            courses = agenda.unfinished(near)
            done = near - {course.id for course in courses}
            courses += [course for id_ in done if (course := agenda.course(id_))]
            boards = self._boards(ledger, agenda, courses, now)
        self._noted(boards, drawn=False)
        news, self._news = self._news, set()
        self.pulse += bool(news)
        masters = {id_.partition("@")[0].partition("/")[0] for id_ in news}
        return frozenset({ROOM, *map(address, news | masters)} if news else ())

    def forget(self) -> None:
        """Nobody looks any more."""
        self._seen.clear()
        self._news.clear()

    def _noted(self, boards: list[Board], *, drawn: bool) -> list[Board]:
        """Boards as they are now: what differs from what a page has shown is news to it."""
        for board in boards:
            before = self._seen.get(board.id)
            if before != board and (before or not drawn):
                self._news.add(board.id)
            self._seen[board.id] = board
        return boards

    @contextmanager
    def _opened(self) -> Iterator[tuple[Ledger, Agenda]]:
        with closing(Ledger(Settings.of(self._root).ledger_url(self._root))) as ledger:
            yield ledger, Agenda(ledger.engine)

    def _boards(self, ledger: Ledger, agenda: Agenda, courses: Iterable[Course], now: datetime) -> list[Board]:
        known = list(courses)
        stages = agenda.stages([course.id for course in known])
        tidings = Tidings(known, ledger, self._root)
        with closing(Tally(ledger.engine)) as tally:
            return [_board(course, stages[course.id], now, tidings, tally) for course in known]


def _board(course: Course, stages: Mapping[str, Stage], now: datetime, tidings: Tidings, tally: Tally) -> Board:
    try:
        return lay_out(course, stages, now, _strands(course, stages, tidings, tally))
    except Refused as refused:
        return unreadable(course, refused.findings)


def _strands(
    course: Course, stages: Mapping[str, Stage], tidings: Tidings, tally: Tally
) -> dict[str, tuple[Strand, ...]]:
    """What has become of the deliveries of steps that have begun."""
    begun = [name for name in course.plan.steps if name in stages and stages[name].state not in QUIET]
    return {step: tuple(_strand(tally, *made) for made in tidings.of(course, step)) for step in begun}


def _strand(tally: Tally, delivery: Delivery, record: Record | None) -> Strand:
    return strand(delivery.account.removeprefix("outbox/"), record, _letters(tally, record) if record else None)


def _letters(tally: Tally, record: Record) -> Letters | None:
    """How far a mailing is; None for what is none, or has not begun."""
    from flows.mailing import summary  # noqa: PLC0415 - it brings the mail's adapters along

    mailing = tally.find(record.delivery.key)
    if mailing is None or mailing.total < 0:
        return None
    counts = tally.counts(mailing)
    return Letters(sent=counts.get("sent", 0), total=mailing.total, said=summary(counts, mailing.total))
