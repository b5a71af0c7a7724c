"""A campaign whose file has changed goes on by the new one: nothing of it is lost, and nothing held without a word."""

from datetime import timedelta

import pytest

from channels.base import Receipt
from flows.lookup import find_campaign
from flows.staging import deliveries
from tests.flows.courses import NOON, utc
from tests.flows.test_directing import DAILY, HEAD, Desk

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TEN, ELEVEN = utc("2026-12-01 15:00"), utc("2026-12-01 16:00")  # by clocks in New York
LATER = DAILY.replace("0 10", "0 11")
ONCE = DAILY.replace("* * *}", "* * *, times: 1}")


@pytest.fixture
def desk(ledger, project):
    return Desk(ledger, project)


def master(desk):
    found = desk.agenda.course("spring")
    return found.state, found.number, found.next_at


def last_begun(desk, turn=TEN):
    """The last time of what comes again has begun, up to a day ahead, as the tender does it."""
    first = desk.begin(turn)
    desk.agenda.touch("spring", "done")
    return first


# Times


def test_a_time_that_a_change_has_dropped_comes_when_the_file_is_changed_back(desk):
    desk.start(HEAD + DAILY)
    first = desk.begin(TEN)
    desk.start(HEAD + LATER)
    dropped = desk.states()[first]
    started = desk.start(HEAD + DAILY + "# again\n")

    assert (dropped, desk.states()[first], desk.stage("x", first).state) == ("cancelled", "running", "waiting")
    assert (first in started.ids, master(desk)) == (True, ("running", 1, TEN + DAY))
    assert desk.agenda.course(first).terms.endswith("# again\n")


def test_a_time_that_a_person_has_cancelled_stays_cancelled(desk):
    desk.start(HEAD + DAILY)
    first = desk.begin(TEN)
    desk.do("ask", "cancel", first)
    for text in (LATER, DAILY):
        desk.start(HEAD + text)

    assert (desk.states()[first], master(desk)) == ("cancelled", ("running", 1, TEN + DAY))


def test_what_is_paused_comes_back_paused(desk):
    desk.start(HEAD + DAILY)
    first = desk.begin(TEN)
    desk.do("ask", "pause", "spring")
    for text in (LATER, DAILY):
        desk.start(HEAD + text)

    assert desk.states() == {"spring": "paused", first: "paused"}


def test_a_file_is_taken_over_as_long_as_one_of_its_times_is_under_way(desk):
    desk.start(HEAD + ONCE)
    first = last_begun(desk)
    started = desk.start(HEAD + ONCE.replace("+1 hour", "+2 weeks"))

    assert (started.said, set(started.ids)) == ("changed", {"spring", first})
    assert (desk.states(), desk.start().said) == ({"spring": "done", first: "running"}, "same")
    assert "+2 weeks" in desk.agenda.course(first).terms


@pytest.mark.parametrize(("paused", "state"), [(False, "running"), (True, "paused")])
def test_what_had_its_last_time_goes_on_where_the_file_has_another(desk, paused, state):
    desk.start(HEAD + ONCE)
    first = last_begun(desk)
    if paused:
        desk.do("ask", "pause", "spring")
    desk.start(HEAD + ONCE.replace("0 10", "0 11"))

    assert (master(desk), desk.states()[first]) == ((state, 0, ELEVEN), "cancelled")


def test_the_last_time_comes_back_as_well(desk):
    desk.start(HEAD + ONCE)
    first = last_begun(desk)
    for text in (ONCE.replace("0 10", "0 11"), ONCE):
        desk.start(HEAD + text)

    assert desk.states() == {"spring": "done", first: "running"}


def test_what_has_had_all_its_times_is_over_when_they_are(desk):
    desk.start(HEAD + ONCE)
    desk.agenda.touch(last_begun(desk), "done")

    assert desk.refused("start", HEAD + ONCE + "# changed\n")[0] == "over"


@pytest.mark.parametrize("end", ["times: 1", "until: 2026-11-30"])
def test_a_file_may_end_it_with_the_times_that_have_come(desk, end):
    desk.start(HEAD + DAILY)
    first = desk.begin(TEN)
    desk.now = TEN + HOUR / 2
    desk.write(HEAD + DAILY.replace("* * *}", f"* * *, {end}}}"))
    found = desk.do("foresee", find_campaign("spring", desk.root)).findings
    said = desk.start().said

    assert [(f.why, f.severity) for f in found if f.rule == "campaign.repeat"] == [
        ("It ends with the times that have begun.", "warn")
    ]
    assert (said, desk.states()) == ("changed", {"spring": "done", first: "running"})


def test_fewer_times_drop_the_last_of_those_that_were_begun_ahead(desk):
    hourly = {times: HEAD + DAILY.replace("0 10 * * *", f"0 * * * *, times: {times}") for times in (9, 2, 3)}
    desk.start(hourly[9])
    ahead = [desk.begin(NOON + n * HOUR) for n in (1, 2, 3)]
    desk.start(hourly[2])
    fewer = [desk.states()[id_] for id_ in ahead], master(desk)[:2]
    desk.start(hourly[3])

    assert fewer == (["running", "running", "cancelled"], ("done", 2))
    assert ([desk.states()[id_] for id_ in ahead], master(desk)[:2]) == (["running"] * 3, ("done", 3))


# Steps that ask for a person


STEPS = """steps:
  - {channel: mastodon, at: 2026-12-02 09:00}
  - {channel: bluesky, at: +1 day}
"""
MOVED = HEAD + STEPS.replace("12-02", "12-09")
DUE, ANEW = utc("2026-12-02 14:00"), utc("2026-12-09 14:00")


def asks(desk, text=MOVED, **states):
    """Somebody changes the file a day after a step began to ask; what is foreseen, and what came of it."""
    desk.start(HEAD + STEPS)
    for step, state in states.items():
        due = DUE if step == "mastodon" else DUE + DAY
        desk.set(step, state=state, due_at=due, booked_for=due, detail="it is late")
    desk.now = DUE + 2 * DAY
    desk.write(text)
    found = desk.do("foresee", find_campaign("spring", desk.root))
    desk.start()
    return [line.slot.due for line in found.lines], [f.why for f in found.findings if f.rule == "campaign.step.asks"]


@pytest.mark.parametrize("state", ["held", "failed"])
def test_what_asks_for_a_person_waits_for_the_new_time_that_its_file_gives_it(desk, state):
    foreseen = asks(desk, mastodon=state)
    stage = desk.stage("mastodon")

    assert foreseen == ([ANEW, ANEW + DAY], [])
    assert (stage.state, stage.detail, stage.booked_for) == ("waiting", "", None)


def test_what_counts_from_it_goes_along(desk):
    asks(desk, mastodon="held", bluesky="failed")

    assert (desk.stage("mastodon").state, desk.stage("bluesky").state) == ("waiting", "waiting")


@pytest.mark.parametrize(
    "text",
    [HEAD + STEPS + "# changed\n", HEAD + STEPS.replace("09:00", "10:00")],
    ids=["the same time", "a time that has passed"],
)
def test_what_has_no_new_time_to_come_goes_on_asking(desk, text):
    asks(desk, text, mastodon="held")

    assert (desk.stage("mastodon").state, desk.stage("mastodon").detail) == ("held", "it is late")


def test_what_is_out_in_part_is_not_moved_and_that_is_told(desk, ledger):
    desk.start(HEAD + STEPS)
    [delivery] = deliveries(desk.agenda.course("spring"), "mastodon", "garden")
    ledger.plan(delivery)
    proof = Receipt(channel="x", remote_ids=("1",), url="", digest="d" * 64, sent_at=DUE)
    ledger.settle(delivery, ledger.claim(delivery, "d" * 64), "failed", "the second post was refused", proof)
    _, told = asks(desk, mastodon="failed")

    assert told == ["The step 'mastodon' is failed, and its new time does not move it."]
    assert desk.stage("mastodon").state == "failed"
