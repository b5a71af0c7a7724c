"""What comes again: times as clocks show them, whatever the clocks do."""

from datetime import date, datetime
from itertools import islice

import pytest

from content import recurring
from content.campaign import Repeat

local = datetime.fromisoformat  # as clocks show it
BEGIN = local("2026-03-03 12:00")  # a Tuesday


def times(most=3, after=BEGIN, begin=BEGIN, **rule):
    return [f"{moment:%m-%d %H:%M}" for moment in islice(Repeat(**rule).after(after, begin), most)]


@pytest.mark.parametrize(
    "line", ["30 9 * * 2", "0 9 * * MON-FRI", "0 9 L * *", "0 8,12,16 * * *", "0 * * * *", "0 9 1 1 *", "0 9 29 2 *"]
)
def test_a_cron_line_is_taken_as_it_is(line):
    assert recurring.cron(line) == line


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "number of them"),
        ("0 9 * *", "number of them"),
        ("0 0 9 * * 2", "number of them"),  # with seconds
        ("@daily", "number of them"),
        ("60 9 * * *", "minute"),
        ("0 9 * * 8", "day-of-week"),
        ("0 9 30 2 *", "day-of-month"),
        ("* 9 * * 2", "more often than once an hour"),
        ("0,30 9 * * 2", "more often than once an hour"),
        ("*/59 * * * *", "more often than once an hour"),
    ],
)
def test_a_cron_line_that_is_none_or_a_slip_is_refused(line, words):
    with pytest.raises(ValueError, match=r"expected five fields such as 30 9 \* \* 2") as refused:
        recurring.cron(line)

    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("FREQ=WEEKLY;BYDAY=TU;BYHOUR=9;BYMINUTE=30", "FREQ=WEEKLY;BYDAY=TU;BYHOUR=9;BYMINUTE=30"),
        ("rrule:freq=daily; byhour=9", "FREQ=DAILY;BYHOUR=9"),
        ("FREQ=MONTHLY;BYDAY=1TU;BYHOUR=10;INTERVAL=02", "FREQ=MONTHLY;BYDAY=1TU;BYHOUR=10;INTERVAL=02"),
    ],
)
def test_a_rule_is_read_in_any_spelling(rule, told):
    assert recurring.rule(rule) == told


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "names a day's rhythm and an hour"),
        ("FREQ=DAILY", "names a day's rhythm and an hour"),
        ("FREQ=HOURLY;BYHOUR=9", "names a day's rhythm and an hour"),
        ("FREQ=DAILY;BYHOUR=9\nEXDATE:20260301T090000", "one line"),
        ("FREQ=DAILY;BYHOUR=9;COUNT=3", "`times:`"),
        ("FREQ=DAILY;BYHOUR=9;UNTIL=20261231T000000Z", "`until:`"),
        ("FREQ=DAILY;BYHOUR=9;INTERVAL=0", "INTERVAL is 1 or more"),
        ("FREQ=DAILY;BYHOUR=9;INTERVAL=-1", "INTERVAL is 1 or more"),
        ("FREQ=DAILY;BYHOUR=25", "hour"),
        ("FREQ=DAILY;BYHOUR=9;BYDAY=XX", "BYDAY"),
        ("FREQ=DAILY;BYHOUR=9;COLOUR=RED", "COLOUR"),
        ("FREQ=DAILY;BYHOUR=9;", "expected a rule"),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31;BYHOUR=9", "never comes"),
        ("FREQ=DAILY;BYHOUR=9;BYMINUTE=0,30", "more often than once an hour"),
    ],
)
def test_a_rule_that_is_none_or_not_for_campaigns_is_refused(rule, words):
    with pytest.raises(ValueError, match="expected a rule such as FREQ=WEEKLY") as refused:
        recurring.rule(rule)

    assert words in str(refused.value)


@pytest.mark.parametrize(
    "rule", [{"cron": "30 2 * * *"}, {"rrule": "FREQ=DAILY;BYHOUR=2;BYMINUTE=30"}], ids=["cron", "rrule"]
)
@pytest.mark.parametrize(
    ("after", "shown"),
    [
        (local("2026-03-07 12:00"), ["03-08 02:30", "03-09 02:30", "03-10 02:30"]),  # clocks skip it in New York
        (local("2026-10-31 12:00"), ["11-01 02:30", "11-02 02:30", "11-03 02:30"]),
    ],
    ids=["forward", "back"],
)
def test_the_time_of_day_stays_over_a_change_of_clocks(rule, after, shown):
    assert times(after=after, **rule) == shown


def test_a_rule_counts_its_intervals_from_the_day_that_the_campaign_began():
    rule = {"rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;BYHOUR=9"}

    assert times(**rule) == ["03-17 09:00", "03-31 09:00", "04-14 09:00"]
    assert times(after=local("2026-03-24"), **rule) == ["03-31 09:00", "04-14 09:00", "04-28 09:00"]


@pytest.mark.parametrize("rule", [{"cron": "0 13 * * *"}, {"rrule": "FREQ=DAILY;BYHOUR=13"}], ids=["cron", "rrule"])
def test_the_first_time_may_be_on_the_very_day_and_the_moment_itself_is_none(rule):
    assert times(1, **rule) == ["03-03 13:00"]
    assert times(1, after=local("2026-03-03 13:00"), **rule) == ["03-04 13:00"]


@pytest.mark.parametrize("rule", [{"cron": "0 9 * * *"}, {"rrule": "FREQ=DAILY;BYHOUR=9"}], ids=["cron", "rrule"])
def test_the_day_until_which_it_comes_is_the_last_one(rule):
    assert times(9, until=date(2026, 3, 6), **rule) == ["03-04 09:00", "03-05 09:00", "03-06 09:00"]
    assert times(9, until=date(2026, 3, 1), **rule) == []


def test_a_cron_line_with_both_days_means_either():
    assert times(cron="0 9 13 * 5") == ["03-06 09:00", "03-13 09:00", "03-20 09:00"]
