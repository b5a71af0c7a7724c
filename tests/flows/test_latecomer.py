"""Of several steps that are late, each goes in its turn, and of what comes again the last time alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.base import Receipt
from flows import clock
from flows.agenda import Agenda
from flows.campaign import judged
from flows.courses import STAMP, fresh
from flows.judging import OVERTAKEN, Verdict
from flows.staging import deliveries
from tests.flows.courses import NOON, begun

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
HOURLY = "repeat: {cron: 0 * * * *}\nlate: 3 hours\n"
X = "  - {channel: x, at: now}\n"


class Press:
    """Campaigns in a ledger, and somebody who lets time pass."""

    def __init__(self, ledger, root):
        self.ledger, self.root, self.agenda, self.now = ledger, root, Agenda(ledger.engine), NOON

    def booked(self, course, due=NOON, step="x"):
        """A course of which a step is booked, as the tender does it."""
        if self.agenda.add(course):
            self.agenda.include(course.id, course.plan.steps)
        stage = self.agenda.stage(course.id, step)
        self.agenda.change(stage, state="booked", due_at=due, booked_for=due, run="r")
        return course

    def times(self, *hours, steps=X, head=HOURLY):
        """Times of what comes again, so many hours after noon."""
        master = begun(steps, head)
        turns = [NOON + hour * HOUR for hour in hours]
        stamps = [turn.strftime(STAMP) for turn in turns]
        found = [
            fresh(master.plan, turn, article="garden", occurrence=stamp)
            for turn, stamp in zip(turns, stamps, strict=True)
        ]
        return [self.booked(course, course.started_at, step) for course in found for step in course.plan.steps]

    def judged(self, course, step="x"):
        stage = self.agenda.stage(course.id, step)
        with clock.told_by(lambda: self.now):
            return judged(self.agenda, course, stage, self.ledger, self.root)

    def send(self, course, account, at, step="x"):
        """What a step has brought to an account."""
        [delivery] = [one for one in deliveries(course, step, "garden") if one.account == account]
        self.ledger.plan(delivery)
        proof = {"remote_ids": ("1",), "url": "https://x.example/1", "digest": "d" * 64, "sent_at": at}
        self.ledger.sent(delivery, Receipt(channel=account, **proof))


@pytest.fixture
def press(ledger, project):
    return Press(ledger, project)


# One after the other


def test_late_steps_of_several_campaigns_go_in_the_order_in_which_they_were_due(press):
    names = {"autumn": 20, "spring": 0, "summer": 10}
    found = {name: press.booked(begun(X, name=name), NOON + names[name] * MINUTE) for name in names}
    press.now = NOON + HOUR

    assert [press.judged(found[name]).act for name in ("autumn", "summer", "spring")] == ["wait", "wait", "go"]


@pytest.mark.parametrize(
    ("steps", "head"),
    [
        ("  - {channel: linkedin, at: now}\n", ""),
        (X, "destination: accounts\n"),
        (X, "late: 10 minutes\n"),  # it will be held
    ],
    ids=["another account", "for real", "too late"],
)
def test_a_late_step_waits_for_none_that_will_not_be_on_its_account(press, steps, head):
    mine = press.booked(begun(X, name="summer"), NOON + MINUTE)
    press.booked(begun(steps, head), step="linkedin" if "linkedin" in steps else "x")
    press.now = NOON + HOUR

    assert press.judged(mine) == Verdict("go", at=press.now)


def test_a_late_step_does_not_wait_for_a_campaign_that_is_paused_or_not_understood(press):
    mine = press.booked(begun(X, name="summer"), NOON + MINUTE)
    press.agenda.touch(press.booked(begun(X)).id, "paused")
    press.booked(begun(X, name="winter"))
    press.agenda.amend(press.agenda.course("winter"), terms="steps: of another time\n")
    press.now = NOON + HOUR

    assert press.judged(mine).act == "go"


def test_a_run_that_is_there_before_its_turn_waits_for_it(press):
    first, second = (press.booked(begun(X, name=name)) for name in ("spring", "summer"))
    press.now = NOON + HOUR
    press.judged(first)
    press.agenda.change(press.agenda.stage(first.id, "x"), state="sent")
    press.now = turn = NOON + 70 * MINUTE
    press.now -= 12 * SECOND

    assert press.judged(second) == Verdict("go", at=turn)
    press.now = turn
    assert press.judged(second) == Verdict("go", at=turn)


# What a step has done itself


BOTH = "  - {channel: [mastodon, bluesky], at: now, name: both}\n"


def test_a_step_is_not_kept_back_by_what_it_has_sent_itself(press):
    course = press.booked(begun(BOTH, "late: 5 minutes\n"), step="both")
    press.send(course, "outbox/mastodon", NOON + SECOND, "both")
    press.now = NOON + 62 * SECOND

    assert press.judged(course, "both") == Verdict("go", at=press.now)


def test_a_step_has_its_turn_only_where_it_has_not_been_yet(press):
    course = press.booked(begun(BOTH), step="both")
    press.send(course, "outbox/mastodon", NOON - HOUR, "both")
    other = press.booked(begun("  - {channel: mastodon, at: now, name: x}\n", name="summer"), NOON + MINUTE)
    press.now = NOON + HOUR
    first = press.judged(course, "both")
    press.agenda.change(press.agenda.stage(course.id, "both"), state="waiting")

    assert (first.act, press.judged(other).act) == ("go", "go")


# What comes again


def test_of_the_times_that_were_missed_the_last_one_goes_and_nobody_is_asked(press):
    night = press.times(*range(11))
    press.now = NOON + 10 * HOUR + 10 * MINUTE
    found = [press.judged(course) for course in night]

    assert found[:-1] == [Verdict("skip", OVERTAKEN)] * 10
    assert found[-1] == Verdict("go", at=press.now)


def test_a_time_that_is_overtaken_asks_nobody_below_its_stop_line(press):
    early, _ = press.times(0, 1, steps="  - {channel: web, at: now, stop_line: yes}\n" + X)[::2]
    press.agenda.change(press.agenda.stage(early.id, "web"), state="skipped")
    press.now = NOON + HOUR

    assert press.judged(early) == Verdict("skip", OVERTAKEN)


@pytest.mark.parametrize("change", [{"state": "skipped"}, {"moved_to": NOON + 5 * HOUR}], ids=["skipped", "moved"])
def test_a_later_time_that_does_not_come_overtakes_nothing(press, change):
    early, late = press.times(0, 1)
    press.agenda.change(press.agenda.stage(late.id, "x"), **change)
    press.now = NOON + HOUR + MINUTE

    assert press.judged(early).act == "go"


@pytest.mark.parametrize(("state", "act"), [("cancelled", "go"), ("done", "skip")])
def test_what_is_cancelled_overtakes_nothing_and_what_is_done_does(press, state, act):
    early, late = press.times(0, 1)
    press.agenda.touch(late.id, state)
    press.now = NOON + HOUR + MINUTE

    assert press.judged(early).act == act


def test_a_step_is_overtaken_by_the_same_step_alone(press):
    early, _ = press.times(0, 1, steps="  - {channel: linkedin, at: now}\n  - {channel: x, at: +2 hours}\n")[::2]
    press.agenda.change(press.agenda.stage(early.id, "x"), due_at=NOON + 2 * HOUR)
    press.now = NOON + 2 * HOUR + 10 * MINUTE

    assert press.judged(early, "linkedin").act == "skip"
    assert press.judged(early).act == "go"


def test_what_has_gone_out_in_part_or_was_moved_by_hand_is_not_overtaken(press):
    half, moved, _ = press.times(0, 1, 2, steps=BOTH.replace("both", "x"))
    press.send(half, "outbox/mastodon", NOON)
    press.agenda.change(press.agenda.stage(moved.id, "x"), moved_to=NOON + HOUR)
    press.now = NOON + 2 * HOUR + MINUTE

    assert press.judged(half).why != OVERTAKEN
    assert press.judged(moved).why != OVERTAKEN
    assert press.judged(replace(half, occurrence="20261201T1201")).why == OVERTAKEN  # of which nothing is out
