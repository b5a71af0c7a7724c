"""Of several that would speak on an account at the very same time, one does."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from flows import clock
from flows.agenda import Agenda
from flows.campaign import judged
from flows.floor import Floor
from flows.judging import Verdict
from flows.ledger import Ledger
from flows.records import Delivery
from tests.flows.courses import NOON, begun

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def floor(ledger):
    """The floor, as a speaker sees it."""
    return lambda holder: Floor(ledger.engine, holder)


def delivery(campaign="spring"):
    return Delivery(campaign=campaign, article="garden", account="x")


def test_one_who_has_the_floor_keeps_it_for_these_words_on_this_account(floor):
    one, other = floor("one"), floor("other")

    assert one.take("x", "words", NOON, DAY)
    assert one.take("x", "words", NOON + SECOND, DAY)
    assert not other.take("x", "words", NOON + SECOND, DAY)
    assert other.take("x", "other words", NOON + SECOND, DAY)
    assert other.take("linkedin", "words", NOON + SECOND, DAY)


def test_one_who_never_spoke_loses_it(floor):
    assert floor("one").take("x", "words", NOON, DAY)
    assert floor("other").take("x", "words", NOON + 2 * MINUTE, DAY)


def test_one_who_speaks_for_long_keeps_it_as_long_as_the_claim_lasts(ledger, floor):
    ledger.plan(delivery())
    ledger.claim(delivery(), "digest")
    until = ledger.record(delivery().key).lease_until
    floor(delivery().key).take("x", "words", until - 9 * MINUTE, DAY)

    assert not floor("other").take("x", "words", until - SECOND, DAY)
    assert floor("other").take("x", "words", until + SECOND, DAY)


def test_words_that_have_perhaps_gone_out_are_kept_as_those_that_have(ledger, floor):
    ledger.plan(delivery())
    owner = ledger.claim(delivery(), "digest")
    ledger.settle(delivery(), owner, "unknown", "no answer")
    floor(delivery().key).take("x", "words", NOON, DAY)

    assert not floor("other").take("x", "words", NOON + DAY - SECOND, DAY)
    assert floor("other").take("x", "words", NOON + DAY, DAY)


def test_turns_are_taken_on_all_accounts_or_on_none(floor):
    assert floor("spring/x").take_turn(["x"], NOON, 10 * MINUTE)
    assert not floor("summer/both").take_turn(["linkedin", "x"], NOON + MINUTE, 10 * MINUTE)
    assert floor("autumn/linkedin").take_turn(["linkedin"], NOON + MINUTE, 10 * MINUTE)
    assert floor("summer/both").take_turn(["linkedin", "x"], NOON + 11 * MINUTE, 10 * MINUTE)


def test_the_last_turn_is_that_of_others(floor):
    floor("spring/x").take_turn(["x"], NOON, MINUTE)

    assert floor("summer/x").last_turn(["x", "linkedin"], NOON - MINUTE) == NOON
    assert floor("summer/x").last_turn(["x"], NOON + MINUTE) is None
    assert floor("spring/x").last_turn(["x"], NOON - MINUTE) is None


WANTED = pytest.mark.parametrize(
    "wanted",
    [
        lambda floor: floor.take("x", "words", NOON, DAY),
        lambda floor: floor.take_turn(["linkedin", "x"], NOON, MINUTE),
    ],
    ids=["words", "turns"],
)


def how_many_have_it(url, wanted):
    """Of eight who want it at once, each with a connection of its own."""
    ready = threading.Barrier(8)

    def one(number):
        ledger = Ledger(url)
        ready.wait(30)
        try:
            return wanted(Floor(ledger.engine, f"holder-{number}"))
        finally:
            ledger.close()

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(one, range(8)))


@WANTED
def test_of_eight_at_once_one_has_it(tmp_path, wanted):
    assert how_many_have_it(f"sqlite:///{tmp_path}/ledger.db", wanted) == 1


LATE = NOON + 10 * MINUTE


def late_pair(ledger, project, channel="x"):
    """What becomes of the late steps of two campaigns on one account, and of the first of them asked again."""
    agenda = Agenda(ledger.engine)
    courses = [begun(f"  - {{channel: {channel}, at: 2026-12-01 12:00}}\n", name=name) for name in ("spring", "summer")]
    for course in courses:
        agenda.add(course)
        agenda.include(course.id, course.plan.steps)
    stages = [replace(agenda.stage(course.id, channel), due_at=NOON) for course in courses]

    with clock.told_by(lambda: LATE):
        pairs = [*zip(courses, stages, strict=True), (courses[0], stages[0])]
        return [judged(agenda, *pair, ledger, project) for pair in pairs]


def test_late_steps_of_two_campaigns_come_one_after_the_other_on_their_account(ledger, project):
    first, second, again = late_pair(ledger, project)

    assert (first, again) == (Verdict("go", at=LATE), first)
    assert (second.act, second.at) == ("wait", LATE + 10 * MINUTE)


def test_late_pages_of_two_campaigns_come_at_once(ledger, project):
    assert late_pair(ledger, project, "web") == [Verdict("go", at=LATE)] * 3
