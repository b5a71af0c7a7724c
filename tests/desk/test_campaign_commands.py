"""Campaigns on the command line: planned, started, looked at, changed; and files that can't be used."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from dateutil import tz
from icalendar import Calendar

from desk.cli import main
from desk.console import Voice
from desk.projects import make_project
from flows import clock
from flows.agenda import Agenda
from flows.deliver import Courier
from flows.ledger import Ledger
from flows.plan import plan
from flows.settings import Settings
from flows.staging import order_of
from tests import ports
from tests.channels.fakes.mastodon import TOKEN, Platform
from tests.corpus import ROOT
from tests.desk.presses import opened, wait

NOON = datetime(2030, 3, 1, 17, tzinfo=UTC)  # Friday noon in New York
HEAD = "article: garden\ntimezone: America/New_York\n"
STEPS = """steps:
  - {channel: web, name: page, at: 2030-03-04 09:00}
  - {channel: newsletter, at: 30 minutes after page is live, only_if: page}
  - {channel: [x, mastodon], name: posts, at: +1 day 12:00}
"""
SUBCOMMANDS = (
    "plan",
    "start",
    "status",
    "list",
    "new",
    "pause",
    "resume",
    "cancel",
    "reschedule",
    "send",
    "skip",
    "ics",
)
SAMPLE = "how-to-read-a-clinic-bill"


class Desk:
    """Somebody at the command line, at a time of the test's choice."""

    def __init__(self, root, capsys):
        self.root, self.now, self._capsys = root, NOON, capsys
        (root / "content" / "campaigns").mkdir()

    def write(self, text=HEAD + STEPS, name="spring"):
        (self.root / "content" / "campaigns" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def __call__(self, *arguments):
        with pytest.raises(SystemExit) as left, clock.told_by(lambda: self.now):
            main([*arguments, "--root", str(self.root)])
        self.said = self._capsys.readouterr()
        return left.value.code

    def campaign(self, *arguments):
        return self("campaign", *arguments)

    def read(self, *arguments):
        """What it tells scripts."""
        self("campaign", *arguments, "--json")
        return json.loads(self.said.out)

    @property
    def words(self):
        return self.said.out + self.said.err


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    """Nobody answers where the Prefect server should be."""
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{ports.free()}/api")


@pytest.fixture
def desk(project, capsys):
    return Desk(project, capsys)


@pytest.fixture
def spring(desk):
    """A campaign that was started."""
    desk.write()
    assert desk.campaign("start", "spring") == 0, desk.words
    return desk


@pytest.fixture
def agenda(project):
    with closing(Ledger(Settings.of(project).ledger_url(project))) as ledger:
        yield Agenda(ledger.engine)


@pytest.fixture
def mastodon(project):
    """An account, on a platform that answers."""
    with Platform() as fake:
        settings = f"PRESSROOM_MASTODON_SERVER={fake.url}\nPRESSROOM_MASTODON_TOKEN={TOKEN}\n"
        (project / ".env").write_text(settings, encoding="utf-8")
        yield fake


def begun(root):
    """The courses in a project's ledger, if it has one."""
    if not (root / ".pressroom" / "ledger.db").exists():
        return []
    with closing(Ledger(Settings.of(root).ledger_url(root))) as ledger:
        return Agenda(ledger.engine).courses()


@pytest.mark.parametrize("command", SUBCOMMANDS)
def test_every_command_explains_itself(desk, command):
    assert desk.campaign(command, "--help") == 0
    assert "--json" in desk.said.out
    assert len(desk.said.out.splitlines()) > 5
    assert "our-clinic" not in desk.said.out
    assert f"pressroom campaign {command}" in desk.said.out or "Exit codes: 0 all is well" in desk.said.out


# plan


def test_a_plan_tells_every_steps_time_on_its_own_clocks_and_in_utc(desk):
    desk.write()

    assert desk.campaign("plan", "spring") == 0
    lines = desk.said.out.splitlines()
    assert next(line for line in lines if line.startswith("page")).split("  ")[-2:] == [
        "Mon 2030-03-04 09:00 EST",
        "2030-03-04 14:00",
    ]
    mail = next(n for n, line in enumerate(lines) if line.startswith("newsletter"))
    assert "~ Mon 2030-03-04 09:30 EST" in lines[mail]
    assert lines[mail + 1].strip() == "waits for: page; only if page was sent"
    assert "3 steps, 4 deliveries." in lines


def test_a_plan_tells_what_clocks_do_and_what_quiet_hours_move(desk):
    steps = "steps:\n  - {channel: web, at: 2030-03-10 02:30}\n  - {channel: x, at: 2030-03-12 23:00, quiet: true}\n"
    desk.write(HEAD + "quiet: 22:00-07:30\n" + steps.replace("02:30}", "02:30, quiet: false}"))

    assert desk.campaign("plan", "spring") == 0
    assert "there is no 02:30 on 2030-03-10 in America/New_York: clocks go forward, so it is 03:30" in desk.said.out
    assert "Wed 2030-03-13 07:30 EDT" in desk.said.out
    assert "moved out of the quiet hours" in desk.said.out


def test_a_plan_for_scripts_has_moments_digests_and_findings(desk):
    desk.write()

    told = desk.read("plan", "spring")
    page, mail, posts = told["steps"]
    assert {key: told[key] for key in ("campaign", "article", "destination", "state")} == {
        "campaign": "spring", "article": "garden", "destination": "outbox", "state": ""
    }  # fmt: skip
    assert (page["utc"], page["local"], page["zone"]) == (
        "2030-03-04T14:00:00+00:00",
        "2030-03-04T09:00:00-05:00",
        "EST",
    )
    assert (mail["firm"], mail["waits_for"], mail["condition"]) == (False, "page", "only if page was sent")
    assert [len(carried["digest"]) for carried in posts["carries"]] == [64, 64]
    assert told["costs"] == {"accounts": {}, "total": 0.0}
    assert told["findings"] == []


def test_what_comes_again_shows_its_next_five_times_and_whose_words_they_have(desk):
    desk.write(HEAD + "repeat: {cron: 30 9 * * 2, variants: [one, two]}\nsteps:\n  - {channel: x, at: now}\n")

    assert desk.campaign("plan", "spring") == 0
    times = [line.strip() for line in desk.said.out.splitlines() if line.startswith("  Tue")]
    assert times[0] == "Tue 2030-03-05 09:30 EST  2030-03-05 14:30 UTC  variant one"
    assert times[1] == "Tue 2030-03-12 09:30 EDT  2030-03-12 13:30 UTC  variant two"
    assert len(times) == 5


def test_what_comes_again_says_by_what_rule_how_often_and_until_when(desk):
    desk.write(HEAD + "repeat: {cron: 30 9 * * 2, times: 6, until: 2030-05-01}\nsteps:\n  - {channel: x, at: now}\n")

    assert desk.campaign("plan", "spring") == 0
    assert "It comes again by 30 9 * * 2, 6 times, until 2030-05-01; above is its next time." in desk.said.out


def test_a_plan_of_what_is_under_way_marks_the_steps_that_are_over(spring, agenda):
    agenda.change(agenda.stage("spring", "page"), state="sent", due_at=NOON, ended_at=NOON)
    spring.campaign("skip", "spring", "posts")

    assert spring.campaign("plan", "spring") == 0
    lines = [line.strip() for line in spring.said.out.splitlines()]
    assert (lines.count("sent already"), lines.count("skipped already")) == (1, 1)
    assert [step["state"] for step in spring.read("plan", "spring")["steps"]] == ["sent", "waiting", "skipped"]


def test_a_plan_of_each_new_article_may_be_seen_for_one(desk):
    desk.write("timezone: UTC\neach: {tags: [reading]}\nsteps:\n  - {channel: web, at: now}\n", "news")

    assert desk.campaign("plan", "news") == 0
    assert "of each new article about reading" in desk.said.out
    assert [step["carries"] for step in desk.read("plan", "news")["steps"]] == [[]]
    assert desk.read("plan", "news/garden")["campaign"] == "news/garden"
    assert desk.campaign("plan", "news", "--article", "gardn") == 1
    assert "Did you mean 'garden'?" in desk.said.out


def test_an_article_can_be_named_only_for_campaigns_of_each_new_one(desk):
    desk.write()

    assert desk.campaign("plan", "spring", "--article", "garden") == 1
    assert "content/campaigns/spring.yaml:1:1: block: The campaign 'spring' names its article itself" in desk.said.out


def test_a_plan_for_real_tells_what_it_costs_and_which_account_is_missing(desk, mastodon):
    desk.write(f"{HEAD}destination: accounts\nsteps:\n  - {{channel: mastodon, at: 2030-03-04 09:00}}\n")
    assert desk.campaign("plan", "spring") == 0
    assert "Nothing is charged." in desk.said.out

    desk.write(f"{HEAD}destination: accounts\nsteps:\n  - {{channel: x, at: 2030-03-04 09:00}}\n")
    assert desk.campaign("plan", "spring") == 1
    assert "spring.yaml:5:6: block: No account is set up for 'x'." in desk.said.out
    assert "Networks charge about $0.20: x $0.20." in desk.said.out

    desk.write(f"{HEAD}destination: accounts\nsteps:\n  - {{channel: x, at: 2020-03-04 09:00}}\n")
    assert desk.read("plan", "spring")["costs"] == {"accounts": {}, "total": None}
    assert "harge" not in desk.said.out


def test_a_plan_loads_no_prefect_and_makes_no_ledger_and_no_secret(desk):
    (desk.root / ".env").write_text("PRESSROOM_NEWSLETTER_AUDIENCE=list.csv\n")
    (desk.root / "list.csv").write_text("email,consent_at\na@reader.example,2026-01-01\nb@reader.example,2026-01-01\n")
    desk.write()
    known = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPROFILEIMPORTTIME": "1"}
    command = [sys.executable, "-m", "desk", "campaign", "plan", "spring", "-v"]
    said = subprocess.run(command, cwd=desk.root, env=known, capture_output=True, text=True, check=False, timeout=120)
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in said.stderr.splitlines()}

    assert "to 2 readers" in said.stdout
    assert "content" in loaded
    assert not loaded & {"prefect", "alembic"}
    assert {path.name for path in (desk.root / ".pressroom").iterdir()} <= {"pictures", "templates"}  # kept renderings


def test_a_list_loads_no_adapters_no_templates_and_no_database_but_its_own(spring):
    command = [sys.executable, "-X", "importtime", "-m", "desk", "campaign", "list", "--root", str(spring.root)]
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run(command, env=known, capture_output=True, text=True, check=True, timeout=60)
    loaded = {line.rpartition("|")[2].strip() for line in said.stderr.splitlines()}

    assert "spring" in said.stdout
    assert "sqlalchemy.dialects.sqlite" in loaded
    unused = {"channels.base", "flows.plan", "flows.forecast", "jinja2", "content.images"}
    assert not loaded & {*unused, "sqlalchemy.dialects.postgresql", "prefect", "alembic", "httpx"}


# files that can't be used


FAULTS = {
    "zone": ("article: garden\ntimezone: New York\n" + STEPS, 2, "did you mean America/New_York?"),
    "past": (
        HEAD + STEPS.replace("2030-03-04", "2030-02-01"),
        4,
        "The step 'page' is in the past: 2030-02-01 09:00 EST.",
    ),
    "cycle": (
        HEAD + "steps:\n  - {channel: x, at: after web}\n  - {channel: web, at: after x}\n",
        4,
        "wait for each other",
    ),
    "channel": (HEAD + STEPS.replace("[x, mastodon]", "[x, mastodn]"), 6, "There is no channel 'mastodn'."),
    "audience": (HEAD + "audience: nobody.csv\n" + STEPS, 6, "Nobody is on the list"),
    "key": (HEAD + "destinaton: outbox\n" + STEPS, 3, "Did you mean 'destination'?"),
    "step": (HEAD + STEPS.replace("after page", "after pge"), 5, "Did you mean 'page'?"),
    "article": (HEAD.replace("garden", "gardn") + STEPS, 1, "Did you mean 'garden'?"),
    "both": (
        "timezone: UTC\neach:\nrepeat: {cron: 0 9 * * 1}\nsteps:\n  - {channel: x, at: now}\n",
        3,
        "either comes again",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_with_a_fault_is_named_with_its_line_and_nothing_is_started(desk, fault):
    text, line, words = FAULTS[fault]
    (desk.root / "nobody.csv").write_text("email,consent_at\nnobody,2026-01-01\n")
    desk.write(text)

    for command in ("plan", "start"):
        assert desk.campaign(command, "spring") == 1
        assert f"content/campaigns/spring.yaml:{line}:" in desk.said.out
        assert words in desk.said.out
    assert begun(desk.root) == []


def test_a_campaign_that_there_is_not_is_refused_with_the_nearest(desk):
    desk.write()

    assert desk.campaign("plan", "sprng") == 1
    assert "Did you mean 'spring'?" in desk.said.out
    assert "Nothing was sent." not in desk.said.out


@pytest.mark.parametrize("wanted", ["pause", "resume", "skip"])
def test_a_campaign_of_no_file_is_not_said_to_be_startable(spring, wanted):
    more = ["page"] if wanted == "skip" else []

    assert spring.campaign(wanted, "nosuch", *more) == 1
    assert "No campaign 'nosuch' has been started.\n    Campaigns: spring." in spring.said.out
    assert spring.campaign(wanted, "sprng", *more) == 1
    assert "Did you mean 'spring'?" in spring.said.out
    spring.write(name="sprint")
    assert spring.campaign(wanted, "sprint", *more) == 1
    assert "Start it: pressroom campaign start sprint" in spring.said.out


def test_only_what_would_have_sent_says_that_nothing_was_sent(spring):
    for command in (["skip", "spring", "pge"], ["new", "spring", "--article", "garden"], ["ics", "nosuch"]):
        assert spring.campaign(*command) == 1
        assert "Nothing was sent." not in spring.said.out
    for command in (["send", "spring", "pge"], ["start", "nosuch"]):
        assert spring.campaign(*command) == 1
        assert "Nothing was sent." in spring.said.out


# start


def test_started_without_a_server_it_is_written_down_and_says_what_is_missing(desk, agenda):
    desk.write()

    assert desk.campaign("start", "spring") == 0
    assert "spring is started. 3 steps to come" in desk.said.out
    assert "does not answer: nothing is sent until it does." in desk.said.out
    assert set(agenda.stages(["spring"])["spring"]) == {"page", "newsletter", "posts"}


def test_started_twice_it_is_started_once(spring, agenda):
    before = agenda.course("spring")

    told = spring.read("start", "spring")
    assert (told["said"], told["courses"], told["moved"]) == ("same", ["spring"], [])
    assert agenda.course("spring") == before
    assert spring.campaign("start", "spring") == 0
    assert "was already started" in spring.said.out


def test_started_again_with_another_file_what_has_not_begun_is_moved(spring):
    spring.write(
        HEAD
        + STEPS.replace("2030-03-04 09:00", "2030-03-05 09:00").replace("+1 day", "+2 days")
        + "  - {channel: bluesky, at: +1 day}\n"
    )

    assert spring.campaign("start", "spring") == 0
    assert "its file has changed: what has not begun is moved." in spring.said.out
    assert "  page: Mon 2030-03-04 09:00 EST → Tue 2030-03-05 09:00 EST" in spring.said.out
    assert "  bluesky: new, Fri 2030-03-08 12:00 EST" in spring.said.out

    spring.write(HEAD + STEPS.split("  - {channel: [x", maxsplit=1)[0])
    moved = {change["step"]: change["due"] for change in spring.read("start", "spring")["moved"]}
    assert (moved["posts"], moved["bluesky"]) == (None, None)


def test_for_real_a_person_is_asked_first(desk, mastodon):
    desk.write(f"{HEAD}destination: accounts\nsteps:\n  - {{channel: mastodon, at: 2030-03-04 09:00}}\n")

    assert desk.campaign("start", "spring") == 1
    assert "Send this for real, at these times? Say so with --yes." in desk.said.err
    told = desk.read("start", "spring")
    assert (told["said"], told["findings"]) == ("refused", [])
    assert "--yes" in told["why"]
    assert begun(desk.root) == []
    assert desk.campaign("start", "spring", "--yes") == 0
    assert [course.id for course in begun(desk.root)] == ["spring"]


# status


def test_status_tells_of_all_that_run_and_of_what_is_next(spring):
    spring.write(HEAD + "repeat: {cron: 0 8 * * 1}\nsteps:\n  - {channel: x, at: now}\n", "mondays")
    spring.campaign("start", "mondays")

    assert spring.campaign("status") == 0
    lines = [line.split() for line in spring.said.out.splitlines()]
    assert lines[1] == ["spring", "running", "0/3", "Mon", "2030-03-04", "09:00", "EST", "page"]
    assert lines[2] == ["mondays", "running", "Mon", "2030-03-04", "08:00", "EST", "begins", "anew"]


def test_status_before_anything_was_started(desk):
    assert desk.campaign("status") == 0
    assert "No campaign has been started yet." in desk.said.out
    assert desk.campaign("status", "spring") == 1
    assert "Campaigns: none yet." in desk.said.out
    desk.write()
    assert desk.campaign("status", "spring") == 1
    assert "Start it: pressroom campaign start spring" in desk.said.out
    assert begun(desk.root) == []


def test_status_tells_where_a_step_went_and_when(spring, agenda):
    course, stage = agenda.course("spring"), agenda.stage("spring", "page")
    with closing(Ledger(Settings.of(spring.root).ledger_url(spring.root))) as ledger:
        for entry in plan(order_of(course, "page", spring.root), spring.root / "outbox").entries:
            Courier(entry.channel, entry.rendition, entry.delivery, ledger).deliver()
    agenda.change(stage, state="sent", due_at=NOON, ended_at=NOON + timedelta(seconds=2))

    assert spring.campaign("status", "spring") == 0
    assert "    web: outbox/spring/garden/page/web/index.html" in spring.said.out.splitlines()
    assert "12:00:02" in spring.said.out
    [told] = spring.read("status", "spring")["campaigns"]
    assert [(step["step"], step["state"]) for step in told["steps"]] == [
        ("page", "sent"),
        ("newsletter", "waiting"),
        ("posts", "waiting"),
    ]
    [place] = told["steps"][0]["places"]
    assert (place["account"], place["channel"]) == ("outbox/web", "web")
    assert [step["channels"] for step in told["steps"]] == [["web"], ["newsletter"], ["x", "mastodon"]]


def test_a_step_that_is_held_ends_status_with_1_and_says_what_to_type(spring, agenda):
    agenda.change(agenda.stage("spring", "posts"), state="held", detail="it is late: it was due at noon")

    assert spring.campaign("status") == 1
    assert "posts is held: It is late: it was due at noon." in spring.said.out
    assert spring.campaign("status", "spring") == 1
    assert "→ pressroom campaign send spring posts, or skip" in spring.said.out


@pytest.mark.parametrize("later", [timedelta(days=2, hours=22), timedelta(days=4)], ids=["within `late`", "after it"])
def test_a_step_that_nobody_takes_when_its_moment_has_passed_ends_status_with_1(spring, later):
    spring.now = NOON + later

    assert spring.campaign("status") == 1
    assert spring.campaign("status", "spring") == 1
    assert "Its moment has passed" in spring.said.out
    assert "→ pressroom doctor --for spring" in spring.said.out
    [told] = spring.read("status")["campaigns"]
    assert [step["stuck"] for step in told["steps"]] == [True, False, False]


def test_a_late_step_that_is_tried_again_by_itself_is_no_alarm(spring, agenda):
    spring.now = NOON + timedelta(days=2, hours=22)
    soon = spring.now + timedelta(minutes=1)
    agenda.change(agenda.stage("spring", "page"), due_at=spring.now, booked_for=soon, detail="web: 503, come again")

    assert spring.campaign("status", "spring") == 0
    assert "web: 503, come again. Its next try is at 10:01." in spring.said.out


def test_a_step_released_by_hand_that_nobody_takes_ends_status_with_1(spring):
    spring.campaign("send", "spring", "page")
    assert spring.campaign("status") == 0

    spring.now += timedelta(minutes=2)
    assert spring.campaign("status", "spring") == 1
    assert "Released by hand, and nobody has taken it." in spring.said.out


def test_what_comes_again_and_nobody_begins_ends_status_with_1(desk):
    desk.write(HEAD + "repeat: {cron: 0 8 * * 1}\nsteps:\n  - {channel: x, at: now}\n", "mondays")
    desk.campaign("start", "mondays")
    assert desk.campaign("status") == 0
    [told] = desk.read("status")["campaigns"]
    assert (told["next"], told["next_at"], told["missed"]) == ("", "2030-03-04T13:00:00+00:00", False)

    desk.now = NOON + timedelta(days=3)
    for arguments in (["status"], ["status", "mondays"]):
        assert desk.campaign(*arguments) == 1
        assert "Its time has passed, and nobody has begun it." in desk.said.out


def test_of_a_cancelled_campaign_nothing_waits_though_no_press_has_noted_it(spring, agenda):
    agenda.change(agenda.stage("spring", "posts"), state="held", detail="it is late")
    spring.campaign("cancel", "spring", "--yes")

    [told] = spring.read("status", "spring")["campaigns"]
    assert {step["state"] for step in told["steps"]} == {"cancelled"}
    assert spring.campaign("status", "spring") == 0
    assert "waiting" not in spring.said.out
    assert {str(event["status"]) for event in dates(spring).values()} == {"CANCELLED"}
    assert "It is cancelled." in dates(spring)["page"]["description"]


def test_a_look_that_goes_on_ends_when_all_is_over(spring):
    command = [sys.executable, "-m", "desk", "campaign", "status", "spring", "--watch", "--root", str(spring.root)]
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=known, stdout=subprocess.PIPE, text=True) as looking:
        assert "running" in looking.stdout.readline()
        spring.campaign("cancel", "spring", "--yes")
        said = looking.stdout.read()

    assert looking.returncode == 0
    assert "spring: “Reading in the garden”, to the outbox: cancelled" in said


def test_ctrl_c_ends_a_look_and_nothing_else(spring):
    command = [sys.executable, "-m", "desk", "campaign", "status", "--watch", "--root", str(spring.root)]
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=known, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as looking:
        assert looking.stdout.readline()
        looking.send_signal(signal.SIGINT)
        assert looking.wait(20) == 0
        assert looking.stderr.read() == ""


# changes


def test_paused_resumed_and_cancelled(spring, agenda):
    for wanted, state in (("pause", "paused"), ("resume", "running")):
        assert spring.campaign(wanted, "spring") == 0
        assert agenda.course("spring").state == state

    assert spring.campaign("cancel", "spring") == 1
    assert "Say so with --yes." in spring.said.err
    assert spring.campaign("cancel", "spring", "--yes") == 0
    assert agenda.course("spring").state == "cancelled"
    assert spring.campaign("pause", "spring") == 1
    assert "The campaign 'spring' is cancelled." in spring.said.out


def test_a_person_at_a_terminal_may_say_no(spring, agenda, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("n\ny\n"))
    assert spring.campaign("cancel", "spring") == 1
    assert agenda.course("spring").state == "running"
    assert spring.campaign("cancel", "spring") == 0


@pytest.mark.parametrize(
    ("to", "due"),
    [
        ("2030-03-07 10:00", datetime(2030, 3, 7, 15, tzinfo=UTC)),
        ("next monday 10:00", datetime(2030, 3, 4, 15, tzinfo=UTC)),
        ("in 2 hours", NOON + timedelta(hours=2)),
        ("+2 hours", datetime(2030, 3, 4, 16, tzinfo=UTC)),
    ],
)
def test_a_step_is_moved_from_now_or_from_when_it_was_due(spring, agenda, to, due):
    assert spring.campaign("reschedule", "spring", "page", to) == 0
    assert agenda.stage("spring", "page").moved_to == due
    assert "page of spring goes out" in spring.said.out


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("soon", "expected a time such as"),
        ("2030-02-01 09:00", "To send it now: pressroom campaign send spring page"),
        ("1 hour after newsletter", "a step that is moved by hand waits for no other"),
        ("-1 day", "To have it go out earlier, give the time itself."),
    ],
)
def test_a_time_that_can_not_be_is_refused(spring, to, words):
    assert spring.campaign("reschedule", "spring", "page", to) == 1
    assert words in spring.said.out


def test_a_step_is_sent_now_or_left_out(spring, agenda):
    assert spring.campaign("send", "spring", "page") == 0
    assert agenda.stage("spring", "page").released
    assert spring.campaign("skip", "spring", "posts") == 0
    assert agenda.stage("spring", "posts").state == "skipped"
    assert spring.campaign("skip", "spring", "posts") == 1
    assert "'posts' of 'spring' is skipped" in spring.said.out
    assert spring.campaign("send", "spring", "post") == 1
    assert "Its steps: newsletter, page, posts." in spring.said.out


def test_what_falls_away_with_a_skipped_step_is_named(spring):
    spring.write(
        HEAD
        + STEPS.replace("09:00}", "09:00, stop_line: true}", 1)
        + "  - {channel: bluesky, at: +1 day, only_if: newsletter}\n  - {channel: linkedin, at: when newsletter is sent}\n"
        + "  - {channel: bluesky, name: later, at: 2030-03-20 09:00}\n",
        "wide",
    )
    spring.campaign("start", "wide")

    assert spring.campaign("skip", "wide", "newsletter") == 0
    said = "newsletter of wide is skipped; with it bluesky is skipped, linkedin is skipped."
    assert said in spring.said.out
    assert spring.read("skip", "wide", "page")["others"] == {"posts": "skipped", "later": "held"}
    assert spring.campaign("skip", "spring", "posts") == 0
    assert "posts of spring is skipped." in spring.said.out


def test_what_was_done_to_a_step_tells_scripts_its_moment(spring):
    told = [spring.read(wanted, "spring", "page") for wanted in ("send", "skip")]

    assert [(one["state"], one["due"]) for one in told] == [
        ("waiting", "2030-03-04T14:00:00+00:00"),
        ("skipped", "2030-03-04T14:00:00+00:00"),
    ]


def test_for_real_a_person_is_asked_before_a_step_is_sent(desk, mastodon):
    desk.write(f"{HEAD}destination: accounts\nsteps:\n  - {{channel: mastodon, at: 2030-03-04 09:00}}\n")
    desk.campaign("start", "spring", "--yes")

    assert desk.campaign("send", "spring", "mastodon") == 1
    assert "Send 'mastodon' of 'spring' for real, now? Say so with --yes." in desk.said.err
    assert desk.campaign("send", "spring", "mastodon", "--yes") == 0


# files


def test_the_list_names_what_is_wrong_with_a_file_beside_the_others(spring):
    spring.write(HEAD.replace("timezone", "timezon") + STEPS, "broken")
    spring.write(HEAD + STEPS.replace("09:00", "10:00"))
    spring.write(HEAD + STEPS, "autumn")

    assert spring.campaign("list") == 1
    states = {one["name"]: one["state"] for one in spring.read("list")["campaigns"]}
    assert states == {"autumn": "not started", "broken": "faulty", "spring": "running, file changed since"}


def test_a_new_file_is_valid_and_is_not_overwritten(desk, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")

    assert desk.campaign("new", "summer", "--article", "garden") == 0
    assert desk.campaign("plan", "summer") == 0, desk.words
    assert "Mon 2030-03-04 09:00 CET" in desk.said.out
    assert desk.campaign("new", "summer", "--article", "garden") == 1
    assert "There is a campaign 'summer' already" in desk.said.out


@pytest.mark.parametrize("told", ["localtime", ":/etc/localtime", "right/UTC", "europe/berlin"])
def test_what_a_machine_calls_its_zone_is_taken_only_where_others_call_it_so(desk, monkeypatch, told):
    monkeypatch.setenv("TZ", told)

    assert desk.campaign("new", "summer", "--article", "garden") == 0, desk.words
    assert told not in (desk.root / "content" / "campaigns" / "summer.yaml").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("A b", "--article", "garden"), "can't be a campaign's name"),
        (("summer", "--article", "gardn"), "Did you mean 'garden'?"),
        (("summer", "--article", "garden", "--zone", "Berlin"), "did you mean Europe/Berlin?"),
    ],
)
def test_a_file_that_could_not_be_used_is_not_written(desk, arguments, words):
    assert desk.campaign("new", *arguments) == 1
    assert words in desk.said.out
    assert list((desk.root / "content" / "campaigns").iterdir()) == []


@pytest.mark.parametrize("ending", ["", ".yaml", ".yml", ".md"])
def test_a_name_that_is_too_long_for_any_file_is_that_of_none(desk, ending):
    name = "x" * 300 + ending
    desk.write(HEAD.replace("garden", name) + STEPS)

    for arguments in (("plan", name), ("plan", "spring"), ("start", name), ("new", "autumn", "--article", name)):
        assert desk.campaign(*arguments) == 1
        assert any(words in desk.said.out for words in ("There is no", "can't be read: File name too long"))


# calendars


def dates(desk, name="spring"):
    """A campaign's calendar, as programs read it."""
    assert desk.campaign("ics", name, "--out", str(desk.root / "out.ics")) == 0, desk.words
    found = Calendar.from_ical((desk.root / "out.ics").read_bytes())
    return {str(event["summary"]).split(": ")[0]: event for event in found.walk("VEVENT")}


def test_a_calendar_has_a_date_for_each_step_on_the_campaigns_clocks(desk):
    desk.write()
    found = dates(desk)

    assert {step: str(event["status"]) for step, event in found.items()} == {
        "page": "CONFIRMED",
        "newsletter": "TENTATIVE",
        "posts": "TENTATIVE",
    }
    assert found["page"]["dtstart"].params["TZID"] == "America/New_York"
    assert found["page"].start == datetime(2030, 3, 4, 14, tzinfo=UTC)
    assert begun(desk.root) == []


def test_a_date_keeps_its_name_when_it_is_moved_or_dropped(desk):
    desk.write()
    before = dates(desk)
    desk.campaign("start", "spring")
    desk.campaign("reschedule", "spring", "page", "2030-03-20 09:00")
    desk.campaign("skip", "spring", "posts")
    after = dates(desk)

    assert {step: event["uid"] for step, event in before.items()} == {
        step: event["uid"] for step, event in after.items()
    }
    assert after["page"].start == datetime(2030, 3, 20, 13, tzinfo=UTC)
    assert (after["page"]["status"], after["posts"]["status"]) == ("CONFIRMED", "CANCELLED")
    assert after["page"]["sequence"] > before["page"]["sequence"]


def stands(dates):
    """What a calendar compares a date with the one that it knows by."""
    return {step: (int(event["sequence"]), event["dtstamp"].dt) for step, event in dates.items()}


@pytest.mark.parametrize(
    "change",
    [
        ("reschedule", "spring", "page", "2030-03-20 09:00"),
        ("skip", "spring", "page"),
        ("cancel", "spring", "--yes"),
        ("start", "spring"),
    ],
    ids=lambda change: change[0],
)
def test_calendars_are_told_of_every_date_that_a_change_moves_or_drops(desk, change):
    desk.now = datetime(2025, 3, 1, 17, tzinfo=UTC)
    desk.write()
    desk.campaign("start", "spring")
    before = stands(dates(desk))
    time.sleep(1.1)  # a calendar knows no less than seconds
    desk.write(HEAD + STEPS.replace("30 minutes", "40 minutes"))
    assert desk.campaign(*change) == 0, desk.words
    after = stands(dates(desk))

    assert all(after[step][0] > before[step][0] and after[step][1] > before[step][1] for step in before)


def test_a_step_that_a_rule_has_skipped_is_told_to_calendars(desk, agenda):
    desk.now = datetime(2025, 3, 1, 17, tzinfo=UTC)
    desk.write()
    desk.campaign("start", "spring")
    before = stands(dates(desk))
    time.sleep(1.1)
    agenda.change(agenda.stage("spring", "newsletter"), state="skipped", detail="only if 'page' was sent; it is held")
    after = dates(desk)

    assert stands(after)["newsletter"] > before["newsletter"]
    assert after["newsletter"]["status"] == "CANCELLED"
    assert str(after["newsletter"]["description"]).endswith("It is skipped. Only if 'page' was sent; it is held.")


def test_a_date_says_of_which_article_and_campaign_it_is(desk):
    desk.write("timezone: UTC\neach: {}\nsteps:\n  - {channel: web, at: now}\n", "news")
    desk.campaign("start", "news", "--article", "garden")
    page = dates(desk, "news")["web"]

    assert page["summary"] == "web: Reading in the garden"
    assert str(page["description"]).splitlines() == [
        "“Reading in the garden” on web",
        "The campaign news/garden, to the outbox.",
        "It is waiting.",
    ]


def test_a_date_that_is_not_begun_yet_was_last_changed_with_its_campaign(desk, agenda):
    desk.write(HEAD + "repeat: {cron: 0 8 * * 1, times: 2}\nsteps:\n  - {channel: x, at: now}\n", "mondays")
    desk.campaign("start", "mondays")

    assert {stamp for _, stamp in stands(dates(desk, "mondays")).values()} == {desk.now}


def test_a_calendars_time_zone_says_the_same_to_a_program_that_knows_no_zones(desk):
    steps = "".join(
        f"  - {{channel: x, name: s{n}, at: 2030-{when}}}\n"
        for n, when in enumerate(("01-05 09:00", "03-10 03:30", "03-11 09:00", "11-02 23:00", "11-04 09:00"))
    )
    desk.now = datetime(2029, 12, 1, tzinfo=UTC)
    desk.write(HEAD + "steps:\n" + steps)
    found = dates(desk)
    zone = tz.tzical(io.StringIO((desk.root / "out.ics").read_text())).get("America/New_York")

    for event in found.values():
        shown = event.start.replace(tzinfo=None)
        assert shown.replace(tzinfo=zone).astimezone(UTC) == event.start


def test_a_calendar_goes_to_standard_output(desk):
    desk.write()
    command = [sys.executable, "-m", "desk", "campaign", "ics", "spring", "--root", str(desk.root)]
    said = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True, timeout=60
    )

    assert said.stdout.startswith(b"BEGIN:VCALENDAR\r\n")
    assert said.stdout.endswith(b"END:VCALENDAR\r\n")


# on a press that runs


@pytest.mark.judged
@pytest.mark.timeout(400)
@pytest.mark.xdist_group("up")
def test_a_campaign_goes_out_as_it_was_planned(tmp_path):
    make_project(tmp_path / "clinic", Voice(as_json=False))
    with opened(tmp_path / "clinic") as press:
        assert press.addresses["pid"] == press.process.pid, press.words
        now = "in 0 minutes"
        text = f"article: {SAMPLE}\ntimezone: Europe/Berlin\nsteps:\n  - {{channel: web, at: {now}}}\n  - {{channel: x, at: when web is live}}\n"
        (press.root / "content" / "campaigns" / "quick.yaml").write_text(text)
        started = json.loads(press.run("campaign", "start", "quick", "--json").stdout)
        assert (started["said"], started["prefect"]["booked"]) == ("new", True)
        assert started["prefect"]["workers"] == ["press"]

        def done():
            [told] = json.loads(press.run("campaign", "status", "quick", "--json").stdout)["campaigns"]
            return told if told["state"] == "done" else None

        told = wait(90, done)
        assert told, press.run("campaign", "status", "quick").stdout
        assert [step["state"] for step in told["steps"]] == ["sent", "sent"]
        healthy = press.run("doctor", "--for", "quick")
        assert "online: press" in healthy.stdout
        assert "STATUS:CONFIRMED" in press.run("campaign", "ics", "quick").stdout
