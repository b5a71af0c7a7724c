"""What comes again: times as clocks show them, whatever the clocks do."""

from calendar import monthrange
from datetime import date, datetime
from itertools import islice
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
        ("FREQ=DAILY;BYHOUR=9;INTERVAL=0", "INTERVAL is 1 to 999"),
        ("FREQ=DAILY;BYHOUR=9;INTERVAL=-1", "INTERVAL is 1 to 999"),
        ("FREQ=DAILY;BYHOUR=25", "BYHOUR is 0 to 23"),
        ("FREQ=DAILY;BYHOUR=1_0", "BYHOUR is 0 to 23"),
        ("FREQ=DAILY;BYHOUR=9;BYDAY=XX", "BYDAY"),
        ("FREQ=DAILY;BYHOUR=9;COLOUR=RED", "COLOUR"),
        ("FREQ=DAILY;BYHOUR=9;", "expected a rule"),
        ("FREQ=DAILY;BYHOUR=9;BYHOUR=10", "stands there once"),
        ("FREQ=DAILY;BYHOUR=9;BYWEEKDAY=TU", "no part 'BYWEEKDAY'"),  # dateutil's own
        ("FREQ=MONTHLY;BYMONTHDAY=0;BYHOUR=9", "BYMONTHDAY is 1 to 31, or -1 to -31"),  # it would come every day
        ("FREQ=MONTHLY;BYMONTHDAY=1,32;BYHOUR=9", "BYMONTHDAY is 1 to 31"),
        ("FREQ=DAILY;BYMONTH=13;BYHOUR=9", "BYMONTH is 1 to 12"),
        ("FREQ=YEARLY;BYEASTER=400;BYHOUR=9", "BYEASTER is -80 to 249"),
        ("FREQ=WEEKLY;BYDAY=1TU;BYHOUR=9", "only FREQ=MONTHLY and FREQ=YEARLY"),
        ("FREQ=DAILY;BYDAY=-1TU;BYHOUR=9", "only FREQ=MONTHLY and FREQ=YEARLY"),
        ("FREQ=MONTHLY;BYDAY=10MO;BYHOUR=9", "from 1 to 5"),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=10MO;BYHOUR=9", "from 1 to 5"),
        ("FREQ=YEARLY;BYDAY=54MO;BYHOUR=9", "from 1 to 53"),
        ("FREQ=MONTHLY;BYDAY=0MO;BYHOUR=9", "from 1 to 5"),
        ("FREQ=MONTHLY;BYDAY=MO,1TU;BYHOUR=9", "have a number, or none"),  # dateutil takes both for one condition
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31;BYHOUR=9", "never comes"),
        ("FREQ=DAILY;BYHOUR=9;BYMINUTE=0,30", "more often than once an hour"),
    ],
)
def test_a_rule_that_is_none_or_not_for_campaigns_is_refused(rule, words):
    with pytest.raises(ValueError, match="expected a rule such as FREQ=WEEKLY") as refused:
        recurring.rule(rule)

    assert words in str(refused.value)


def test_a_rule_that_never_comes_is_refused_at_once():
    began = perf_counter()
    with pytest.raises(ValueError, match="it never comes"):
        recurring.rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=9")

    assert perf_counter() - began < 2  # it was five seconds to the year 9999


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU;BYHOUR=9",
        "FREQ=YEARLY;BYDAY=53TH;BYHOUR=9",
        "FREQ=YEARLY;BYEASTER=1;BYHOUR=9",
        "FREQ=WEEKLY;INTERVAL=313;BYMONTH=1;BYDAY=SA;BYHOUR=9",
    ],
)
def test_a_rule_that_comes_once_in_many_years_is_taken(rule):
    assert recurring.rule(rule) == rule


NUMBERS = {part: st.integers(-400, 400) for part in ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYEASTER")}
DAYS = st.from_regex(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", fullmatch=True)
PARTS = st.one_of(
    *(st.builds(lambda number, part=part: f"{part}={number}", numbers) for part, numbers in NUMBERS.items()),
    st.builds("BYDAY={}".format, st.lists(DAYS, min_size=1, max_size=2).map(",".join)),
    st.sampled_from(["INTERVAL=2", "INTERVAL=999", "BYSETPOS=-1", "BYSETPOS=0", "WKST=SU", "WKST=1MO", "BYDAY="]),
)


@settings(deadline=2000)
@given(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]), st.lists(PARTS, max_size=3))
def test_any_rule_is_refused_or_comes_when_it_says(freq, parts):
    named = dict(part.split("=") for part in parts)
    told = ";".join([f"FREQ={freq}", "BYHOUR=9", *parts])
    try:
        recurring.rule(told)
    except ValueError:
        return
    for moment in islice(recurring.by_rule(told, BEGIN, BEGIN), 3):
        assert moment.hour == 9
        assert named.get("BYMONTH", str(moment.month)) == str(moment.month)
        ends = str(moment.day - 1 - monthrange(moment.year, moment.month)[1])
        assert named.get("BYMONTHDAY", ends) in {ends, str(moment.day)}
        assert f"{moment:%a}"[:2].upper() in named.get("BYDAY", f"{moment:%a}".upper())


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
