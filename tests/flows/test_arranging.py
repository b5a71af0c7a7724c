"""What is booked, freed and given up, so that Prefect's runs are as the ledger's campaigns say."""

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.owners import oneself
from flows.arranging import Book, Free, Note, Skip, actions, due_turn, first_turn, next_turns
from flows.courses import Stage
from tests.flows.courses import NOON, begun, stages, utc

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ONE = "  - {channel: x, at: +1 day}\n"
DUE = NOON + DAY
GATED = """  - {channel: web, at: now}
  - {channel: x, at: now, only_if: before}
"""
ESTIMATED = """  - {channel: web, at: now}
  - {channel: newsletter, at: 1 hour after page is live}
  - {channel: x, at: +1 day}
"""


def booked(course, step="x", **said):
    known = {"state": "booked", "due_at": DUE, "booked_for": DUE, "revision": 1, "run": "r1", "changed_at": NOON}
    return Stage(course=course.id, step=step, **{**known, **said})


def done(course, now=NOON, **said):
    return list(actions(course, stages(course, **said), now))


def test_a_step_whose_time_is_known_is_booked_once():
    course = begun(ONE)
    [book] = done(course)

    assert (book.due, book.at) == (DUE, DUE)
    assert done(course, x=booked(course)) == []


def test_what_has_no_row_is_not_booked():
    assert list(actions(begun(ONE), {}, NOON)) == []


@pytest.mark.parametrize("state", ["sent", "skipped", "held", "failed"])
def test_what_has_ended_or_asks_for_a_person_is_left_alone(state):
    course = begun(ONE)

    assert done(course, DUE + 9 * DAY, x=booked(course, state=state, booked_for=None)) == []


def test_a_step_that_somebody_skips_loses_its_run():
    course = begun(ONE)
    skipped = booked(course, state="skipped")

    assert done(course, x=skipped) == [Free(skipped, into="skipped")]


def test_a_step_that_was_dropped_loses_its_run():
    course = begun(ONE)
    dropped = booked(course, state="cancelled")

    assert done(course, x=dropped) == [Free(dropped, into="cancelled")]
    assert done(course, x=replace(dropped, run="")) == []


def test_what_was_moved_is_booked_for_its_new_moment():
    course = begun(ONE)
    [book] = done(course, x=booked(course, state="waiting", moved_to=NOON + HOUR, booked_for=None))

    assert (book.due, book.at) == (NOON + HOUR, NOON + HOUR)


def test_a_file_with_another_time_moves_what_is_booked():
    course = begun(ONE.replace("+1 day", "+2 days"))
    [book] = done(course, x=booked(course))

    assert (book.due, book.at) == (NOON + 2 * DAY, NOON + 2 * DAY)


def test_what_is_to_be_tried_once_more_is_booked_for_when_it_may():
    course = begun(ONE)
    [book] = done(course, DUE, x=booked(course, state="waiting", booked_for=DUE + MINUTE))

    assert (book.due, book.at) == (DUE, DUE + MINUTE)


@pytest.mark.parametrize(("again", "at"), [(None, NOON), (NOON + MINUTE, NOON + MINUTE)])
def test_what_is_released_by_hand_is_booked_at_once_or_for_when_it_is_tried_again(again, at):
    course = begun(ESTIMATED)
    released = Stage(course=course.id, step="newsletter", released=True, booked_for=again)
    books = [action for action in done(course, newsletter=released, web="held") if action.stage.step == "newsletter"]

    assert [book.at for book in books] == [at]


def test_what_is_released_stays_so_when_its_estimate_moves():
    course = begun(ONE)
    [book] = done(course, x=booked(course, released=True, due_at=DUE - HOUR, booked_for=NOON))

    assert (book.due, book.at) == (DUE, NOON)


@pytest.mark.parametrize("state", ["paused", "cancelled"])
@pytest.mark.parametrize("said", [{}, {"state": "waiting"}, {"run": ""}], ids=["booked", "waiting", "no run yet"])
def test_a_campaign_that_is_stopped_has_no_runs(state, said):
    course = replace(begun(ONE), state=state)

    assert done(course, x=booked(course, **said)) == [
        Free(booked(course, **said), into="cancelled" if state == "cancelled" else "waiting")
    ]


def test_a_paused_step_that_is_free_stays_free_and_a_cancelled_one_is_over():
    course = begun(ONE)
    waiting = stages(course)["x"]

    assert done(replace(course, state="paused")) == []
    assert done(replace(course, state="cancelled")) == [Free(waiting, into="cancelled")]


@pytest.mark.parametrize("state", ["held", "failed"])
def test_what_is_cancelled_asks_nobody_any_more(state):
    course = replace(begun(ONE), state="cancelled")

    assert done(course, x=state) == [Free(stages(course, x=state)["x"], into="cancelled")]
    assert done(replace(course, state="paused"), x=state) == []


@pytest.mark.parametrize(("state", "acts"), [("waiting", True), ("held", True), ("sent", False), ("running", False)])
def test_a_step_that_the_file_has_no_more_is_given_up_unless_it_is_at_work(state, acts):
    course = begun(ONE)
    gone = Stage(course=course.id, step="gone", state=state, owner=oneself(), lease_until=NOON + MINUTE)
    found = list(actions(course, {"x": booked(course), "gone": gone}, NOON))

    assert found == [Free(gone, into="cancelled")] * acts


# Runs that were lost


def test_a_run_that_was_never_noted_is_asked_for_again():
    course = begun(ONE)
    unsure = booked(course, run="")

    assert done(course, NOON + 9 * SECOND, x=unsure) == []
    assert done(course, NOON + 11 * SECOND, x=unsure) == [Note(unsure)]


@pytest.mark.parametrize(
    ("tries", "grace"), [(0, 20 * SECOND), (1, 40 * SECOND), (3, 160 * SECOND), (7, 30 * MINUTE), (1000, 30 * MINUTE)]
)
def test_a_run_that_has_not_begun_is_taken_for_lost_each_time_later(tries, grace):
    course = begun(ONE)
    late = booked(course, tries=tries)

    assert done(course, DUE + grace, x=late) == []
    assert done(course, DUE + grace + SECOND, x=late) == [Book(late, DUE, DUE + grace + SECOND)]


@pytest.mark.parametrize(
    ("owner", "lease", "lost"),
    [
        ("elsewhere:1:abc", MINUTE, False),
        ("elsewhere:1:abc", -SECOND, True),
        (f"{oneself().split(':')[0]}:999999999:abc", MINUTE, True),
        (oneself(), MINUTE, False),
    ],
    ids=["alive", "frozen", "killed", "ourselves"],
)
def test_what_was_begun_by_somebody_who_is_gone_is_booked_again(owner, lease, lost):
    course = begun(ONE)
    running = booked(course, state="running", owner=owner, lease_until=DUE + lease)

    assert done(course, DUE, x=running) == [Book(running, DUE, DUE)] * lost
    assert done(replace(course, state="paused"), DUE, x=running) == [Free(running)] * lost
    assert done(replace(course, state="cancelled"), DUE, x=running) == [Free(running, into="cancelled")] * lost


# What waits for another


@pytest.mark.parametrize(
    ("web", "books"),
    [("waiting", ["web"]), ("running", []), ("held", []), ("failed", []), ("sent", ["x"]), ("skipped", ["x"])],
)
def test_what_waits_for_another_is_not_run_in_vain(web, books):
    course = begun(GATED)
    page = replace(stages(course)["web"], state=web, due_at=NOON, owner=oneself(), lease_until=NOON + MINUTE)
    found = done(course, web=page)

    assert [action.stage.step for action in found] == books


def test_what_will_wait_for_another_is_booked_long_before_and_not_just_before():
    course = begun(GATED.replace("now, only", "+1 hour, only"))
    page = replace(stages(course)["web"], state="held", due_at=NOON)

    assert [action.at for action in done(course, web=page)] == [NOON + HOUR]
    assert done(course, NOON + HOUR - 12 * SECOND, web=page) == []


def test_an_estimate_is_not_booked_and_is_freed_where_it_was():
    course = begun(ESTIMATED)
    web = replace(stages(course)["web"], state="held", due_at=NOON)
    mail = booked(course, "newsletter")

    assert done(course, web=web) == []
    assert done(course, web=web, newsletter=mail) == [Free(mail)]


@pytest.mark.parametrize("web", ["skipped", "cancelled"])
def test_what_counts_from_a_step_that_never_comes_can_not_come_itself(web):
    course = begun(ESTIMATED)
    found = done(course, web=web)

    assert [(type(action), action.stage.step) for action in found] == [(Skip, "newsletter"), (Skip, "x")]
    assert {action.why for action in found} == {f"counts from 'web', which is {web}"}


def test_what_counts_from_a_skipped_step_goes_on_waiting_for_what_that_waited_for():
    course = begun(ESTIMATED)
    sent = Stage(course=course.id, step="web", state="sent", due_at=NOON, ended_at=NOON)

    assert done(course, web="held", newsletter="skipped") == []
    assert [action.at for action in done(course, web=sent, newsletter="skipped")] == [NOON + HOUR + DAY]


# What comes again


def master(repeat, at=NOON, zone="UTC", late="", **said):
    course = begun("  - {channel: x, at: now}\n", f"repeat: {{{repeat}}}\n{late}", at=at, zone=zone)
    return replace(course, next_at=first_turn(course), **said)


def turned(course, now):
    return tuple(found and f"{found:%m-%d %H:%M}" for found in due_turn(course, now))


def through(course, moments):
    """What begins when somebody looks at these moments."""
    begun_at = []
    for now in moments:
        while course.next_at:
            turn, following = due_turn(course, now)
            if turn:
                begun_at.append(f"{turn:%m-%d %H:%M}")
            if following == course.next_at:
                break
            course = replace(course, next_at=following, number=course.number + bool(turn))
    return begun_at


DAILY = "cron: 0 9 * * *"  # it begins on 12-01 at noon


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ("2026-12-01 08:59", (None, "12-02 09:00")),
        ("2026-12-01 12:00", ("12-02 09:00", "12-03 09:00")),  # a day ahead
        ("2026-12-02 10:30", ("12-02 09:00", "12-03 09:00")),
        ("2026-12-02 11:30", (None, "12-03 09:00")),  # too late
        ("2026-12-09 10:00", ("12-09 09:00", "12-10 09:00")),  # of a week the last one
        ("2026-12-09 12:00", (None, "12-10 09:00")),
    ],
)
def test_what_passed_while_nothing_ran_is_not_made_up_for(now, found):
    assert turned(master(DAILY), utc(now)) == found


def test_each_time_is_begun_once_however_often_somebody_looks():
    looks = [utc("2026-12-01 12:00") + n * 6 * HOUR for n in range(12)]

    assert through(master(DAILY), looks) == ["12-02 09:00", "12-03 09:00", "12-04 09:00"]


@pytest.mark.parametrize(
    ("repeat", "times"),
    [
        ("cron: 0 9 * * *, times: 2", ["12-02 09:00", "12-03 09:00"]),
        ("cron: 0 9 * * *, times: 1", ["12-02 09:00"]),
        ("cron: 0 9 * * *, until: 2026-12-04", ["12-02 09:00", "12-03 09:00", "12-04 09:00"]),
        ("cron: 0 9 * * *, until: 2026-12-01", []),
        ("rrule: FREQ=WEEKLY;BYDAY=TU;BYHOUR=13, times: 2", ["12-01 13:00", "12-08 13:00"]),
    ],
)
def test_it_ends_after_so_many_times_or_on_a_day(repeat, times):
    assert through(master(repeat), [NOON + n * 12 * HOUR for n in range(40)]) == times


def test_a_time_that_was_missed_is_none_of_so_many():
    course = master("cron: 0 9 * * *, times: 2")

    assert through(course, [utc("2026-12-20 15:00"), utc("2026-12-30 15:00")]) == ["12-21 09:00", "12-31 09:00"]


@pytest.mark.parametrize(
    ("cron", "now", "begins"),
    [
        ("30 1 * * *", "2026-11-01 04:00", ["11-01 05:30", "11-02 06:30"]),
        ("30 2 * * *", "2026-03-08 05:00", ["03-08 07:30", "03-09 06:30"]),
    ],
)
def test_a_time_that_clocks_skip_or_show_twice_comes_once(cron, now, begins):
    course = master(f"cron: {cron}", at=utc(now), zone="America/New_York")

    assert through(course, [utc(now), utc(now) + DAY]) == begins


def test_times_that_are_one_moment_where_clocks_go_forward_are_one():
    course = master("cron: '0 2,3 * * *'", at=utc("2026-03-08 05:00"), zone="America/New_York")
    begins = through(course, [utc("2026-03-08 06:00") + n * HOUR for n in range(30)])

    assert begins == ["03-08 07:00", "03-09 06:00", "03-09 07:00", "03-10 06:00", "03-10 07:00"]


def test_a_rule_keeps_its_rhythm_however_late_it_is_asked():
    course = master("rrule: FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;BYHOUR=13")

    assert through(course, [utc("2026-12-09 12:00"), utc("2026-12-28 14:00")]) == ["12-29 13:00"]


def test_the_next_times_are_told_as_far_as_there_are_any():
    course = master("cron: 0 9 * * *, times: 3")

    assert [f"{turn:%m-%d}" for turn, _ in next_turns(course)] == ["12-02", "12-03", "12-04"]
    assert [f"{turn:%m-%d}" for turn, _ in next_turns(replace(course, next_at=None))] == ["12-02", "12-03", "12-04"]
    assert next_turns(replace(course, next_at=None, number=3)) == []
    assert next_turns(begun(ONE)) == []
