"""The tender: has Prefect's bookings agree with the ledger's campaigns, and what was lost booked once more.

Several may tend one ledger: of two who would change the same, one does.
"""

from __future__ import annotations

import logging
import sys
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from content.findings import Refused
from flows import clock
from flows.agenda import Agenda
from flows.arranging import Action, Book, Free, Note, Skip, actions, due_turn
from flows.bookings import Booking, Bookings
from flows.courses import STAMP, Course, Stage, fresh
from flows.errors import Unusable
from flows.ledger import Ledger
from flows.settings import Settings

EVERY = 3.0  # seconds between two looks
WHOLE = timedelta(minutes=5)  # between two looks at every open campaign
SKEW = timedelta(seconds=30)  # that clocks of machines may differ
log = logging.getLogger("pressroom.tend")


class Tender:
    """Tends the campaigns of one ledger."""

    def __init__(self, agenda: Agenda, bookings: Bookings) -> None:
        self._agenda, self._bookings = agenda, bookings
        self._looked = self._whole = datetime.min.replace(tzinfo=UTC)

    def turn(self) -> None:
        """Look at what has changed or is overdue; now and then at everything. Raises `Unusable`."""
        now = datetime.now(UTC)
        if now - self._whole > WHOLE:
            found = {course.id for course in self._agenda.open_courses()}
            self._whole = now
        else:
            found = self._agenda.changed(self._looked - SKEW) | self._agenda.overdue(now)
        self._looked = now
        for course in self._agenda.unfinished(found):
            try:
                self.arrange(course)
            except Unusable:
                raise
            except Refused as refused:
                log.warning("%s can't be read any more: %s", course.id, refused)
            except Exception:
                log.exception("%s can't be arranged", course.id)  # the others can

    def arrange(self, course: Course) -> None:
        """Have everything of a course booked as it should be. Raises `Unusable`, `Refused`."""
        if course.master:
            self._begin(course)
            return
        stages = self._agenda.stages([course.id])[course.id]
        for action in actions(course, stages, clock.now(), datetime.now(UTC)):
            self._do(course, action)
        after = self._agenda.stages([course.id])[course.id]
        if course.state == "running" and after and all(stage.over for stage in after.values()):
            self._agenda.amend(course, state="done")

    def _do(self, course: Course, action: Action) -> None:
        stage = action.stage
        match action:
            case Book(due=due, at=at):
                if stage.run and at != due and not stage.released and self._bookings.cancelled(stage.run):
                    why = "its run was cancelled in Prefect's pages"
                    self._agenda.change(stage, state="held", detail=why, owner="", lease_until=None)
                    return
                tries = stage.tries + 1 if stage.run and at != due else 0
                values = {"due_at": due, "booked_for": at, "revision": stage.revision + 1, "tries": tries, "run": ""}
                taken = self._agenda.change(stage, state="booked", owner="", lease_until=None, **values)
                if taken:
                    self._book(course, taken)
            case Note():
                self._book(course, stage)
                return
            case Free(into=into):
                freed = {"run": "", "booked_for": None, "owner": "", "lease_until": None}
                taken = self._agenda.change(stage, state=into, **freed)
            case Skip(why=why):
                taken = self._agenda.change(stage, state="skipped", detail=why, ended_at=clock.now())
        if stage.run and taken:
            self._bookings.free(stage.run)

    def _book(self, course: Course, stage: Stage) -> None:
        run = self._bookings.book(Booking(course, stage, stage.booked_for or clock.now()))
        self._agenda.change(stage, run=run)

    def _begin(self, master: Course) -> None:
        """The next course of what comes again."""
        if master.state != "running" or not master.plan.terms.repeat:
            return
        turn, following = due_turn(master, clock.now())
        if turn or following != master.next_at:
            self._agenda.turn(master, begun(master, turn) if turn else None, following)


def begun(master: Course, turn: datetime) -> Course:
    """The course of one time of what comes again."""
    stamp = turn.astimezone(master.plan.terms.zone).strftime(STAMP)
    return fresh(master.plan, turn, article=master.article, occurrence=stamp, number=master.number)


def tend(root: Path, stopped: threading.Event, beat: Path | None = None) -> None:
    """Tend a project's campaigns until told to stop; each look moves the time of a file. What goes wrong is said."""

    def waited() -> bool:
        if beat:
            beat.touch()
        return stopped.wait(EVERY)

    with closing(Ledger(Settings.of(root).ledger_url(root))) as ledger:
        while not stopped.is_set():
            try:
                with Bookings() as bookings:
                    tender = Tender(Agenda(ledger.engine), bookings)
                    while not waited():
                        tender.turn()
            except Unusable as error:  # the server, or the ledger's database, is away
                log.warning("%s", error)
                waited()


def arranged(root: Path, ids: list[str]) -> None:
    """Book at once what some courses need. Raises `Unusable`, `Refused`."""
    with closing(Ledger(Settings.of(root).ledger_url(root))) as ledger, Bookings() as bookings:
        agenda = Agenda(ledger.engine)
        tender = Tender(agenda, bookings)
        for id_ in ids:
            if course := agenda.course(id_):
                tender.arrange(course)


def main(arguments: list[str]) -> None:
    """`python -m flows.tending ROOT [BEAT]`: until the process is told to end. BEAT is touched at each look."""
    import signal  # noqa: PLC0415

    from flows import engine  # noqa: PLC0415

    root, stopped = Path(arguments[0] if arguments else "."), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    engine.prepare(root)
    with suppress(KeyboardInterrupt):
        tend(root, stopped, Path(arguments[1]) if len(arguments) > 1 else None)


if __name__ == "__main__":
    main(sys.argv[1:])
