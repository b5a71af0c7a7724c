"""When something is due, as people write it."""

from datetime import UTC, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.timing import Quiet, When, span

EST = timezone(timedelta(hours=-5))
local = datetime.fromisoformat  # as clocks show it


@pytest.mark.parametrize(
    ("spelled", "moment"),
    [
        ("2026-12-01 08:30", local("2026-12-01 08:30")),
        ("2026-12-01T08:30:15", local("2026-12-01 08:30:15")),
        ("2026-12-01 8:30", local("2026-12-01 08:30")),
        ("2026-12-01 08:30Z", datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        ("2026-12-01 08:30 -05:00", datetime(2026, 12, 1, 8, 30, tzinfo=EST)),
        ("  2026-12-01   08:30 -0500 ", datetime(2026, 12, 1, 8, 30, tzinfo=EST)),
    ],
)
def test_a_date_is_read_by_the_campaigns_clocks_or_by_its_own_offset(spelled, moment):
    assert When.of(spelled) == When(moment=moment)


@pytest.mark.parametrize(
    ("spelled", "when"),
    [
        ("now", When(now=True)),
        ("NOW", When(now=True)),
        ("+3 days", When(amount=3, unit="days")),
        ("+ 1 day 09:00", When(amount=1, unit="days", clock=time(9))),
        ("in 2 weeks at 9:05", When(amount=2, unit="weeks", clock=time(9, 5))),
        ("+90 min", When(amount=90, unit="minutes")),
        ("in 2 h", When(amount=2, unit="hours")),
        ("+0 days 18:00", When(amount=0, unit="days", clock=time(18))),
        ("+5 Weekdays at 08:30", When(amount=5, unit="weekdays", clock=time(8, 30))),
        ("next monday 09:00", When(next="monday", clock=time(9))),
        ("next Weekday at 08:30", When(next="weekday", clock=time(8, 30))),
        ("next day 07:00", When(next="day", clock=time(7))),
        ("30 minutes after page is live", When(after="page", amount=30)),
        ("30 minutes after the page is live", When(after="page", amount=30)),
        ("1 day 09:00 after newsletter was sent", When(after="newsletter", amount=1, unit="days", clock=time(9))),
        ("2 weekdays after Teaser-2", When(after="teaser-2", amount=2, unit="weekdays")),
        ("when the page is live", When(after="page")),
        ("after mastodon", When(after="mastodon")),
        ("once page is out", When(after="page")),
    ],
)
def test_a_way_to_a_moment_is_read(spelled, when):
    assert When.of(spelled) == when


@pytest.mark.parametrize(
    ("spelled", "words"),
    [
        ("", "expected a time such as 2026-12-01 08:30"),
        (None, "expected a time such as"),
        ("soon", "expected a time such as"),
        ("3 days", "expected a time such as"),  # of what?
        ("+3", "expected a time such as"),
        ("-3 days", "expected a time such as"),
        ("+3 months", "expected a time such as"),
        ("2026-12-01", "expected a time such as"),
        ("08:30", "expected a time such as"),
        ("next monday", "expected a time such as"),
        ("next funday 09:00", "expected a time such as"),
        ("after", "expected a time such as"),
        ("2026-02-30 08:30", "there is no 2026-02-30 08:30"),
        ("2026-12-01 08:30 +25:00", "there is no 2026-12-01 08:30 +25:00"),
        ("2026-12-01 24:00", "there is no 24:00"),
        ("+1 day 09:60", "there is no 09:60"),
        ("0206-12-01 09:00", "a year from 2000 to 2100"),
        ("9999-12-31 23:59", "a year from 2000 to 2100"),
        ("+99999 weeks", "less than ten years"),
        ("+99999 weekdays", "less than ten years"),
        ("+2 hours 09:00", "a time of day behind days or weeks"),
        ("30 minutes at 09:00 after page", "a time of day behind days or weeks"),
    ],
)
def test_what_is_no_time_is_refused_with_examples(spelled, words):
    with pytest.raises(ValueError, match="expected") as refused:
        When.of(spelled)

    assert words in str(refused.value)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        said = When.of(text)
    except ValueError as error:
        said = str(error)

    assert isinstance(said, When) or said.startswith("expected")


@pytest.mark.parametrize(
    ("spelled", "length"),
    [("45 minutes", timedelta(minutes=45)), ("2 Hours", timedelta(hours=2)), ("30 days", timedelta(days=30)), ("1 week", timedelta(days=7)), ("0", timedelta()), (" 0 minutes ", timedelta())],
)  # fmt: skip
def test_a_span_is_read(spelled, length):
    assert span(spelled) == length


@pytest.mark.parametrize(
    "spelled", ["", "2", "two hours", "3 weekdays", "-1 day", "1 day 2 hours", "99999 weeks", None]
)
def test_what_is_no_span_is_refused(spelled):
    with pytest.raises(ValueError, match="expected a span"):
        span(spelled)


@pytest.mark.parametrize(
    ("spelled", "inside", "outside"),
    [
        ("21:00-08:00", ["21:00", "23:59", "00:00", "07:59"], ["08:00", "12:00", "20:59"]),
        ("13:00 - 14:00", ["13:00", "13:59"], ["12:59", "14:00", "00:00"]),
        ("22:00 to 0:00", ["22:00", "23:59"], ["00:00", "21:59"]),
        ("00:00–06:00", ["00:00", "05:59"], ["06:00", "23:59"]),
    ],
)
def test_quiet_hours_begin_at_their_first_minute_and_end_before_their_last(spelled, inside, outside):
    quiet = Quiet.of(spelled)

    assert [quiet.covers(time.fromisoformat(moment)) for moment in inside] == [True] * len(inside)
    assert [quiet.covers(time.fromisoformat(moment)) for moment in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    "spelled", ["", "at night", "21:00", "21:00-21:00", "21-8", "22:00-24:00", "21:00-08:00-09:00"]
)
def test_what_is_no_quiet_hours_is_refused(spelled):
    with pytest.raises(ValueError, match="expected"):
        Quiet.of(spelled)
