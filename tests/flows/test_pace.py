"""How fast mail may go, on a clock that a test turns."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from flows.pace import DOMAINS, Bucket, Pace, WarmUp

MONDAY = date(2026, 11, 23)


class Clock:
    """Seconds that go forward when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def sent_within(seconds, pace, clock, domain="a.test"):
    """How many go to a domain within some seconds, if each goes as soon as it may."""
    ends, number = clock.now + seconds, 0
    while clock.now <= ends:
        wait = max(pace.wait(), pace.wait_for(domain))
        if wait == 0:
            pace.take(domain)
            number += 1
        clock.now += max(wait, 0.0) + (1e-9 if wait else 0.0)
    return number


@pytest.mark.parametrize("per_hour", [1, 59, 60, 600, 36_000])
def test_an_hour_has_so_many_and_at_most_a_minutes_worth_more(clock, per_hour):
    number = sent_within(3600, Pace(per_hour, 0, clock), clock)

    assert per_hour <= number <= per_hour + max(1, per_hour // 60) + 1


@pytest.mark.parametrize("per_hour", [180, 600, 36_000])
def test_three_who_share_a_cap_send_no_more_than_one_would(clock, per_hour):
    parts = [Pace(per_hour, per_hour, clock, 1 / 3) for _ in range(3)]
    before = clock.now
    number = 0
    for pace in parts:
        clock.now = before
        number += sent_within(3600, pace, clock)

    assert number <= per_hour + max(1, per_hour // 60) + 3


def test_who_takes_over_anothers_part_goes_on_at_the_pace_of_both_and_saves_up_nothing(clock):
    pace = Pace(3600, 3600, clock, 1 / 2)
    first = sent_within(60, pace, clock)
    pace.widen(1.0)
    at_once = sent_within(0.0, pace, clock)
    then = sent_within(60, pace, clock)

    assert (first, then) == (pytest.approx(60, abs=1), pytest.approx(60, abs=2))
    assert at_once <= 1


def test_what_may_go_at_once_is_a_minutes_worth(clock):
    bucket = Bucket(600, clock())
    went = 0
    while bucket.wait(clock()) == 0:
        bucket.take()
        went += 1

    assert went == 10
    assert bucket.wait(clock()) == pytest.approx(6.0)


def test_a_quiet_hour_saves_up_no_more_than_a_minutes_worth(clock):
    bucket = Bucket(600, clock())
    bucket.take()
    clock.now += 3600
    bucket.wait(clock())
    for _ in range(10):
        assert bucket.wait(clock()) == 0
        bucket.take()

    assert bucket.wait(clock()) > 0


def test_asking_again_and_again_changes_nothing(clock):
    bucket = Bucket(60, clock())
    bucket.take()

    assert {bucket.wait(clock()) for _ in range(100)} == {60.0}


def test_without_caps_nothing_waits(clock):
    pace = Pace(0, 0, clock)
    for _ in range(10_000):
        pace.take("a.test")

    assert (pace.wait(), pace.wait_for("a.test")) == (0, 0)


def test_a_domain_that_waits_holds_up_no_other(clock):
    pace = Pace(0, 60, clock)
    pace.take("a.test")

    assert pace.wait_for("a.test") == pytest.approx(60)
    assert (pace.wait_for("b.test"), pace.wait()) == (0, 0)


def test_both_caps_hold_at_once(clock):
    pace = Pace(120, 60, clock)
    for domain in ("a.test", "b.test"):
        assert max(pace.wait(), pace.wait_for(domain)) == 0
        pace.take(domain)

    assert (pace.wait(), pace.wait_for("c.test")) == (pytest.approx(30), 0)
    assert pace.wait_for("a.test") == pytest.approx(60)


def test_no_more_domains_are_remembered_than_there_is_room_for(clock):
    pace = Pace(0, 60, clock)
    for number in range(DOMAINS + 50):
        pace.take(f"d{number}.test")

    assert len(pace._domains) == DOMAINS
    assert pace.wait_for(f"d{DOMAINS + 49}.test") > 0


@pytest.mark.parametrize(("days", "most"), [(-3, 50), (0, 50), (1, 100), (2, 250), (3, None), (400, None)])
def test_a_warm_up_grows_day_by_day_and_ends(days, most):
    assert WarmUp.of("50,100,250", MONDAY).most_on(MONDAY + timedelta(days)) == most


@pytest.mark.parametrize(("spelled", "begin", "most"), [("", MONDAY, None), ("", None, None), ("50,100", None, 50)])
def test_a_warm_up_without_days_is_none_and_without_a_beginning_stays_at_its_first(spelled, begin, most):
    assert WarmUp.of(spelled, begin).most_on(MONDAY) == most
