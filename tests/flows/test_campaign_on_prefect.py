"""Campaigns on a real Prefect server. Weeks pass quickly: this process is the worker, and tells the time."""

import asyncio
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from flows import clock
from flows.directing import directing
from flows.ledger import Ledger
from flows.lookup import find_campaign
from flows.settings import Settings
from tests.conftest import ARTICLE, BRAND
from tests.flows.test_server import Server

pytestmark = [
    pytest.mark.judged,
    pytest.mark.xdist_group("campaigns"),
    # Prefect leaves sockets to be collected when a run in this process has ended
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
]

WEEK = """article: garden
timezone: {zone}
quiet: 22:00-07:00
steps:
  - channel: web
    at: {day} 08:30
  - channel: newsletter
    at: 30 minutes after the page is live
    only_if: before
    stop_line: true
  - channel: x
    at: +1 day 02:30
    quiet: false
  - channel: linkedin
    at: next weekday 09:00
  - channel: mastodon
    at: +1 day
  - channel: bluesky
    at: +24 hours
  - {{name: again, channel: telegram, at: +1 day 23:30}}
  - channel: threads
    at: next friday 18:00
"""
STEPS = ("web", "newsletter", "x", "linkedin", "mastodon", "bluesky", "again", "threads")
CHANNELS = ("web", "newsletter", "x", "linkedin", "mastodon", "bluesky", "telegram", "threads")
# a Saturday's page; what clocks in its zone show when each step goes out
SPRING = "03-07 08:30, 03-07 09:00, 03-08 03:30, 03-09 09:00, 03-10 09:00, 03-11 09:00, 03-13 07:00, 03-20 18:00"
AUTUMN = "10-31 08:30, 10-31 09:00, 11-01 02:30, 11-02 09:00, 11-03 09:00, 11-04 09:00, 11-06 07:00, 11-13 18:00"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "project").mkdir()
    running = Server(home)
    try:
        assert running.wait(90, running.healthy), running.log("server")
        yield running
    finally:
        running.stop()


@pytest.fixture
def press(server, tmp_path):
    """A project whose campaigns are booked on the server, and a worker for them that tells the time."""
    from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings  # noqa: PLC0415

    from flows.deploying import register  # noqa: PLC0415

    root = tmp_path / "project"
    (root / "content" / "articles").mkdir(parents=True)
    (root / "content" / "campaigns").mkdir()
    (root / "content" / "brand.yaml").write_text(BRAND, encoding="utf-8")
    (root / "content" / "articles" / "garden.md").write_text(ARTICLE, encoding="utf-8")
    # its logs would be sent when this process ends, to a server that is gone by then
    with temporary_settings({PREFECT_API_URL: server.url, PREFECT_LOGGING_TO_API_ENABLED: False}):
        asyncio.run(register(root))
        yield Press(server, root)


class Press:
    """A project, its server, and a worker of our own."""

    def __init__(self, server: Server, root: Path) -> None:
        self.server, self.root, self.now = server, root, datetime.now(UTC)

    def write(self, name: str, text: str) -> None:
        (self.root / "content" / "campaigns" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def start(self, name: str) -> str:
        with self.telling(), directing(self.root) as director:
            started = director.start(find_campaign(name, self.root))
        self.arrange(name)
        return started.said

    def arrange(self, name: str) -> None:
        from flows.tending import arranged  # noqa: PLC0415

        with self.telling():
            arranged(self.root, [name])

    def telling(self):
        return clock.told_by(lambda: self.now)

    def stages(self, name: str):
        with directing(self.root) as director:
            return director.agenda.stages([name])[name]

    def sent(self, name: str) -> list[str]:
        """The accounts that have it, once for each receipt."""
        with closing(Ledger(Settings.of(self.root).ledger_url(self.root))) as ledger:
            found = [record for record in ledger.records(campaign=name) if record.receipt]
            return [record.delivery.account for record in found for _ in ledger.versions(record.delivery.key)]

    def runs(self, name: str, *states: str):
        tags = {"tags": {"all_": ["campaign", name]}}
        among = {"state": {"type": {"any_": list(states)}}} if states else {}
        return self.server.ask("flow_runs/filter", flow_runs={**tags, **among}, sort="EXPECTED_START_TIME_ASC")

    def work(self, name: str) -> None:
        """Run whatever is booked, each run at its time, until nothing is."""
        while booked := self.runs(name, "SCHEDULED"):
            first = min(booked, key=lambda run: run["expected_start_time"])
            self.now = max(self.now, datetime.fromisoformat(first["expected_start_time"]))
            self.run(first["id"])

    def run(self, id_: str) -> None:
        """One run, in this process, by Prefect's own engine."""
        from prefect.flow_engine import load_flow_run, run_flow_async  # noqa: PLC0415

        from flows.campaign import campaign_step  # noqa: PLC0415

        flow_run = load_flow_run(UUID(id_))
        flow_run.parameters["call"]["root"] = str(self.root)
        with self.telling():
            running = run_flow_async(campaign_step, flow_run, flow_run.parameters, return_type="state")
            asyncio.run(running)


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("America/New_York", "2026-03-07", SPRING),
        ("America/New_York", "2026-10-31", AUTUMN),
        ("Asia/Kolkata", "2026-10-31", AUTUMN),
        ("Pacific/Apia", "2026-03-07", SPRING.replace("03-08 03:30", "03-08 02:30")),
    ],
)
def test_each_step_of_a_week_goes_out_at_its_local_time_once(press, zone, day, expected):
    name = f"{zone.split('/')[1].lower().replace('_', '-')}-{day[5:7]}"
    press.now = datetime.fromisoformat(f"{day} 00:00").replace(tzinfo=ZoneInfo(zone)) - timedelta(hours=12)
    press.write(name, WEEK.format(zone=zone, day=day))
    press.start(name)
    press.work(name)
    stages = press.stages(name)
    shown = [f"{stage.ended_at.astimezone(ZoneInfo(zone)):%m-%d %H:%M}" for stage in in_order(stages)]

    assert {stage.state for stage in stages.values()} == {"sent"}
    assert ", ".join(shown) == expected
    assert Counter(press.sent(name)) == Counter(f"outbox/{channel}" for channel in CHANNELS)
    assert [run["state_type"] for run in press.runs(name)] == ["COMPLETED"] * 8


def in_order(stages):
    return [stages[name] for name in STEPS]


PLAIN = """article: garden
timezone: Europe/London
steps:
  - {channel: x, at: 2026-12-20 09:00}
  - {channel: linkedin, at: +2 hours}
  - {channel: mastodon, at: 2 days after linkedin}
"""


def test_starting_twice_books_once(press):
    press.write("twice", PLAIN)
    said = press.start("twice"), press.start("twice")
    runs = press.runs("twice")

    assert said == ("new", "same")
    assert [run["name"] for run in runs] == ["twice: x, Sun 20 Dec 09:00 GMT", "twice: linkedin, Sun 20 Dec 11:00 GMT"]


def test_a_changed_plan_moves_what_has_not_begun(press):
    press.now = datetime(2026, 12, 19, tzinfo=UTC)
    press.write("moved", PLAIN)
    press.start("moved")
    first = press.runs("moved")[0]
    press.now = datetime(2026, 12, 20, 9, tzinfo=UTC)
    press.write("moved", PLAIN.replace("+2 hours", "+1 day"))
    said = press.start("moved")
    booked, freed = press.runs("moved", "SCHEDULED"), press.runs("moved", "CANCELLED")

    assert said == "changed"
    assert [run["name"] for run in booked] == [first["name"], "moved: linkedin, Mon 21 Dec 09:00 GMT"]
    assert booked[0]["id"] == first["id"]
    assert [run["name"] for run in freed] == ["moved: linkedin, Sun 20 Dec 11:00 GMT"]


def test_what_is_paused_has_no_runs_and_goes_on_when_it_is_resumed(press):
    press.write("paused", PLAIN)
    press.start("paused")
    asked(press, "pause", "paused")
    without = press.runs("paused", "SCHEDULED")
    asked(press, "resume", "paused")
    again = press.runs("paused", "SCHEDULED")
    asked(press, "cancel", "paused")

    assert without == []
    assert [run["name"][:11] for run in again] == ["paused: x, ", "paused: lin"]
    assert press.runs("paused", "SCHEDULED") == []
    assert {stage.state for stage in press.stages("paused").values()} == {"cancelled"}


def test_a_run_that_comes_twice_or_too_late_sends_nothing_twice(press):
    press.now = datetime(2026, 11, 20, tzinfo=UTC)
    press.write("doubled", PLAIN.replace("12-20", "11-21"))
    press.start("doubled")
    first = press.runs("doubled", "SCHEDULED")[0]
    press.now = datetime(2026, 11, 21, 9, tzinfo=UTC)
    press.run(first["id"])
    doubled(press, first)
    late = press.runs("doubled", "SCHEDULED")[0]
    press.now = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
    press.run(late["id"])

    assert press.sent("doubled") == ["outbox/x"]
    assert sorted(run["state_name"] for run in press.runs("doubled")) == ["Held", "Sent", "Superseded"]
    assert press.stages("doubled")["linkedin"].detail == (
        "it is late: it was due at 2026-11-21 11:00 GMT, and may go out for 2 hours after that"
    )


def test_a_run_that_was_cancelled_in_prefects_pages_waits_for_a_person(press):
    press.now = datetime(2026, 11, 20, tzinfo=UTC)
    press.write("stopped", PLAIN.replace("12-20", "11-21"))
    press.start("stopped")
    first = press.runs("stopped", "SCHEDULED")[0]
    press.server.ask(f"flow_runs/{first['id']}/set_state", state={"type": "CANCELLING"})
    press.now = datetime(2026, 11, 21, 9, 10, tzinfo=UTC)
    press.arrange("stopped")

    assert press.stages("stopped")["x"].state == "held"
    assert press.stages("stopped")["x"].detail == "its run was cancelled in Prefect's pages"


def asked(press, wanted, name):
    with directing(press.root) as director:
        director.ask(wanted, name)
    press.arrange(name)


def doubled(press, run):
    """The same run once more, as a server that forgets might have it."""
    path = f"deployments/{run['deployment_id']}/create_flow_run"
    again = press.server.ask(path, parameters=run["parameters"], tags=run["tags"], name=run["name"])
    press.run(again["id"])
