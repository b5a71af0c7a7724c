"""When each step is due: by the clocks of the campaign's zone, whatever these do."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from content.timing import Quiet, When
from flows.courses import Stage
from flows.schedule import after_quiet, counted, on_clocks, timetable
from tests.flows.courses import begun, campaign, stages, utc

NEW_YORK, LORD_HOWE, APIA = "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"
ZONES = [NEW_YORK, "Europe/London", "Asia/Kolkata", APIA, LORD_HOWE, "Africa/Casablanca", "UTC"]
local = datetime.fromisoformat


def shown(moment, zone):
    return f"{moment.astimezone(ZoneInfo(zone)):%m-%d %H:%M}"


def due(at, base, zone="UTC"):
    """What `at` means, counted from what clocks in a zone show."""
    begin, _ = on_clocks(local(base), ZoneInfo(zone))
    return counted(When.of(at), begin, ZoneInfo(zone))[0]


@pytest.mark.parametrize(
    ("zone", "asked", "moment", "note"),
    [
        (NEW_YORK, "2026-03-07 02:30", "2026-03-07 07:30", ""),
        (NEW_YORK, "2026-03-08 02:30", "2026-03-08 07:30", "there is no 02:30 on 2026-03-08 in America/New_York: clocks go forward, so it is 03:30"),
        (NEW_YORK, "2026-03-08 03:00", "2026-03-08 07:00", ""),
        (NEW_YORK, "2026-11-01 01:30", "2026-11-01 05:30", "01:30 on 2026-11-01 comes twice in America/New_York: clocks go back, and it is the first of the two"),
        (NEW_YORK, "2026-11-01 02:00", "2026-11-01 07:00", ""),
        ("Asia/Kolkata", "2026-03-08 02:30", "2026-03-07 21:00", ""),
        (LORD_HOWE, "2026-10-04 02:15", "2026-10-03 15:45", "there is no 02:15 on 2026-10-04 in Australia/Lord_Howe: clocks go forward, so it is 02:45"),
        (LORD_HOWE, "2026-04-05 01:45", "2026-04-04 14:45", "01:45 on 2026-04-05 comes twice in Australia/Lord_Howe: clocks go back, and it is the first of the two"),
        (APIA, "2011-12-30 09:00", "2011-12-30 19:00", "there is no 09:00 on 2011-12-30 in Pacific/Apia: clocks go forward, so it is 2011-12-31 09:00"),
        (APIA, "2011-12-29 09:00", "2011-12-29 19:00", ""),
        (APIA, "2011-12-31 09:00", "2011-12-30 19:00", ""),
    ],
)  # fmt: skip
def test_a_time_that_clocks_skip_or_show_twice_is_said(zone, asked, moment, note):
    assert on_clocks(local(asked), ZoneInfo(zone)) == (utc(moment), note)


@given(
    local=st.datetimes(min_value=datetime(2010, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001 - clocks show it
    zone=st.sampled_from(ZONES),
)
def test_what_is_given_is_shown_by_the_clocks_or_noted(local, zone):
    moment, note = on_clocks(local, ZoneInfo(zone))
    there = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    assert there == local or (there > local and "there is no" in note)
    assert moment.tzinfo is UTC


@given(
    moment=st.datetimes(timezones=st.just(UTC), min_value=datetime(2010, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001
    zone=st.sampled_from(ZONES),
    begin=st.times(),
    end=st.times(),
)
def test_what_is_in_quiet_hours_goes_out_later_and_all_else_stays(moment, zone, begin, end):
    assume(begin != end)
    quiet = Quiet(begin, end)
    later = after_quiet(moment, quiet, ZoneInfo(zone))
    there = moment.astimezone(ZoneInfo(zone)).time()

    assert (later > moment) == quiet.covers(there)
    assert later <= moment + timedelta(hours=49)  # a day may be skipped


@pytest.mark.parametrize(
    ("zone", "base", "at", "expected"),
    [
        (NEW_YORK, "2026-03-06 09:00", "+2 days", "03-08 09:00"),
        (NEW_YORK, "2026-03-07 09:00", "+24 hours", "03-08 10:00"),
        (NEW_YORK, "2026-03-07 02:30", "+1 day", "03-08 03:30"),
        (NEW_YORK, "2026-10-31 09:00", "+1 day", "11-01 09:00"),
        (NEW_YORK, "2026-10-31 09:00", "+24 hours", "11-01 08:00"),
        (NEW_YORK, "2026-10-31 23:00", "+180 minutes", "11-01 01:00"),
        (LORD_HOWE, "2026-10-03 10:00", "+24 hours", "10-04 10:30"),
        (LORD_HOWE, "2026-10-03 10:00", "+1 day", "10-04 10:00"),
        ("Asia/Kolkata", "2026-03-07 09:00", "+24 hours", "03-08 09:00"),
        (APIA, "2011-12-29 09:00", "+1 day", "12-31 09:00"),
        (APIA, "2011-12-29 09:00", "+24 hours", "12-31 09:00"),
        (NEW_YORK, "2026-03-01 09:00", "+2 weeks", "03-15 09:00"),
        (NEW_YORK, "2026-12-30 18:00", "+2 days 08:30", "01-01 08:30"),
    ],
)
def test_days_keep_the_time_of_day_and_hours_are_hours(zone, base, at, expected):
    assert shown(due(at, base, zone), zone) == expected


@pytest.mark.parametrize(
    ("base", "at", "expected"),
    [
        ("2026-12-01 09:00", "+1 weekday", "Wed 2"),  # a Tuesday
        ("2026-12-04 09:00", "+1 weekday", "Mon 7"),  # a Friday
        ("2026-12-04 09:00", "+5 weekdays", "Fri 11"),
        ("2026-12-05 09:00", "+0 weekdays", "Sat 5"),
        ("2026-12-05 09:00", "+1 weekday", "Mon 7"),
        ("2026-12-05 09:00", "+5 weekdays", "Fri 11"),
        ("2026-12-06 09:00", "+6 weekdays", "Mon 14"),
        ("2026-12-01 09:00", "+10 weekdays", "Tue 15"),
        ("2026-12-07 08:00", "next monday 09:00", "Mon 14"),
        ("2026-12-06 23:00", "next monday 09:00", "Mon 7"),
        ("2026-12-04 08:00", "next weekday 09:00", "Mon 7"),
        ("2026-12-01 08:00", "next weekday 09:00", "Wed 2"),
        ("2026-12-01 08:00", "next day 09:00", "Wed 2"),
        ("2026-12-01 08:00", "next sunday 09:00", "Sun 6"),
    ],
)
def test_weekdays_pass_over_weekends_and_the_next_day_is_never_today(base, at, expected):
    assert f"{due(at, base):%a %-d}" == expected


@given(
    base=st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001
    amount=st.integers(1, 30),
)
def test_so_many_weekdays_later_is_a_weekday_with_so_many_between(base, amount):
    later = counted(When(amount=amount, unit="weekdays"), base, UTC)[0]
    passed = [day for n in range((later - base).days) if (day := base + timedelta(days=n + 1)).weekday() < 5]

    assert (later.weekday() < 5, len(passed)) == (True, amount)


@pytest.mark.parametrize(
    ("zone", "quiet", "asked", "expected"),
    [
        ("UTC", "21:00-08:00", "2026-12-01 20:59", "12-01 20:59"),
        ("UTC", "21:00-08:00", "2026-12-01 21:00", "12-02 08:00"),
        ("UTC", "21:00-08:00", "2026-12-31 23:59", "01-01 08:00"),
        ("UTC", "21:00-08:00", "2026-12-01 00:00", "12-01 08:00"),
        ("UTC", "21:00-08:00", "2026-12-01 08:00", "12-01 08:00"),
        ("UTC", "13:00-15:00", "2026-12-01 14:30", "12-01 15:00"),
        ("UTC", "22:00-00:00", "2026-12-01 22:30", "12-02 00:00"),
        (NEW_YORK, "21:00-02:30", "2026-03-07 23:00", "03-08 03:30"),  # their end is skipped
        (NEW_YORK, "21:00-08:00", "2026-03-07 22:00", "03-08 08:00"),
        (NEW_YORK, "21:00-08:00", "2026-10-31 22:00", "11-01 08:00"),
        (APIA, "21:00-08:00", "2011-12-29 22:00", "12-31 08:00"),
    ],
)
def test_what_falls_into_quiet_hours_waits_for_their_end(zone, quiet, asked, expected):
    moment = on_clocks(local(asked), ZoneInfo(zone))[0]

    assert shown(after_quiet(moment, Quiet.of(quiet), ZoneInfo(zone)), zone) == expected


def test_quiet_hours_that_end_in_an_hour_that_comes_twice_never_send_something_back():
    second = utc("2026-11-01 06:10")  # 01:10 for the second time
    later = after_quiet(second, Quiet(time(21), time(1, 30)), ZoneInfo(NEW_YORK))

    assert later == utc("2026-11-01 06:30")


DRIP = """  - {channel: web, at: 2026-12-01 20:30}
  - {channel: newsletter, at: 1 hour after page is live}
  - {channel: x, at: +1 day 09:00}
  - {channel: mastodon, at: now}
  - {channel: bluesky, at: 2026-12-03 07:00 +01:00}
"""


def test_steps_count_from_the_one_before_or_from_the_beginning_and_are_out_of_quiet_hours():
    found = timetable(campaign(DRIP, "quiet: 21:00-08:00\n"), utc("2026-12-01 12:00"))

    assert {name: f"{slot.due:%d %H:%M}" for name, slot in found.items()} == {
        "web": "01 20:30",
        "newsletter": "02 08:00",
        "x": "03 09:00",
        "mastodon": "01 12:00",
        "bluesky": "03 08:00",
    }
    assert [slot.notes for slot in found.values()][:3] == [(), ("moved out of the quiet hours",), ()]
    assert [slot.firm for slot in found.values()] == [True, False, False, True, True]


def test_a_step_may_go_out_in_quiet_hours_where_that_is_said():
    found = timetable(
        campaign("  - {channel: x, at: 2026-12-01 23:00, quiet: no}\n", "quiet: 21:00-08:00\n"), utc("2026-12-01")
    )

    assert found["x"].due == utc("2026-12-01 23:00")


def test_an_estimate_is_firm_as_soon_as_what_it_waits_for_was_sent():
    course = begun(DRIP)
    web = Stage(
        course=course.id, step="web", state="sent", due_at=utc("2026-12-01 20:30"), ended_at=utc("2026-12-02 10:07")
    )
    found = timetable(course.plan, course.started_at, stages(course, web=web))

    assert (found["newsletter"].due, found["newsletter"].firm) == (utc("2026-12-02 11:07"), True)
    assert (found["x"].due, found["x"].firm) == (utc("2026-12-03 09:00"), True)


@pytest.mark.parametrize(
    ("web", "estimate"),
    [
        ({"booked_for": utc("2026-12-01 15:29")}, "15:44"),  # put off
        ({"booked_for": utc("2026-12-01 15:29"), "state": "waiting"}, "15:44"),
        ({"booked_for": utc("2026-12-01 09:00")}, "09:15"),
        ({"booked_for": None, "state": "waiting"}, "09:15"),
        ({"booked_for": utc("2026-12-01 16:00"), "due_at": utc("2026-12-01 16:00")}, "09:15"),  # as it was before
    ],
)
def test_an_estimate_counts_from_when_what_is_put_off_is_tried_next(web, estimate):
    course = begun("  - {channel: web, at: 2026-12-01 09:00}\n  - {channel: x, at: 15 minutes after page is live}\n")
    base = {"state": "booked", "due_at": utc("2026-12-01 09:00"), **web}
    found = timetable(course.plan, course.started_at, stages(course, web=replace(stages(course)["web"], **base)))

    assert (f"{found['x'].due:%H:%M}", found["x"].firm) == (estimate, False)
    assert f"{found['web'].due:%H:%M}" == "09:00"


def test_what_counts_from_a_late_step_counts_from_when_that_was_due():
    course = begun("  - {channel: web, at: 2026-12-01 09:00}\n  - {channel: x, at: +3 days}\n")
    web = Stage(
        course=course.id, step="web", state="sent", due_at=utc("2026-12-01 09:00"), ended_at=utc("2026-12-02 15:00")
    )

    assert timetable(course.plan, course.started_at, stages(course, web=web))["x"].due == utc("2026-12-04 09:00")


@pytest.mark.parametrize("state", ["running", "sent", "held", "failed", "skipped"])
def test_what_has_begun_stays_where_it_was_when_the_file_changes(state):
    course = begun("  - {channel: web, at: 2026-12-05 09:00}\n  - {channel: x, at: +1 day}\n")
    web = Stage(course=course.id, step="web", state=state, due_at=utc("2026-12-01 09:00"))
    found = timetable(course.plan, course.started_at, stages(course, web=web))

    assert (found["web"].due, found["x"].due) == (utc("2026-12-01 09:00"), utc("2026-12-02 09:00"))


@pytest.mark.parametrize("state", ["waiting", "booked", "sent"])
def test_what_was_moved_by_hand_is_where_it_was_moved_and_takes_along_what_counts_from_it(state):
    course = begun("  - {channel: web, at: 2026-12-05 09:00}\n  - {channel: x, at: +1 day}\n", "quiet: 21:00-08:00\n")
    moved = replace(
        stages(course)["web"], state=state, due_at=utc("2026-12-05 09:00"), moved_to=utc("2026-12-07 22:00")
    )
    found = timetable(course.plan, course.started_at, stages(course, web=moved))

    assert (found["web"].due, found["web"].notes) == (utc("2026-12-07 22:00"), ("moved by hand",))
    assert found["x"].due == utc("2026-12-09 08:00")
