"""Campaigns in the ledger: courses and their stages. Every change names what it expects to find."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, exists, func, or_, select, update

from channels.owners import abandoned, oneself
from flows.courses import OPEN, OVER, Course, CourseState, Stage, StageState
from flows.database import once, usable
from flows.ledger import OPEN_STATES
from flows.tables import courses, deliveries, receipts, stages

LEASE = timedelta(seconds=20)  # of a stage that is at work: it is renewed every few seconds
GONE = "the file has it no more"
NAMED = {field.name for field in fields(Course)}


class Agenda:
    """Courses and stages. Safe for several processes at once: of two who change the same, one gets nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, course: Course) -> bool:
        """Begin a course; False where there is one of its name."""
        with usable(self._engine), self._engine.begin() as connection:
            return connection.execute(once(connection, courses, _values(course))).rowcount == 1

    def turn(self, master: Course, begun: Course | None, following: datetime | None) -> bool:
        """Begin a time of what comes again, with its steps, and note the next one; where there is none, it is done.

        All of it or nothing: False where somebody has changed or paused the campaign since it was read.
        """
        mine = update(courses).where(courses.c.id == master.id, courses.c.changed_at == master.changed_at)
        now, state = datetime.now(UTC), "running" if following else "done"
        with usable(self._engine), self._engine.begin() as connection:
            if connection.execute(mine.values(next_at=following, state=state, changed_at=now)).rowcount != 1:
                return False
            if begun is None:
                return True
            if connection.execute(once(connection, courses, _values(begun) | {"changed_at": now})).rowcount == 1:
                connection.execute(once(connection, stages, _blank(begun.id, begun.plan.steps, now)))
                counted = update(courses).where(courses.c.id == master.id)
                connection.execute(counted.values(number=courses.c.number + 1))
        return True

    def course(self, id_: str) -> Course | None:
        """One course; None where there is none."""
        found = self.courses(courses.c.id == id_)
        return found[0] if found else None

    def courses(self, *where: Any) -> list[Course]:
        """The courses, or some of them; those that changed last come first."""
        statement = select(courses).where(*where).order_by(courses.c.changed_at.desc(), courses.c.id)
        with usable(self._engine), self._engine.connect() as connection:
            return [Course(**row) for row in connection.execute(statement).mappings()]

    def of_campaign(self, campaign: str) -> list[Course]:
        """A campaign's courses: itself, its occurrences, those of its articles."""
        return self.courses(courses.c.campaign == campaign)

    def open_courses(self) -> list[Course]:
        """Those that run or are paused."""
        return self.courses(courses.c.state.in_(("running", "paused")))

    def unfinished(self, ids: Collection[str]) -> list[Course]:
        """Of some courses those that are not done; a cancelled one may still have runs."""
        return self.courses(courses.c.state != "done", courses.c.id.in_(ids))

    def amend(self, course: Course, **values: Any) -> bool:
        """Change a course as it was read; False where somebody has changed it meanwhile."""
        mine = (courses.c.id == course.id, courses.c.changed_at == course.changed_at)
        statement = update(courses).where(*mine).values(**values, changed_at=datetime.now(UTC))
        with usable(self._engine), self._engine.begin() as connection:
            return connection.execute(statement).rowcount == 1

    def touch(self, id_: str, state: CourseState) -> None:
        """Put a course into a state, whatever it was in."""
        statement = update(courses).where(courses.c.id == id_)
        with usable(self._engine), self._engine.begin() as connection:
            connection.execute(statement.values(state=state, changed_at=datetime.now(UTC)))

    def stages(self, ids: Iterable[str]) -> dict[str, dict[str, Stage]]:
        """The stages of some courses, by course and step."""
        found: dict[str, dict[str, Stage]] = {id_: {} for id_ in ids}
        statement = select(stages).where(stages.c.course.in_(list(found)))
        with usable(self._engine), self._engine.connect() as connection:
            for row in connection.execute(statement).mappings():
                found[row["course"]][row["step"]] = Stage(**row)
        return found

    def stage(self, course: str, step: str) -> Stage | None:
        """One stage; None where there is none."""
        return self.stages([course])[course].get(step)

    def include(self, course: str, steps: Collection[str]) -> None:
        """Have a row for each step; those of steps that the file has no more, and that nothing came of, go.

        A step that the file has again goes on as if it had never been gone.
        """
        now = datetime.now(UTC)
        rows = _blank(course, steps, now)
        named = stages.c.step.in_(list(steps))
        gone = ~named & stages.c.state.in_(set(OPEN) - {"running"})
        back = named & (stages.c.state == "cancelled") & (stages.c.detail == GONE)
        dropped = {"state": "cancelled", "detail": GONE, "changed_at": now}
        taken_up = {"state": "waiting", "detail": "", "due_at": None, "booked_for": None, "changed_at": now}
        with usable(self._engine), self._engine.begin() as connection:
            if rows:
                connection.execute(once(connection, stages, rows))
            connection.execute(update(stages).where(stages.c.course == course, gone).values(**dropped))
            connection.execute(update(stages).where(stages.c.course == course, back).values(**taken_up))

    def change(self, stage: Stage, **values: Any) -> Stage | None:
        """Change a stage as it was read; None where somebody has changed it meanwhile."""
        now = datetime.now(UTC)
        mine = [stages.c.course == stage.course, stages.c.step == stage.step]
        seen = [stages.c.state == stage.state, stages.c.revision == stage.revision, stages.c.owner == stage.owner]
        statement = update(stages).where(*mine, *seen).values(**values, changed_at=now)
        with usable(self._engine), self._engine.begin() as connection:
            taken = connection.execute(statement).rowcount == 1
        return replace(stage, **values, changed_at=now) if taken else None

    def begin(self, stage: Stage) -> Stage | None:
        """Take a stage for sending; None where somebody else is at it."""
        now = datetime.now(UTC)
        if stage.state == "running" and not abandoned(stage.owner, stage.lease_until, now):
            return None
        return self.change(stage, state="running", owner=oneself(), lease_until=now + LEASE, detail="")

    def renew(self, stage: Stage) -> bool:
        """Keep a stage that is at work; False where it was lost."""
        mine = (stages.c.course == stage.course, stages.c.step == stage.step, stages.c.owner == stage.owner)
        statement = update(stages).where(*mine, stages.c.state == "running")
        with usable(self._engine), self._engine.begin() as connection:
            return connection.execute(statement.values(lease_until=datetime.now(UTC) + LEASE)).rowcount == 1

    def end(self, stage: Stage, state: StageState, detail: str, at: datetime, **more: Any) -> Stage | None:
        """How it ended, by whoever is at it."""
        ended: dict[str, Any] = {"ended_at": at} if state in OVER else {}
        ended |= {"owner": "", "lease_until": None, "tries": 0}
        return self.change(stage, state=state, detail=detail[:2000], **ended, **more)

    def overdue(self, before: datetime) -> set[str]:
        """The courses with a stage that was booked for a moment before, or whose sender was last seen before."""
        booked = (stages.c.state == "booked") & (stages.c.booked_for < before)
        lost = (stages.c.state == "running") & (stages.c.lease_until < before)
        begins = select(courses.c.id).where(courses.c.state == "running", courses.c.next_at < datetime.now(UTC))
        statement = select(stages.c.course).where(booked | lost).distinct()
        with usable(self._engine), self._engine.connect() as connection:
            return {*connection.execute(statement).scalars(), *connection.execute(begins).scalars()}

    def changed(self, since: datetime) -> set[str]:
        """The open courses that have changed since a moment, or a stage of which has."""
        # not `distinct`: for that, SQLite would go through all there are, course by course
        of_stages = select(stages.c.course).where(stages.c.changed_at >= since)
        of_courses = select(courses.c.id).where(courses.c.changed_at >= since)
        with usable(self._engine), self._engine.connect() as connection:
            return {*connection.execute(of_stages).scalars(), *connection.execute(of_courses).scalars()}

    def queued(self, due: datetime, now: datetime) -> list[tuple[Course, Stage]]:
        """What was due by a moment and is at work, or booked for now or before; what was due first comes first."""
        ready = or_(stages.c.state == "running", (stages.c.state == "booked") & (stages.c.booked_for <= now))
        statement = select(stages).join(courses).where(courses.c.state == "running", ready, stages.c.due_at <= due)
        in_order = statement.order_by(stages.c.due_at, stages.c.course, stages.c.step)
        with usable(self._engine), self._engine.connect() as connection:
            found = [Stage(**row) for row in connection.execute(in_order).mappings()]
        known = {course.id: course for course in self.courses(courses.c.id.in_({stage.course for stage in found}))}
        return [(known[stage.course], stage) for stage in found if stage.course in known]

    def later(self, course: Course, now: datetime) -> list[Course]:
        """Of what comes again the times after one that have come by now, and were not stopped."""
        among = (courses.c.campaign == course.campaign, courses.c.occurrence != "")
        come = (courses.c.started_at > course.started_at, courses.c.started_at <= now)
        return self.courses(*among, *come, courses.c.state.in_(("running", "done")))

    def traces(self, keys: Collection[str]) -> dict[str, str]:
        """Of some deliveries those of which something is out, or perhaps is; how they stand."""
        proof = exists().where(receipts.c.key == deliveries.c.key, receipts.c.released.is_(False))
        begun = or_(deliveries.c.state.not_in(OPEN_STATES), proof)
        statement = select(deliveries.c.key, deliveries.c.state).where(deliveries.c.key.in_(keys), begun)
        with usable(self._engine), self._engine.connect() as connection:
            return {row.key: row.state for row in connection.execute(statement)}

    def now(self) -> datetime:
        """What the database's clock says, where it has one of its own."""
        if self._engine.dialect.name == "sqlite":
            return datetime.now(UTC)
        with usable(self._engine), self._engine.connect() as connection:
            return connection.execute(select(func.now())).scalar_one()


def _values(course: Course) -> dict[str, Any]:
    return {name: getattr(course, name) for name in NAMED}


def _blank(course: str, steps: Iterable[str], now: datetime) -> list[dict[str, Any]]:
    blank = {"state": "waiting", "revision": 0, "tries": 0, "run": "", "released": False, "owner": "", "detail": ""}
    return [{"course": course, "step": step, **blank, "changed_at": now} for step in steps]
