"""What deploy/compose.yaml describes, without Docker: its processes with its settings, and a campaign through them.

Two API servers without services, the services apart, PostgreSQL, Redis, two workers; each worker asks another server.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from tests import ports
from tests.composed import asked, compose
from tests.corpus import ROOT
from tests.postgres import Postgres
from tests.tools import program

pytestmark = [pytest.mark.judged, pytest.mark.xdist_group("deploy"), pytest.mark.timeout(400)]
BIN = Path(sys.executable).parent
CAMPAIGN = """article: how-to-read-a-clinic-bill
timezone: America/New_York
steps:
  - {channel: web, at: in 1 minute}
  - {channel: newsletter, at: +0 minutes}
  - {channel: [x, linkedin], at: +0 minutes}
  - {channel: [mastodon, bluesky], at: +0 minutes}
  - {name: after, channel: telegram, at: 1 minute after page is live, only_if: page}
"""
EACH = """each: {}
timezone: America/New_York
steps:
  - {channel: web, at: now}
"""


class Containers:
    """The processes of compose.yaml, each where it would be alone."""

    def __init__(self, home: Path, postgres: Postgres) -> None:
        self.home, self.processes = home, []
        self.project = home / "project"
        self.apis = [ports.free(), ports.free()]
        self.redis = ports.free()
        self.given = {name: f"{name.lower().replace('_', '')}1" for name in asked()} | {"PREFECT_AUTH": "press:secret1"}
        self.hosts = {"postgres:5432": f"127.0.0.1:{postgres.port}", "redis:6379": f"127.0.0.1:{self.redis}"}

    def start(self, name: str, *more: str, api: int = 0) -> None:
        """A service's command, which keeps running."""
        log = (self.home / f"{name}{len(self.processes)}.log").open("wb")
        line = [*self._command(name, api), *more]
        environment = self._environment(name, api)
        self.processes.append(
            subprocess.Popen(line, cwd=self.project, env=environment, stdout=log, stderr=log, start_new_session=True)
        )
        log.close()

    def once(self, name: str) -> None:
        """A service's command, to its end."""
        self.run(name, *self._command(name, 0))

    def run(self, name: str, *command: str) -> str:
        """A command in a service's environment; what it said."""
        environment = self._environment(name, 0)
        done = subprocess.run(
            command, cwd=self.project, env=environment, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def press(self, *arguments: str) -> dict:
        """A command of Pressroom's, as `docker compose exec worker pressroom …` would run it."""
        return json.loads(self.run("worker", sys.executable, "-m", "desk", *arguments, "--json"))

    def ask(self, path: str, body: object, api: int = 0) -> list[dict]:
        """What one of the API servers answers."""
        heads = {"Content-Type": "application/json", "Authorization": "Basic cHJlc3M6c2VjcmV0MQ=="}
        request = Request(f"http://127.0.0.1:{self.apis[api]}/api/{path}", json.dumps(body).encode(), heads)
        with urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else []

    def healthy(self, name: str, api: int = 0) -> bool:
        """Whether the healthcheck of a service passes."""
        check = self._service(name, api)["healthcheck"]["test"][1:]
        line = [sys.executable, *check[1:]]
        environment = self._environment(name, api)
        return subprocess.run(line, cwd=self.project, env=environment, capture_output=True, check=False).returncode == 0

    def stop(self) -> None:
        """End all of them, in the order in which compose would: what depends on others first."""
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait(10)

    def logs(self) -> str:
        """The end of what all of them said."""
        return "\n".join(f"== {log.name}\n{log.read_text()[-3000:]}" for log in sorted(self.home.glob("*.log")))

    def _service(self, name: str, api: int) -> dict:
        there = {"balancer:4200": f"127.0.0.1:{self.apis[api]}", "127.0.0.1:4200": f"127.0.0.1:{self.apis[api]}"}
        return compose(self.given, self.hosts | there)["services"][name]

    def _command(self, name: str, api: int) -> list[str]:
        command = [word if word != "4200" else str(self.apis[api]) for word in self._service(name, api)["command"]]
        return [sys.executable, "-m", "desk", *command[1:]] if command[0] == "pressroom" else command

    def _environment(self, name: str, api: int) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PRESSROOM_"))}
        path = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PREFECT_HOME": str(self.home / "prefect"),
        }
        return kept | path | self._service(name, api)["environment"]


def until(seconds: float, true: Callable[[], object]) -> object:
    """The first truthy answer within some seconds; the last one if there is none."""
    ends = time.monotonic() + seconds
    while not (answer := true()) and time.monotonic() < ends:
        time.sleep(0.5)
    return answer


@pytest.fixture(scope="module")
def containers(tmp_path_factory, postgres) -> Iterator[Containers]:
    """Everything up, in the order of `depends_on`."""
    redis = program("redis-server", "redis-server")
    home = tmp_path_factory.mktemp("deploy")
    running = Containers(home, postgres)
    ignored = shutil.ignore_patterns("__pycache__", "campaigns")
    for room in ("content", "channels", "flows", "desk", "templates", "deploy"):
        shutil.copytree(ROOT / room, running.project / room, ignore=ignored if room == "content" else None)
    shutil.copy(ROOT / "prefect.yaml", running.project)
    (running.project / "content" / "campaigns").mkdir()
    where = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port), "POSTGRES_USER": "press"}
    made = [str(ROOT / "deploy" / "databases.sh")]
    subprocess.run(made, env={**os.environ, **running.given, **where}, check=True, capture_output=True)
    line = [redis, "--port", str(running.redis), "--dir", str(home), "--appendonly", "yes", "--bind", "127.0.0.1"]
    running.processes.append(subprocess.Popen(line, stdout=subprocess.DEVNULL))
    try:
        running.once("migrate")
        for name, api in (("services", 0), ("api", 0), ("api", 1)):
            running.start(name, api=api)
        assert until(120, lambda: running.healthy("api", 0) and running.healthy("api", 1)), running.logs()
        running.once("deploy")
        for api in (0, 1):
            running.start("worker", "--name", f"worker-{api}", api=api)
        yield running
    finally:
        running.stop()


def test_a_campaign_goes_out_once_through_all_of_it(containers):
    (containers.project / "content" / "campaigns" / "spring.yaml").write_text(CAMPAIGN)
    online = until(90, lambda: len(workers(containers)) == 2)

    containers.press("campaign", "start", "spring")
    over = until(200, lambda: standing(containers, "spring")["state"] == "done")
    steps = standing(containers, "spring")["steps"]
    runs = containers.ask("flow_runs/filter", {"flow_runs": {"tags": {"all_": ["campaign", "spring"]}}}, api=1)

    assert online, containers.logs()
    assert over, f"{steps}\n{containers.logs()}"
    assert {step["state"] for step in steps} == {"sent"}
    assert Counter(run["state_name"] for run in runs)["Sent"] == len(steps), runs
    assert late(steps) < timedelta(seconds=30)


def test_an_event_begins_the_campaign_of_a_new_article(containers):
    (containers.project / "content" / "campaigns" / "new-ones.yaml").write_text(EACH)
    event = {
        "id": str(uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": "pressroom.article.merged",
        "resource": {"prefect.resource.id": "pressroom.article.is-ketamine-an-opioid"},
        "payload": {"campaign": "new-ones", "article": "is-ketamine-an-opioid"},
    }

    containers.ask("events", [event], api=1)
    over = until(120, lambda: standing(containers, "new-ones/is-ketamine-an-opioid").get("state") == "done")

    assert over, containers.logs()


def test_what_ends_zombies_is_there_once_however_often_it_is_deployed(containers):
    containers.once("deploy")
    found = containers.ask("automations/filter", {})

    assert [one["name"] for one in found].count("crash-zombies") == 1
    assert [one["name"] for one in found].count("article-merged") == 1


def workers(containers: Containers) -> list[str]:
    """Those that the second server counts as online."""
    found = containers.ask("work_pools/press/workers/filter", {}, api=1)
    return [worker["name"] for worker in found if worker["status"] == "ONLINE"]


def standing(containers: Containers, id_: str) -> dict:
    """How one of the campaigns stands."""
    found = containers.press("campaign", "status")["campaigns"]
    return next((one for one in found if one["id"] == id_), {})


def late(steps: list[dict]) -> timedelta:
    """The longest time between the moment of a step and its end."""
    waits = [datetime.fromisoformat(step["ended"]) - datetime.fromisoformat(step["due"]) for step in steps]
    return max(waits)
