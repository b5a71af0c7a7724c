"""The press on one machine: one command opens it, a signal closes it, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from desk.cli import main
from desk.console import Voice
from desk.projects import make_project
from flows import engine
from flows.ledger import Ledger
from flows.settings import Settings
from tests import ports
from tests.channels.fakes.mastodon import TOKEN, Platform
from tests.channels.fakes.server import Trouble
from tests.corpus import ROOT
from tests.desk.presses import Press, fetch, opened, wait

pytestmark = [pytest.mark.xdist_group("up"), pytest.mark.timeout(400)]
judged = pytest.mark.judged
SAMPLE = "how-to-read-a-clinic-bill"
SPRING = f"article: {SAMPLE}\ntimezone: UTC\nsteps:\n  - {{channel: x, at: +1 hour}}\n"
SLOW = 6.0  # seconds that a platform takes to answer


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One press for tests that leave it as it is."""
    root = tmp_path_factory.mktemp("shared") / "clinic"
    make_project(root, Voice(as_json=False))
    with opened(root) as press:
        assert press.addresses["pid"] == press.process.pid, press.words
        yield press


@pytest.fixture
def clinic(tmp_path):
    """A fresh project."""
    make_project(tmp_path / "clinic", Voice(as_json=False))
    return tmp_path / "clinic"


@pytest.fixture
def slow_platform(clinic):
    """A platform that takes its time for a post, and the account for it."""
    with Platform() as fake:
        fake.troubles.append(Trouble(stored=True, seconds=SLOW))
        settings = f"PRESSROOM_MASTODON_SERVER={fake.url}\nPRESSROOM_MASTODON_TOKEN={TOKEN}\n"
        (clinic / ".env").write_text(f"{settings}PRESSROOM_LIVE_WAIT=0\n", encoding="utf-8")
        yield fake


@judged
def test_one_command_opens_the_press_and_says_where_it_is(shared):
    status, told = shared.health()
    said = shared.run("up", "--status", "--json")

    assert (status, told["status"]) == (200, "ok")
    assert {told[part]["state"] for part in ("server", "worker", "tender", "ledger")} == {"ok"}
    assert said.returncode == 0
    assert json.loads(said.stdout)["prefect"] == shared.addresses["prefect"]
    with urlopen(f"{shared.addresses['prefect']}/ui-settings") as answer:
        assert json.load(answer)["api_url"] == shared.addresses["api"]


@judged
def test_publish_uses_the_server_of_its_project(shared):
    published = shared.run("publish", SAMPLE, "-c", "web", "--json")
    runs = shared.ask("flow_runs/filter", flow_runs={"deployment_id": {"is_null_": True}})

    assert published.returncode == 0, published.stderr
    assert [run["state_type"] for run in runs] == ["COMPLETED"]


@judged
def test_the_worker_publishes_what_the_form_was_filled_with(shared):
    run = shared.order(article=SAMPLE, channels=["x"])

    assert wait(60, lambda: shared.state(run) == "COMPLETED"), shared.state(run)
    assert (shared.root / "outbox" / SAMPLE / "x" / "post.txt").is_file()


@judged
def test_a_campaign_of_a_project_without_a_press_is_not_booked_at_its_neighbours(shared, clinic, monkeypatch, capsys):
    before = shared.ask("flow_runs/filter")
    monkeypatch.setattr(engine, "LOCAL", shared.addresses["api"])
    monkeypatch.setenv("PREFECT_API_URL", "")
    (clinic / "content" / "campaigns").mkdir(exist_ok=True)
    (clinic / "content" / "campaigns" / "spring.yaml").write_text(SPRING)
    with pytest.raises(SystemExit):
        main(["campaign", "start", "spring", "--root", str(clinic)])
    said = capsys.readouterr()

    assert f"is another project's, {shared.root}: nothing is sent yet. Run `pressroom up`." in said.out + said.err
    assert shared.ask("flow_runs/filter") == before


@judged
def test_a_second_press_in_the_same_project_says_where_the_first_is(shared):
    second = shared.run("up", "--json")

    [finding] = json.loads(second.stdout)["refused"]
    assert (second.returncode, finding["rule"]) == (1, "up.running")
    assert shared.addresses["desk"] in finding["why"]


@judged
def test_a_worker_that_is_killed_comes_back_and_works(shared):
    [worker] = shared.pids("flows.working")
    os.kill(worker, signal.SIGKILL)

    assert wait(10, lambda: shared.health()[0] == 503), "the death was not noticed"
    assert wait(30, lambda: shared.health()[0] == 200), shared.health()
    assert shared.health()[1]["worker"]["restarts"] >= 1
    run = shared.order(article=SAMPLE, channels=["bluesky"])
    assert wait(60, lambda: shared.state(run) == "COMPLETED"), shared.state(run)


@judged
def test_a_worker_beside_it_takes_runs_too(shared):
    with opened(shared.root, "--name", "east", command="worker", PREFECT_API_URL=shared.addresses["api"]) as beside:
        assert beside.addresses == {"server": shared.addresses["api"]}, beside.words
        workers = shared.ask("work_pools/press/workers/filter")

        assert {worker["name"] for worker in workers if worker["status"] == "ONLINE"} >= {"press", "east"}
        assert beside.end(signal.SIGTERM) == 0, beside.words
        assert beside.pids() == []


@judged
def test_ctrl_c_ends_all_and_the_next_press_knows_what_was_done(clinic):
    with opened(clinic) as first:
        assert first.addresses["api"]
        first.run("publish", SAMPLE, "-c", "x")
        note = "Ask Ada first."
        changed(first, description=note)
        assert first.end(signal.SIGINT) == 0, first.words
        assert wait(5, lambda: first.pids() == []) is True
        assert not (clinic / ".pressroom" / "up.json").exists()
    with opened(clinic) as second:
        runs = second.ask("flow_runs/filter")
        found = second.ask("deployments/filter", deployments={"name": {"any_": ["by-hand"]}})

        assert [run["state_type"] for run in runs] == ["COMPLETED"]
        assert note in {deployment["description"] for deployment in found}
        assert second.end(signal.SIGTERM) == 0, second.words


@judged
def test_what_is_being_sent_ends_before_the_press_does(clinic, slow_platform):
    with opened(clinic) as press:
        run = press.order(article=SAMPLE, channels=["mastodon"], destination="accounts")
        assert wait(60, slow_platform.created), press.state(run)
        assert press.end(signal.SIGINT) == 0, press.words
        assert press.pids() == []

    assert len(slow_platform.texts()) == 1
    assert states(clinic) == ["sent"]
    with opened(clinic) as again:
        assert again.state(run) == "COMPLETED"
        again.end()


@judged
def test_an_impatient_person_is_not_kept_waiting(clinic, slow_platform):
    slow_platform.troubles[0] = Trouble(stored=True, seconds=60)
    with opened(clinic) as press:
        press.order(article=SAMPLE, channels=["mastodon"], destination="accounts")
        assert wait(60, slow_platform.created)
        press.process.send_signal(signal.SIGINT)
        assert wait(2, lambda: press.process.poll() is not None) is False
        assert press.end(signal.SIGINT, 15) == 0, press.words
        assert press.pids() == []


@judged
def test_a_press_that_is_killed_leaves_nothing_behind_and_can_be_opened_again(clinic):
    with opened(clinic) as first:
        assert len(first.addresses) > 1, first.words
        assert len(first.pids()) > 4
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
        with opened(clinic) as second:  # at once: it waits for what the first has left
            assert second.addresses["pid"] == second.process.pid, second.words
            assert first.pids() == []
            second.end()


@judged
def test_a_press_that_can_not_start_its_server_says_why(clinic):
    with opened(clinic, PREFECT_SERVER_DATABASE_CONNECTION_URL="sqlite+aiosqlite:////nowhere/at/all.db") as press:
        code = press.process.wait(120)

        [finding] = json.loads(press.said.read_text())["refused"]
        assert (code, finding["rule"]) == (1, "up.child")
        assert "Prefect's server" in finding["why"]
        assert press.pids() == []


@pytest.mark.parametrize("option", ["--port", "--desk-port"])
def test_a_port_that_is_taken_is_said(clinic, option):
    with socket.create_server(("127.0.0.1", ports.free())) as taken:
        number = str(taken.getsockname()[1])
        with opened(clinic, option, number) as press:
            code = press.process.wait(30)

    [finding] = json.loads(press.said.read_text())["refused"]
    assert (code, finding["rule"]) == (1, "up.port")
    assert number in finding["why"]
    assert option in finding["mend"]


@judged
def test_a_port_that_another_press_will_open_in_a_moment_is_said(clinic, tmp_path):
    make_project(tmp_path / "other", Voice(as_json=False))
    number = str(ports.free())
    with opened(clinic, "--port", number):
        assert wait(30, (clinic / ".pressroom" / "up.json").exists)
        with opened(tmp_path / "other", "--port", number) as second:
            code = second.process.wait(30)

    [finding] = json.loads(second.said.read_text())["refused"]
    assert (code, finding["rule"]) == (1, "up.port")
    assert number in finding["why"]


@judged
def test_a_server_that_came_to_the_port_first_is_not_taken_for_the_presss_own(clinic):
    with opened(clinic, "--port", str(ports.free())) as press, stranger(clinic) as asked:
        code = press.process.wait(120)

        [finding] = json.loads(press.said.read_text())["refused"]
        assert (code, finding["rule"]) == (1, "up.child")
        assert "already in use" in finding["mend"]
        assert set(asked) == {"/api/admin/settings"}  # nothing was registered there, no run was taken


@judged
def test_a_doorplate_that_can_not_be_hung_is_said_and_the_desk_is_open(clinic):
    (clinic / ".pressroom" / "up.json").mkdir(parents=True)
    number = str(ports.free())
    with opened(clinic, "--desk-port", number) as press:
        said = f"{clinic / '.pressroom' / 'up.json'} can't be written: Is a directory."

        assert wait(30, lambda: said in press.words), press.words
        assert wait(10, lambda: fetch(f"http://127.0.0.1:{number}/health")[0])


def test_a_plate_that_a_dead_or_foreign_process_left_is_not_believed(clinic):
    plate = {"pid": os.getpid(), "desk": f"http://127.0.0.1:{ports.free()}", "prefect": "http://127.0.0.1:9"}
    (clinic / ".pressroom").mkdir()
    (clinic / ".pressroom" / "up.json").write_text(json.dumps({**plate, "since": "2026-11-29"}))
    with opened(clinic, "--status") as press:
        assert press.process.wait(30) == 1
        assert json.loads(press.said.read_text()) == {"status": "closed"}


def test_since_when_the_press_runs_is_told_by_clocks_on_the_wall(desk):
    plate = {"pid": desk.process.pid, "desk": desk.address, "prefect": "http://127.0.0.1:9"}
    (desk.root / ".pressroom").mkdir(exist_ok=True)
    (desk.root / ".pressroom" / "up.json").write_text(json.dumps({**plate, "since": "2026-11-29T20:19:09+00:00"}))
    command = [sys.executable, "-m", "desk", "up", "--status", "--root", str(desk.root)]
    known = {**os.environ, "PYTHONPATH": str(ROOT), "TZ": "Asia/Tokyo"}
    said = subprocess.run(command, env=known, capture_output=True, text=True, check=True, timeout=60).stdout

    assert said.startswith("The press runs since Mon 2026-11-30 05:19 JST: ok\n")


@pytest.mark.parametrize(
    ("environment", "why"),
    [({}, "PREFECT_API_URL is not set"), ({"PREFECT_API_URL": "http://127.0.0.1:9/api"}, "does not answer")],
)
@pytest.mark.parametrize("command", ["worker", "tend"])
def test_without_a_server_there_is_nothing_to_work_for(clinic, command, environment, why):
    with opened(clinic, command=command, **environment) as beside:
        assert beside.process.wait(30) == 1
        assert why in beside.words


def test_the_desk_alone_is_well_when_it_answers(desk):
    assert fetch(f"{desk.address}/health") == (200, {"status": "ok", "pid": desk.process.pid})


@contextmanager
def stranger(root) -> Iterator[list[str]]:
    """Somebody else's Prefect server at the port of a press that is being opened; what it is asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_) -> None:
            """Be quiet."""

        def do_GET(self) -> None:
            asked.append(self.path)
            told = {"/api/health": True, "/api/admin/settings": {"home": "/home/ada/.prefect"}}.get(self.path)
            self.send_response(200 if told else 404)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        do_POST = do_PATCH = do_GET  # noqa: N815 - the library's names

    assert wait(30, (root / ".pressroom" / "up.json").exists)
    prefect = json.loads((root / ".pressroom" / "up.json").read_text())["prefect"]
    server = ThreadingHTTPServer(("127.0.0.1", urlsplit(prefect).port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def changed(press: Press, **values: str) -> None:
    """A person changes a deployment in Prefect's pages."""
    [deployment] = [
        found for found in press.ask("deployments/filter") if found["entrypoint"] == "flows.publish.publish"
    ]
    url = f"{press.addresses['api']}/deployments/{deployment['id']}"
    request = Request(url, json.dumps(values).encode(), {"Content-Type": "application/json"}, method="PATCH")
    urlopen(request, timeout=20).close()


def states(root) -> list[str]:
    """How the ledger's deliveries are."""
    ledger = Ledger(Settings.of(root).ledger_url(root))
    found = [record.state for record in ledger.records()]
    ledger.close()
    return found
