"""What becomes of a step whose moment has come."""

from dataclasses import replace
from datetime import timedelta

import pytest

from flows.courses import Stage
from flows.judging import awaited, judge
from tests.flows.courses import NOON, begun, stages

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ONE = "  - {channel: x, at: now}\n"
LINED = """  - {channel: web, at: now, stop_line: yes}
  - {channel: x, at: +1 hour}
  - {channel: mastodon, at: +1 hour}
"""
GATED = """  - {channel: web, at: now}
  - {channel: x, at: +1 hour, only_if: [web]}
"""
TWO = """  - {channel: x, at: now, name: first}
  - {channel: [mastodon, x], at: +30 minutes, name: second}
  - {channel: bluesky, at: +30 minutes, name: other}
"""


def stage(course, step="x", **said):
    return replace(Stage(course=course.id, step=step, state="running", due_at=NOON), **said)


def verdict(course, mine, now=NOON, busy=None, **others):
    return judge(course, mine, stages(course, **{mine.step: mine, **others}), now, busy)


@pytest.mark.parametrize("now", [NOON - 12 * timedelta(seconds=1), NOON, NOON + MINUTE])
def test_what_comes_in_time_goes_out_at_its_moment(now):
    found = verdict(begun(ONE), stage(begun(ONE)), now)

    assert (found.act, found.at) == ("go", NOON)


def test_a_run_that_comes_long_before_its_moment_does_not_send():
    found = verdict(begun(ONE), stage(begun(ONE)), NOON - 31 * MINUTE)

    assert (found.act, found.at) == ("wait", NOON)


def test_a_punctual_step_waits_for_nobody_on_its_account():
    assert verdict(begun(ONE), stage(begun(ONE)), NOON, NOON - MINUTE).act == "go"


@pytest.mark.parametrize("state", ["paused", "cancelled"])
@pytest.mark.parametrize("released", [True, False])
def test_nothing_of_a_campaign_that_is_stopped_goes_out(state, released):
    course = replace(begun(ONE), state=state)
    found = verdict(course, stage(course, released=released))

    assert (found.act, found.why) == ("wait", f"the campaign is {state}")


def test_a_step_that_the_file_has_no_more_does_not_go_out():
    course = begun(ONE)
    found = verdict(course, stage(course, "gone", released=True))

    assert (found.act, found.why) == ("skip", "the file has it no more")


# What is late


@pytest.mark.parametrize(
    ("late", "after", "act"),
    [
        ("", 2 * HOUR, "go"),
        ("", 2 * HOUR + 2 * MINUTE, "hold"),
        ("late: 1 day\n", 20 * HOUR, "go"),
        ("late: {within: 30 minutes, then: skip}\n", HOUR, "skip"),
        ("late: hold\n", 2 * MINUTE, "hold"),
        ("late: skip\n", 2 * MINUTE, "skip"),
        ("late: skip\n", MINUTE, "go"),
    ],
)
def test_what_is_late_goes_out_within_its_window_and_then_by_its_rule(late, after, act):
    course = begun(ONE, late)
    found = verdict(course, stage(course), NOON + after)

    assert found.act == act
    assert act == "go" or found.why.startswith("it is late: it was due at 2026-12-01 12:00 UTC, and may go out for ")


def test_a_step_has_a_window_of_its_own():
    course = begun("  - {channel: x, at: now, late: 5 hours}\n", "late: skip\n")

    assert verdict(course, stage(course), NOON + 4 * HOUR).act == "go"


@pytest.mark.parametrize(
    ("busy", "act", "at"),
    [
        (NOON + 55 * MINUTE, "wait", NOON + 65 * MINUTE),
        (NOON + 51 * MINUTE, "wait", NOON + 61 * MINUTE),
        (NOON + 50.2 * MINUTE, "go", NOON + 60.2 * MINUTE),  # its run begins before its moment, and waits for it
        (NOON + 50 * MINUTE, "go", NOON + HOUR),
        (NOON + 20 * MINUTE, "go", NOON + HOUR),
    ],
)
def test_late_posts_on_one_account_keep_apart(busy, act, at):
    found = verdict(begun(ONE), stage(begun(ONE)), NOON + HOUR, busy)

    assert (found.act, found.at) == (act, at)


@pytest.mark.parametrize(
    ("head", "busy", "why"),
    [
        ("", 55, "10 minutes after the last post on this account it may go"),
        ("governor: {apart: 1 hour}\n", 55, "1 hour after the last post on this account it may go"),
        ("quiet: 12:30-13:30\n", 20, "it is quiet until 13:30"),
        ("quiet: 13:02-13:30\n", 55, "it is quiet until 13:30"),
        ("quiet: 12:30-13:02\n", 55, "10 minutes after the last post on this account it may go"),
    ],
)
def test_what_is_late_and_not_at_once_says_why(head, busy, why):
    course = begun(ONE, head)

    assert verdict(course, stage(course), NOON + HOUR, NOON + busy * MINUTE).why == f"it is late, and {why}"


def test_late_pages_wait_for_no_other_page():
    course = begun("  - {channel: web, at: now, name: first}\n  - {channel: web, at: +1 minute, name: second}\n")
    late = stage(course, "second", due_at=NOON + MINUTE)

    assert verdict(course, late, NOON + HOUR, first=stage(course, "first", booked_for=NOON)).act == "go"


def test_what_would_be_too_late_after_keeping_apart_is_held():
    course = begun(ONE, "governor: {apart: 1 hour}\n")

    assert verdict(course, stage(course), NOON + 2 * HOUR, NOON + 1.9 * HOUR).act == "hold"


@pytest.mark.parametrize(
    ("first", "act"), [("running", "wait"), ("booked", "wait"), ("waiting", "go"), ("sent", "go"), ("held", "go")]
)
def test_of_late_steps_on_one_account_the_earlier_goes_first(first, act):
    course = begun(TWO)
    before = stage(course, "first", state=first, booked_for=NOON)
    late = stage(course, "second", due_at=NOON + 30 * MINUTE)
    found = verdict(course, late, NOON + HOUR, first=before)

    assert found.act == act
    assert act == "go" or found.at == NOON + HOUR + 10 * MINUTE


def test_late_steps_wait_for_none_that_is_due_after_them_or_on_other_accounts():
    course = begun(TWO)
    second = stage(course, "second", due_at=NOON + 30 * MINUTE, booked_for=NOON)
    first, other = stage(course, "first"), stage(course, "other", due_at=NOON + 40 * MINUTE)

    assert verdict(course, first, NOON + HOUR, second=second).act == "go"
    assert verdict(course, other, NOON + HOUR, second=second, first=first).act == "go"


@pytest.mark.parametrize(("quiet", "act"), [("", "wait"), (", quiet: no", "go")])
def test_what_is_late_does_not_go_out_in_quiet_hours(quiet, act):
    course = begun(f"  - {{channel: x, at: now, late: 1 day{quiet}}}\n", "quiet: 21:00-08:00\n")
    found = verdict(course, stage(course), NOON + 10 * HOUR)

    assert (found.act, found.at) == (act, NOON + (20 if act == "wait" else 10) * HOUR)


def test_what_could_go_out_only_after_quiet_hours_and_its_window_is_held():
    course = begun(ONE, "quiet: 13:00-20:00\n")

    assert verdict(course, stage(course), NOON + HOUR).act == "hold"


@pytest.mark.parametrize("after", [-24 * HOUR, timedelta(), 24 * HOUR])
def test_what_a_person_releases_goes_out_now_whatever_the_rules_say(after):
    course = begun(LINED, "quiet: 00:00-23:59\nlate: skip\n")
    found = verdict(course, stage(course, released=True), NOON + after, NOON + after, web="failed")

    assert (found.act, found.at) == ("go", NOON + after)


# Stop-lines and conditions


@pytest.mark.parametrize("step", ["x", "mastodon"])
@pytest.mark.parametrize(
    ("web", "act", "why"),
    [
        ("sent", "go", ""),
        ("waiting", "wait", "waits for 'web' to be sent"),
        ("booked", "wait", "waits for 'web' to be sent"),
        ("running", "wait", "waits for 'web' to be sent"),
        ("held", "wait", "waits for 'web' to be sent, which is held"),
        ("failed", "wait", "waits for 'web' to be sent, which is failed"),
        ("skipped", "hold", "nothing goes out after 'web', which is skipped"),
        ("cancelled", "hold", "nothing goes out after 'web', which is cancelled"),
    ],
)
def test_nothing_passes_a_stop_line_that_was_not_sent(step, web, act, why):
    course = begun(LINED)
    found = verdict(course, stage(course, step), web=web)

    assert (found.act, found.why) == (act, why)


def test_a_stop_line_does_not_stop_itself_or_what_stands_before_it():
    course = begun(ONE + "  - {channel: web, at: now, stop_line: yes}\n")

    assert verdict(course, stage(course, "web"), x="failed").act == "go"
    assert verdict(course, stage(course, "x"), web="failed").act == "go"


@pytest.mark.parametrize(
    ("web", "act"),
    [
        ("sent", "go"),
        ("waiting", "wait"),
        ("running", "wait"),
        ("held", "wait"),  # a person may still send it
        ("failed", "wait"),
        ("skipped", "skip"),
        ("cancelled", "skip"),
    ],
)
def test_a_condition_holds_once_its_step_was_sent(web, act):
    course = begun(GATED)
    found = verdict(course, stage(course), web=web)

    assert found.act == act
    assert awaited(course.plan, "x", stages(course, web=web)) == (act == "wait")


def test_all_conditions_must_hold():
    course = begun(GATED.replace("[web]", "[web, linkedin]") + "  - {channel: linkedin, at: now}\n")

    assert verdict(course, stage(course), web="sent", linkedin="waiting").act == "wait"
    assert verdict(course, stage(course), web="sent", linkedin="sent").act == "go"
