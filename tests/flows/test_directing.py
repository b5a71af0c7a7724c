"""What people want of campaigns, written to the ledger."""

from datetime import timedelta

import pytest

from content.findings import Refused
from flows import clock
from flows.changing import Change
from flows.courses import STAMP, fresh
from flows.directing import Director
from flows.lookup import find_campaign
from flows.roll import Roll
from flows.staging import deliveries
from tests.conftest import ARTICLE
from tests.flows.courses import NOON, utc

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HEAD = "article: garden\ntimezone: America/New_York\n"
STEPS = """steps:
  - {channel: x, at: 2026-12-02 09:00}
  - {channel: mastodon, at: +1 day, name: teaser}
  - {channel: linkedin, at: +1 day, name: mail}
"""
DAILY = "repeat: {cron: 0 10 * * *}\nsteps:\n  - {channel: mastodon, at: now}\n  - {channel: x, at: +1 hour}\n"
EACH = "timezone: UTC\neach:\nsteps:\n  - {channel: x, at: now}\n"


class Desk:
    """A director, and somebody who writes files and lets time pass."""

    def __init__(self, ledger, project):
        self.director, self.root, self.now = Director(ledger, project), project, NOON
        self.agenda = self.director.agenda
        (project / "content" / "campaigns").mkdir()

    def write(self, text=HEAD + STEPS, name="spring"):
        (self.root / "content" / "campaigns" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def article(self, name, text=ARTICLE):
        (self.root / "content" / "articles" / f"{name}.md").write_text(text, encoding="utf-8")

    def do(self, what, *args):
        with clock.told_by(lambda: self.now):
            return getattr(self.director, what)(*args)

    def start(self, text="", name="spring", article=""):
        if text:
            self.write(text, name)
        return self.do("start", find_campaign(name, self.root), article)

    def refused(self, what, *args):
        with pytest.raises(Refused) as refused:
            self.do(what, *args) if what != "start" else self.start(*args)
        [finding] = refused.value.findings
        return finding.rule.removeprefix("campaign."), f"{finding.why} {finding.mend}".strip()

    def stage(self, step="teaser", course="spring"):
        return self.agenda.stage(course, step)

    def set(self, step, course="spring", **values):
        return self.agenda.change(self.stage(step, course), **values)

    def begin(self, turn, name="spring"):
        """One time of what comes again, as the tender begins it."""
        master = self.agenda.course(name)
        stamp = turn.astimezone(master.plan.terms.zone).strftime(STAMP)
        course = fresh(master.plan, turn, article=master.article, occurrence=stamp, number=master.number)
        self.agenda.add(course)
        self.agenda.include(course.id, course.plan.steps)
        self.agenda.amend(master, number=master.number + 1)
        return course.id

    def states(self):
        return {course.id: course.state for course in self.agenda.courses()}


@pytest.fixture
def desk(ledger, project):
    found = Desk(ledger, project)
    found.write()
    return found


# Starting


def test_a_campaign_begins_with_all_its_steps_waiting(desk):
    started = desk.start()

    assert (started.said, started.ids) == ("new", ("spring",))
    assert {step: stage.state for step, stage in desk.agenda.stages(["spring"])["spring"].items()} == {
        "x": "waiting",
        "teaser": "waiting",
        "mail": "waiting",
    }


@pytest.mark.parametrize("state", ["running", "paused"])
def test_starting_it_again_changes_nothing(desk, state):
    desk.start()
    desk.set("teaser", state="sent")
    desk.agenda.touch("spring", state)

    assert desk.start().said == "same"
    assert (desk.states(), desk.stage().state) == ({"spring": state}, "sent")


def test_steps_that_a_killed_start_left_out_are_made_up_for(desk):
    with clock.told_by(lambda: NOON):
        desk.agenda.add(fresh(find_campaign("spring", desk.root), NOON))

    assert desk.start().said == "same"
    assert len(desk.agenda.stages(["spring"])["spring"]) == 3


@pytest.mark.parametrize("state", ["cancelled", "done"])
def test_what_is_over_is_not_begun_again(desk, state):
    desk.start()
    desk.agenda.touch("spring", state)
    desk.now = NOON + 30 * DAY

    assert desk.refused("start", HEAD + STEPS + "# changed\n") == (
        "over",
        f"The campaign 'spring' is {state}. Copy its file under another name, and start that.",
    )


def test_what_stands_in_its_way_is_refused_and_nothing_is_begun(desk):
    rule, said = desk.refused("start", HEAD + STEPS.replace("2026-12-02", "2026-11-02"))

    assert rule == "past"
    assert said == "The step 'x' is in the past: 2026-11-02 09:00 EST. Give it a time to come."
    assert desk.states() == {}


def test_a_campaign_is_found_by_its_name_or_its_file(desk):
    assert find_campaign("spring", desk.root).name == "spring"
    assert find_campaign("content/campaigns/spring.yaml", desk.root).name == "spring"
    assert desk.refused("start", "", "sprnig")[1].endswith("Did you mean 'spring'?")


# A file that has changed


def test_a_changed_file_is_taken_over_and_a_paused_campaign_stays_paused(desk):
    desk.start()
    desk.do("ask", "pause", "spring")
    started = desk.start(HEAD + STEPS.replace("+1 day, name: mail", "+3 days, name: letter"))

    assert (started.said, desk.states()) == ("changed", {"spring": "paused"})
    assert (desk.stage("mail").state, desk.stage("letter").state) == ("cancelled", "waiting")
    assert "letter" in desk.agenda.course("spring").plan.steps


def test_a_step_that_was_sent_is_not_sent_again_under_another_name(desk):
    desk.start()
    desk.set("x", state="sent", due_at=utc("2026-12-02 14:00"), ended_at=utc("2026-12-02 14:00"))
    desk.set("teaser", state="sent", due_at=utc("2026-12-03 14:00"), ended_at=utc("2026-12-03 14:00"))
    desk.now = utc("2026-12-03 15:00")

    assert desk.refused("start", HEAD + STEPS.replace("name: teaser", "name: first")) == (
        "past",
        "The step 'first' is in the past: 2026-12-03 09:00 EST. Give it a time to come.",
    )


def test_a_step_taken_out_and_put_back_goes_out(desk):
    desk.start()
    without = "\n".join(line for line in (HEAD + STEPS).splitlines() if "teaser" not in line)
    desk.start(without)
    gone = desk.stage().state
    desk.start(HEAD + STEPS)

    assert (gone, desk.stage().state) == ("cancelled", "waiting")


def test_another_file_of_somebody_else_just_now_does_not_get_lost(desk):
    desk.start()
    stale = desk.agenda.course("spring")
    desk.agenda.touch("spring", "running")
    desk.write(HEAD + STEPS + "# changed\n")
    with clock.told_by(lambda: NOON):
        Change(desk.agenda, find_campaign("spring", desk.root), desk.root).take_over(stale)

    assert desk.agenda.course("spring").terms.endswith("# changed\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [(HEAD + STEPS, HEAD + DAILY), (HEAD + DAILY, HEAD + STEPS), (HEAD + STEPS, EACH), (EACH, HEAD + STEPS)],
)
def test_what_comes_once_does_not_become_what_comes_again(desk, before, after):
    desk.start(before)

    assert desk.refused("start", after)[0] == "kind"
    assert desk.agenda.course("spring").terms == before


@pytest.mark.parametrize("begun", [True, False])
def test_a_campaign_that_has_begun_keeps_its_article(desk, begun):
    desk.start()
    desk.article("kitchen")
    if begun:
        desk.set("x", state="sent", due_at=utc("2026-12-02 14:00"))
        assert desk.refused("start", HEAD.replace("garden", "kitchen") + STEPS)[0] == "article"
    else:
        desk.start(HEAD.replace("garden", "kitchen") + STEPS)

    assert desk.agenda.course("spring").article == ("garden" if begun else "kitchen")


def test_an_article_that_was_renamed_is_the_same_one(desk):
    desk.start()
    desk.set("x", state="sent", due_at=utc("2026-12-02 14:00"))
    desk.article("gardens", ARTICLE.replace("date:", "formerly: [garden]\ndate:"))
    (desk.root / "content" / "articles" / "garden.md").unlink()
    desk.start(HEAD.replace("garden", "gardens") + STEPS)

    assert desk.agenda.course("spring").article == "gardens"


# What comes again, and what is of each article


def test_what_comes_again_begins_with_its_first_time_and_no_steps(desk):
    desk.start(HEAD + DAILY)
    master = desk.agenda.course("spring")

    assert (master.master, master.next_at) == (True, utc("2026-12-01 15:00"))
    assert desk.agenda.stages(["spring"]) == {"spring": {}}


def test_another_rule_takes_the_place_of_the_first_and_nothing_comes_twice(desk):
    desk.start(HEAD + DAILY)
    first = desk.begin(utc("2026-12-01 15:00"))
    started = desk.start(HEAD + DAILY.replace("0 10", "0 11"))
    master = desk.agenda.course("spring")

    assert set(started.ids) == {"spring", first}
    assert desk.states() == {"spring": "running", first: "cancelled"}
    assert (master.next_at, master.number) == (utc("2026-12-01 16:00"), 0)


def test_other_words_in_a_file_leave_begun_times_as_they_are(desk):
    desk.start(HEAD + DAILY)
    first = desk.begin(utc("2026-12-01 15:00"))
    desk.start(HEAD + DAILY.replace("channel: x", "channel: bluesky"))
    master = desk.agenda.course("spring")

    assert (master.next_at, master.number) == (utc("2026-12-02 15:00"), 1)
    assert desk.states()[first] == "running"
    assert desk.stage("bluesky", first).state == "waiting"


def test_a_time_that_has_come_already_is_not_given_up(desk):
    desk.start(HEAD + DAILY)
    first = desk.begin(utc("2026-12-01 15:00"))
    desk.now = utc("2026-12-01 15:30")
    desk.start(HEAD + DAILY.replace("0 10", "0 11"))

    assert desk.states()[first] == "running"


def test_a_rhythm_of_two_weeks_is_not_moved_by_a_change_of_the_file(desk):
    rule = "repeat: {rrule: FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;BYHOUR=10}\nsteps:\n  - {channel: mastodon, at: now}\n"
    desk.start(HEAD + rule)
    desk.now = utc("2026-12-09 12:00")
    desk.start(HEAD + rule + "# changed\n")

    assert desk.agenda.course("spring").next_at == utc("2026-12-15 15:00")


def test_a_campaign_of_each_article_begins_once_for_each(desk):
    desk.article("kitchen")
    said = [desk.start(EACH, article=article).ids for article in ("", "garden", "kitchen", "garden")]

    assert said == [("spring",), ("spring/garden",), ("spring/kitchen",), ("spring/garden",)]
    assert desk.agenda.course("spring").master is True
    assert desk.agenda.course("spring/kitchen").article == "kitchen"


def test_a_campaign_that_names_its_article_takes_no_other(desk):
    assert desk.refused("start", "", "spring", "kitchen") == ("article", "This campaign names its article itself.")


# Pausing, resuming, cancelling


@pytest.mark.parametrize(("wanted", "state"), [("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")])
def test_what_a_person_wants_holds_for_all_that_a_campaign_has_begun(desk, wanted, state):
    desk.start(HEAD + DAILY)
    ids = {"spring", desk.begin(utc("2026-12-01 15:00")), desk.begin(utc("2026-12-02 15:00"))}

    assert set(desk.do("ask", wanted, "spring")) == ids
    assert desk.states() == dict.fromkeys(ids, state)


def test_one_time_of_what_comes_again_can_be_cancelled_alone(desk):
    desk.start(HEAD + DAILY)
    first, second = desk.begin(utc("2026-12-01 15:00")), desk.begin(utc("2026-12-02 15:00"))

    assert desk.do("ask", "cancel", first) == (first,)
    assert desk.states() == {"spring": "running", first: "cancelled", second: "running"}


def test_a_time_that_is_begun_while_a_campaign_is_paused_is_paused_too(desk, ledger):
    desk.start(HEAD + DAILY)
    with ledger.engine.begin() as connection:  # a tender that has not seen yet what is wanted
        connection.exec_driver_sql(
            """CREATE TRIGGER meanwhile AFTER UPDATE OF state ON courses WHEN NEW.id = 'spring' BEGIN
            INSERT OR IGNORE INTO courses SELECT 'spring@20261201T1000', campaign, article, '20261201T1000', 0, terms,
            'running', next_at, started_at, changed_at FROM courses WHERE id = 'spring'; END"""
        )
    ids = desk.do("ask", "pause", "spring")

    assert ids == ("spring", "spring@20261201T1000")
    assert desk.states() == dict.fromkeys(ids, "paused")


def test_what_is_over_can_not_be_resumed(desk):
    desk.start()
    desk.do("ask", "cancel", "spring")

    assert desk.refused("ask", "resume", "spring") == ("over", "The campaign 'spring' is cancelled.")
    assert desk.refused("ask", "pause", "summer")[0] == "unstarted"


@pytest.mark.parametrize("state", ["running", "waiting", "held"])
@pytest.mark.parametrize(("wanted", "mail"), [("pause", "pause"), ("resume", "go"), ("cancel", "cancel")])
def test_a_mailing_that_stands_half_way_is_asked_too(desk, ledger, state, wanted, mail):
    desk.start(HEAD + STEPS.replace("linkedin", "newsletter"))
    desk.set("mail", state=state)
    [delivery] = deliveries(desk.agenda.course("spring"), "mail", "garden")
    ledger.plan(delivery)
    roll = Roll(ledger.engine)
    roll.begin(delivery.key, "d" * 64)
    desk.do("ask", wanted, "spring")
    found = roll.find(delivery.key)
    roll.close()

    assert found.wanted == mail


# Single steps


@pytest.mark.parametrize(
    ("to", "moment"),
    [
        ("2026-12-05 09:00", "2026-12-05 14:00"),
        ("+1 day", "2026-12-04 14:00"),  # from when it is due
        ("+2 days 18:00", "2026-12-05 23:00"),
        ("in 2 hours", "2026-12-01 14:00"),  # from now
        ("next monday 08:30", "2026-12-07 13:30"),
    ],
)
def test_a_step_is_moved_by_the_campaigns_clocks(desk, to, moment):
    desk.start()
    desk.set("teaser", state="booked", due_at=utc("2026-12-03 14:00"), booked_for=NOON, revision=4)
    desk.do("move", "spring", "teaser", to)
    stage = desk.stage()

    assert (stage.state, stage.moved_to, stage.booked_for) == ("waiting", utc(moment), None)
    assert stage.revision == 5


@pytest.mark.parametrize(
    ("to", "rule", "words"),
    [
        ("soon", "at", "'soon' can't be used: expected a time such as"),
        ("1 hour after page", "at", "waits for no other"),
        ("2026-11-01 09:00", "past", "has passed. To send it now: pressroom campaign send spring teaser"),
    ],
)
def test_a_step_can_not_be_moved_to_what_is_no_moment_to_come(desk, to, rule, words):
    desk.start()
    found = desk.refused("move", "spring", "teaser", to)

    assert found[0] == rule
    assert words in found[1]


def test_a_move_to_a_time_that_clocks_skip_says_so(desk):
    desk.start()

    assert "clocks go forward, so it is 03:30" in desk.do("move", "spring", "teaser", "2027-03-14 02:30").detail


@pytest.mark.parametrize("state", ["waiting", "booked", "held", "failed"])
def test_a_step_is_released_or_skipped_by_hand(desk, state):
    desk.start()
    desk.set("teaser", state=state, revision=2)
    desk.set("mail", state=state)
    desk.do("send", "spring", "teaser")
    desk.do("skip", "spring", "mail")

    assert (desk.stage().state, desk.stage().released, desk.stage().revision) == ("waiting", True, 3)
    assert (desk.stage("mail").state, desk.stage("mail").ended_at) == ("skipped", NOON)


def test_what_is_moved_after_it_was_released_goes_out_when_it_was_moved_to(desk):
    desk.start()
    desk.do("send", "spring", "teaser")
    desk.do("move", "spring", "teaser", "2026-12-05 09:00")

    assert desk.stage().released is False


def test_whoever_books_what_was_read_before_gets_nothing(desk):
    desk.start()
    seen = desk.stage()
    desk.do("move", "spring", "teaser", "2026-12-05 09:00")

    assert desk.agenda.change(seen, state="booked", due_at=NOON) is None


@pytest.mark.parametrize("what", [("move", "+1 day"), ("send",), ("skip",)])
@pytest.mark.parametrize("state", ["running", "sent", "skipped", "cancelled"])
def test_what_is_at_work_or_over_can_not_be_changed(desk, what, state):
    desk.start()
    desk.set("teaser", state=state, due_at=utc("2026-12-03 14:00"))

    assert desk.refused(what[0], "spring", "teaser", *what[1:]) == (
        "step",
        f"'teaser' of 'spring' is {state}: nothing of it can be changed.",
    )


@pytest.mark.parametrize("what", [("move", "+1 day"), ("send",), ("skip",)])
def test_nothing_of_a_cancelled_campaign_can_be_changed(desk, what):
    desk.start()
    desk.do("ask", "cancel", "spring")

    assert desk.refused(what[0], "spring", "teaser", *what[1:])[1].startswith("'teaser' of 'spring' is cancelled")


def test_a_step_that_there_is_not_is_named_with_those_there_are(desk):
    desk.start()
    desk.agenda.include("spring", [*find_campaign("spring", desk.root).steps, "stray"])

    said = "'spring' has no step '{}'. Its steps: mail, stray, teaser, x."
    assert desk.refused("send", "spring", "taeser") == ("step", said.format("taeser"))
    assert desk.refused("send", "spring", "stray") == ("step", said.format("stray"))


def test_of_two_people_who_change_a_step_the_second_is_told(desk):
    desk.start()
    seen = desk.stage()
    desk.do("send", "spring", "teaser")

    assert desk.refused("_changed", seen) == (
        "busy",
        "'teaser' has just been changed by somebody else. Look, and try again.",
    )


def test_a_known_course_is_told_when_a_name_is_misspelt(desk):
    desk.start()

    assert desk.refused("send", "sprng", "teaser")[1] == (
        "No campaign 'sprng' has been started. Did you mean 'spring'?"
    )
