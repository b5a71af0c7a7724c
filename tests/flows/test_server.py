"""On a real Prefect server: the deployments, their schedule, a worker, and a publish that finds the server running."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
import yaml

from tests import ports

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

pytestmark = [pytest.mark.judged, pytest.mark.xdist_group("server")]


class Server:
    """A Prefect server on a port of its own, and the commands that talk to it."""

    def __init__(self, home: Path) -> None:
        from flows.engine import DEFAULTS  # noqa: PLC0415

        port = str(ports.free())
        self.url = f"http://127.0.0.1:{port}/api"
        self.home = home
        self.environment = {**os.environ, **DEFAULTS, "PREFECT_HOME": str(home), "PREFECT_API_URL": self.url}
        self.environment |= {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PREFECT_WORKER_QUERY_SECONDS": "2"}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start("server", "start", "--port", port)

    def start(self, *arguments: str) -> None:
        log = (self.home / f"{arguments[0]}.log").open("wb")
        command = [str(BIN / "prefect"), *arguments]
        self.processes.append(
            subprocess.Popen(command, cwd=self.home / "project", env=self.environment, stdout=log, stderr=log)
        )
        log.close()

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.home / "project",
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def ask(self, path: str, **body: object) -> list[dict[str, object]]:
        """What the API answers. A server on SQLite that is writing may leave one question unanswered: it is asked again."""
        request = Request(f"{self.url}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        for patience in (10, 20, 60):
            try:
                with urlopen(request, timeout=patience) as answer:
                    return json.load(answer)
            except TimeoutError:
                continue
            except HTTPError as error:
                if error.code != 503:
                    raise
                error.close()
                time.sleep(1)
        pytest.fail(f"{path} was not answered in 90 s: {self.log('server')}")

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text()

    def wait(self, seconds: float, until) -> object:
        """The first truthy answer within some seconds; the last one if there is none."""
        ends = time.monotonic() + seconds
        while not (answer := until()) and time.monotonic() < ends:
            time.sleep(0.5)
        return answer

    def healthy(self) -> bool:
        try:
            with urlopen(f"{self.url}/health", timeout=2) as answer:
                return answer.status == 200
        except (URLError, OSError):
            return False

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    project = home / "project"
    for room in ("content", "channels", "flows", "templates"):
        shutil.copytree(ROOT / room, project / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "prefect.yaml", project)
    running = Server(home)
    try:
        assert running.wait(90, running.healthy), running.log("server")
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def deployed(server):
    prefect = str(BIN / "prefect")
    pool = server.run(prefect, "--no-prompt", "work-pool", "create", "press", "--type", "process", "--overwrite")
    deploy = server.run(prefect, "--no-prompt", "deploy", "--all")
    assert (pool.returncode, deploy.returncode) == (0, 0), pool.stderr + deploy.stdout + deploy.stderr
    return server


def test_the_weekly_schedule_makes_runs_ahead(deployed):
    def scheduled() -> list[dict[str, object]]:
        runs = deployed.ask("flow_runs/filter", flow_runs={"state": {"type": {"any_": ["SCHEDULED"]}}})
        return [run for run in runs if run["auto_scheduled"]]

    runs = deployed.wait(60, scheduled)

    assert len(runs) >= 3
    assert {run["parameters"]["order"]["campaign"] for run in runs} == {"weekly"}


def test_a_worker_publishes_what_the_form_was_filled_with(deployed):
    deployed.start("worker", "start", "--pool", "press", "--type", "process")
    order = json.dumps({"order": {"article": "how-to-read-a-clinic-bill", "channels": ["web", "x"]}})
    started = deployed.run(str(BIN / "prefect"), "deployment", "run", "publish/by-hand", "--params", order)

    def ended() -> list[dict[str, object]]:
        states = {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}
        return deployed.ask("flow_runs/filter", flow_runs={"state": states, "name": {"like_": "how-to-read"}})

    runs = deployed.wait(90, ended)
    outbox = deployed.home / "project" / "outbox" / "how-to-read-a-clinic-bill"

    assert started.returncode == 0, started.stderr
    assert [run["state_type"] for run in runs] == ["COMPLETED"], deployed.log("worker")
    assert sorted(path.name for path in outbox.iterdir()) == ["web", "x"]


def test_publish_uses_the_server_that_is_running(deployed):
    published = deployed.run(sys.executable, "-m", "desk", "publish", "is-ketamine-an-opioid", "-c", "web", "--json")
    runs = deployed.ask("flow_runs/filter", flow_runs={"name": {"like_": "is-ketamine"}})

    assert published.returncode == 0, published.stderr
    assert [run["state_type"] for run in runs] == ["COMPLETED"]
    assert [outcome["status"] for outcome in json.loads(published.stdout)["outcomes"]] == ["sent"]


def test_the_form_offers_what_can_be_chosen(deployed):
    found = {deployment["entrypoint"]: deployment for deployment in deployed.ask("deployments/filter")}
    order = found["flows.publish.publish"]["parameter_openapi_schema"]["definitions"]["Order"]["properties"]
    step = found["flows.campaign.campaign_step"]["parameter_openapi_schema"]["definitions"]["Call"]["properties"]

    assert order["destination"]["enum"] == ["outbox", "accounts"]
    assert "bluesky" in order["channels"]["items"]["enum"]
    assert all(field["description"] for field in (*order.values(), *step.values()))


def test_no_deployment_has_a_limit_of_prefects_whose_lost_lease_would_end_what_is_being_sent(deployed):
    assert [one["name"] for one in deployed.ask("deployments/filter") if one["global_concurrency_limit"]] == []


def test_teams_deploy_what_up_offers():
    from flows.deploying import OFFERS  # noqa: PLC0415 - Prefect takes seconds

    written = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    theirs = {(one["entrypoint"], one["name"], one["description"]) for one in written}
    ours = {(offer.entrypoint, offer.name, offer.description) for offer in OFFERS}

    assert ours <= theirs
