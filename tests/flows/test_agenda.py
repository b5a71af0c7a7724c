"""Campaigns in the ledger: of two who change the same, one gets nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from channels.owners import oneself
from flows.agenda import GONE, LEASE, Agenda
from flows.courses import fresh
from flows.ledger import Ledger
from tests.flows.courses import NOON, begun

TWO = "  - {channel: web, at: now}\n  - {channel: x, at: +1 day}\n"
HOUR = timedelta(hours=1)
LONG_AGO = NOON - timedelta(days=365)


@pytest.fixture
def agenda(ledger):
    return Agenda(ledger.engine)


@pytest.fixture
def course(agenda):
    """A campaign with two steps, that was begun."""
    known = begun(TWO, at=LONG_AGO)
    agenda.add(known)
    agenda.include(known.id, known.plan.steps)
    return known


def at_once(tmp_path, work):
    """What two get who do the same at the same time, each with a connection of its own."""
    ready = threading.Barrier(2)

    def one(_):
        ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
        ready.wait(10)
        try:
            return work(Agenda(ledger.engine))
        finally:
            ledger.close()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, range(2)))


def test_a_course_is_there_as_it_was_added_and_once(agenda, course):
    assert agenda.add(replace(course, article="other")) is False
    assert agenda.course("spring") == course
    assert agenda.course("summer") is None
    assert {stage.state for stage in agenda.stages(["spring"])["spring"].values()} == {"waiting"}


@pytest.mark.parametrize("state", ["running", "paused", "cancelled", "done"])
def test_open_courses_are_those_of_which_something_may_come(agenda, course, state):
    agenda.touch(course.id, state)

    assert [found.state for found in agenda.open_courses()] == [state] * (state in {"running", "paused"})
    assert [found.state for found in agenda.unfinished({course.id})] == [state] * (state != "done")


def test_of_two_who_begin_a_course_one_does(agenda, tmp_path):
    assert sorted(at_once(tmp_path, lambda other: other.add(begun(TWO)))) == [False, True]


def test_of_two_who_change_a_stage_one_does(agenda, course, tmp_path):
    seen = agenda.stage("spring", "x")
    took = at_once(tmp_path, lambda other: other.change(seen, state="booked", revision=seen.revision + 1))

    assert sorted(found is not None for found in took) == [False, True]
    assert agenda.stage("spring", "x").revision == 1


def test_of_two_who_begin_a_stage_one_does(agenda, course, tmp_path):
    booked = agenda.change(agenda.stage("spring", "x"), state="booked")
    took = at_once(tmp_path, lambda other: other.begin(booked))

    assert sorted(found is not None for found in took) == [False, True]


def test_of_two_who_amend_a_course_one_does(agenda, course, tmp_path):
    took = at_once(tmp_path, lambda other: other.amend(course, number=course.number + 1))

    assert (sorted(took), agenda.course("spring").number) == ([False, True], 1)


@pytest.mark.parametrize("change", [{"state": "booked"}, {"revision": 3}, {"owner": "somebody"}])
def test_a_stage_that_was_changed_meanwhile_is_left_alone(agenda, course, change):
    seen = agenda.stage("spring", "x")
    agenda.change(seen, **change)

    assert agenda.change(seen, state="skipped") is None
    assert agenda.stage("spring", "x").state != "skipped"


def test_what_somebody_is_at_can_not_be_begun_by_another(agenda, course):
    mine = agenda.begin(agenda.stage("spring", "x"))

    assert (mine.state, mine.alive(datetime.now(UTC))) == ("running", True)
    assert agenda.begin(agenda.stage("spring", "x")) is None


@pytest.mark.parametrize(
    "gone",
    [{"lease_until": LONG_AGO}, {"owner": f"{oneself().split(':')[0]}:999999999:x"}],
    ids=["its lease has ended", "its process is no more"],
)
def test_what_was_abandoned_is_taken_over_and_its_first_holder_loses_it(agenda, course, gone):
    first = agenda.begin(agenda.stage("spring", "x"))
    lost = agenda.change(first, **gone)
    second = agenda.begin(agenda.stage("spring", "x"))

    assert second.owner != first.owner
    assert agenda.renew(lost) is False
    assert agenda.end(lost, "sent", "", NOON) is None
    assert agenda.stage("spring", "x").state == "running"


def test_a_lease_is_renewed_as_long_as_it_is_at_work(agenda, course):
    mine = agenda.begin(agenda.stage("spring", "x"))
    agenda.change(mine, lease_until=NOON)
    kept = agenda.renew(mine)
    lease = agenda.stage("spring", "x").lease_until
    ended = agenda.end(mine, "sent", "there", NOON)

    assert (kept, lease > datetime.now(UTC) + LEASE / 2) == (True, True)
    assert (ended.ended_at, ended.owner, ended.lease_until) == (NOON, "", None)
    assert agenda.renew(mine) is False


def test_only_what_is_over_has_an_end(agenda, course):
    mine = agenda.begin(agenda.stage("spring", "x"))

    assert agenda.end(mine, "held", "x" * 5000, NOON).ended_at is None
    assert len(agenda.stage("spring", "x").detail) == 2000


# A file that has changed


def test_a_new_step_has_a_row_and_the_others_stay_as_they_are(agenda, course):
    agenda.change(agenda.stage("spring", "x"), state="sent", detail="there")
    agenda.include("spring", ["web", "x", "mastodon"])

    assert {step: stage.state for step, stage in agenda.stages(["spring"])["spring"].items()} == {
        "web": "waiting",
        "x": "sent",
        "mastodon": "waiting",
    }
    assert agenda.stage("spring", "x").detail == "there"


@pytest.mark.parametrize(
    ("state", "after"),
    [
        ("waiting", "cancelled"),
        ("booked", "cancelled"),
        ("held", "cancelled"),
        ("failed", "cancelled"),
        ("running", "running"),
        ("sent", "sent"),
        ("skipped", "skipped"),
    ],
)
def test_a_step_that_the_file_has_no_more_goes_unless_it_is_at_work_or_over(agenda, course, state, after):
    agenda.change(agenda.stage("spring", "x"), state=state)
    agenda.include("spring", ["web"])

    assert agenda.stage("spring", "x").state == after


def test_a_step_that_the_file_has_again_goes_on(agenda, course):
    agenda.change(agenda.stage("spring", "x"), state="booked", due_at=NOON)
    agenda.include("spring", ["web"])
    dropped = agenda.stage("spring", "x")
    agenda.include("spring", ["web", "x"])
    back = agenda.stage("spring", "x")

    assert (dropped.state, dropped.detail) == ("cancelled", GONE)
    assert (back.state, back.detail, back.due_at) == ("waiting", "", None)


@pytest.mark.parametrize("state", ["sent", "skipped"])
def test_what_went_out_before_the_file_lost_its_step_does_not_go_out_again(agenda, course, state):
    agenda.change(agenda.stage("spring", "x"), state=state)
    agenda.include("spring", ["web"])
    agenda.include("spring", ["web", "x"])

    assert agenda.stage("spring", "x").state == state


# What comes again


@pytest.fixture
def master(agenda):
    """A campaign that comes again, and its first time."""
    agenda.add(begun("  - {channel: x, at: now}\n", "repeat: {cron: 0 9 * * *}\n", at=LONG_AGO))
    found = agenda.course("spring")
    return found, fresh(found.plan, NOON, article="garden", occurrence="20261201T1200")


def test_a_time_is_begun_with_its_steps_and_the_next_one_noted(agenda, master):
    master, first = master
    turned = agenda.turn(master, first, NOON + HOUR)
    found = agenda.course("spring")

    assert (turned, found.number, found.next_at, found.state) == (True, 1, NOON + HOUR, "running")
    assert agenda.stage(first.id, "x").state == "waiting"


def test_a_time_that_was_begun_before_is_not_counted_again(agenda, master):
    master, first = master
    agenda.turn(master, first, NOON + HOUR)
    agenda.turn(agenda.course("spring"), first, NOON + 2 * HOUR)

    assert agenda.course("spring").number == 1


def test_after_its_last_time_it_is_done(agenda, master):
    master, first = master
    agenda.turn(master, None, None)

    assert (agenda.course("spring").state, agenda.course("spring").number, agenda.course(first.id)) == ("done", 0, None)


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_nothing_is_begun_of_what_was_stopped_since_it_was_read(agenda, master, state):
    master, first = master
    agenda.touch("spring", state)

    assert agenda.turn(master, first, NOON + HOUR) is False
    assert (agenda.course("spring").state, agenda.course(first.id)) == (state, None)


def test_of_two_who_begin_a_time_one_does(agenda, master, tmp_path):
    master, first = master
    took = at_once(tmp_path, lambda other: other.turn(master, first, NOON + HOUR))

    assert (sorted(took), agenda.course("spring").number) == ([False, True], 1)


# What the tender looks for


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"state": "booked", "booked_for": NOON - HOUR}, {"spring"}),
        ({"state": "booked", "booked_for": NOON + HOUR}, set()),
        ({"state": "running", "lease_until": NOON - HOUR}, {"spring"}),
        ({"state": "running", "lease_until": NOON + HOUR}, set()),
        ({"state": "held", "booked_for": NOON - HOUR}, set()),
    ],
)
def test_what_is_overdue_is_found(agenda, course, said, found):
    agenda.change(agenda.stage("spring", "x"), **said)

    assert agenda.overdue(NOON) == found


def test_what_has_changed_is_found(agenda, course):
    since = datetime.now(UTC)
    before = agenda.changed(since)
    agenda.change(agenda.stage("spring", "x"), detail="moved")

    assert (before, agenda.changed(since)) == (set(), {"spring"})
    assert abs(agenda.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_what_the_tender_looks_for_is_found_by_indexes(agenda, course, ledger):
    asked = []
    event.listen(ledger.engine, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
    agenda.changed(NOON)
    agenda.overdue(NOON)
    with ledger.engine.connect() as connection:
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all() for sql, values in list(asked)]
    steps = [row.detail for plan in plans for row in plan]

    assert [step for step in steps if step.startswith("SCAN")] == []
