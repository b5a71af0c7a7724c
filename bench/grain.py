"""What one flow run a delivery costs, and what it gives, beside coarser and finer grains. `make bench`.

On a real Prefect server with PostgreSQL, the same deliveries to the outbox are made

* by one flow run each, as Prefect's process worker starts them;
* by one flow run each, out of a warm process (`flows/warming.py`), and then with what `flows/sparing.py` spares it;
* by one flow run for all of them, started in both ways;
* by no flow run at all: a long-lived task worker.

Processor seconds are those of a worker and all that it starts, of the server, and of PostgreSQL; what the same
processes use while they idle is taken off. What schedules the work is not counted: it is the same for all.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flows.engine import DEFAULTS  # noqa: E402
from flows.sparing import sparing  # noqa: E402
from tests import ports  # noqa: E402
from tests.postgres import Postgres, wait_until  # noqa: E402

SAMPLE = "is-ketamine-an-opioid"
AT_ONCE = 4
IDLE = 5.0  # seconds
PREFECT = (sys.executable, "-m", "prefect")
WARM = (sys.executable, "-m", "flows.warm")
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
SPELLED_ONCE = """
from flows.sparing import spelled_once
from prefect.cli import app

with spelled_once():
    app()
"""


@dataclass(slots=True, kw_only=True)
class Row:
    """What one way has cost, and what is on Prefect's pages after it."""

    way: str
    seconds: float
    cost: dict[str, float]  # processor seconds of all deliveries, by who had them
    seen: dict[str, int]


@dataclass(slots=True)
class Press:
    """A server with its database, and a project."""

    folder: Path
    postgres: Postgres
    port: int = field(default_factory=ports.free)
    server: subprocess.Popen[bytes] | None = None

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def environment(self) -> dict[str, str]:
        ours = {"PREFECT_HOME": str(self.folder / "prefect"), "PREFECT_API_URL": self.api, "PYTHONPATH": str(ROOT)}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "PRESSROOM"))}
        results = {"PREFECT_WORKER_QUERY_SECONDS": "2", "PRESSROOM_WARM": str(self.folder / "warm")}
        return {**kept, **DEFAULTS, **ours, **results}

    def ask(self, path: str, **body: Any) -> Any:
        """What the API answers."""
        request = Request(f"{self.api}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def start(self, *command: str, **more: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.project, env=self.environment | more, stdout=log, stderr=log, stdin=subprocess.PIPE
            )

    def open(self) -> None:
        """Start the server, and make its pool."""
        shutil.copytree(
            ROOT / "content", self.project / "content", ignore=shutil.ignore_patterns("*.py", "__pycache__")
        )
        shutil.copy(ROOT / "bench" / "grains.py", self.project)
        database = self.postgres.database("postgresql+asyncpg")
        command = (*PREFECT, "server", "start", "--port", str(self.port))
        self.server = self.start(*command, PREFECT_SERVER_DATABASE_CONNECTION_URL=database)
        wait_until(self.healthy, seconds=120)
        pool = (*PREFECT, "--no-prompt", "work-pool", "create", "press", "--type", "process")
        assert self.start(*pool).wait(120) == 0

    def healthy(self) -> bool:
        with contextlib.suppress(OSError), urlopen(f"{self.api}/health", timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    def deployed(self, flow: str, entrypoint: str, *command: str) -> str:
        """A deployment's id."""
        step = {"prefect.deployments.steps.set_working_directory": {"directory": str(self.project)}}
        made = self.ask(
            "deployments/",
            flow_id=self.ask("flows/", name=flow)["id"],
            name=f"{flow} {len(command)}",
            work_pool_name="press",
            entrypoint=entrypoint,
            pull_steps=[step],
            job_variables={"command": shlex.join(command)} if command else {},
        )
        return str(made["id"])

    def counted(self) -> dict[str, int]:
        """What there is to see."""
        kinds = {"flow runs": "flow_runs", "task runs": "task_runs", "artifacts": "artifacts"}
        return {told: self.ask(f"{kind}/count") for told, kind in kinds.items()}

    def runs_ended(self, ids: list[str]) -> bool:
        found = self.ask("flow_runs/filter", flow_runs={"id": {"any_": ids}}, limit=200)
        states = [run["state_type"] for run in found]
        assert not set(states) & (ENDED - {"COMPLETED"}), states
        return states.count("COMPLETED") == len(ids)


def orders(way: str, deliveries: int) -> list[dict[str, Any]]:
    """Each in a campaign of its own: so each is a delivery."""
    names = [f"{way.replace(' ', '-')}-{number}" for number in range(deliveries)]
    return [{"article": SAMPLE, "channels": ["x"], "campaign": name} for name in names]


@contextlib.contextmanager
def ended(*processes: subprocess.Popen[bytes]) -> Iterator[None]:
    """End them afterwards, the newest first."""
    try:
        yield
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(60)


def one_each(press: Press, way: str, deliveries: int, *command: str, spared: bool = False) -> Row:
    """A flow run for each."""
    deployment = press.deployed("publish", "flows.publish.publish", *command)
    given = [{"order": order} for order in orders(way, deliveries)]
    return by_runs(press, way, deployment, given, spared=spared)


def all_in_one(press: Press, way: str, deliveries: int, *command: str, spared: bool = False) -> Row:
    """One flow run for all that is due."""
    deployment = press.deployed("together", "grains.py:together", *command)
    return by_runs(press, way, deployment, [{"orders": orders(way, deliveries)}], spared=spared)


def by_runs(press: Press, way: str, deployment: str, given: list[dict[str, Any]], *, spared: bool) -> Row:
    """A worker, a warm process for those who want one, and a flow run for each set of parameters."""
    more = sparing(press.api, ours=True) if spared else {}
    socket = press.environment["PRESSROOM_WARM"]
    warm = press.start(sys.executable, "-m", "flows.warming", socket, **more)
    wait_until(Path(socket).exists, seconds=60)
    program = (sys.executable, "-c", SPELLED_ONCE) if spared else PREFECT
    arguments = ("worker", "start", "--pool", "press", "--type", "process", "--limit", str(AT_ONCE))
    started = [warm, press.start(*program, *arguments, **more)]

    def begin() -> Callable[[], bool]:
        path = f"deployments/{deployment}/create_flow_run"
        made = [press.ask(path, parameters=parameters)["id"] for parameters in given]
        return lambda: press.runs_ended(made)

    with ended(*started):
        return measured(press, way, started, begin)


def no_runs(press: Press, way: str, deliveries: int) -> Row:
    """Tasks that a long-lived process takes."""
    started = [press.start(sys.executable, "grains.py", "serve", str(AT_ONCE))]
    giver = press.start(sys.executable, "grains.py", "delay")  # it has imported all when it is asked

    def begin() -> Callable[[], bool]:
        giver.communicate(json.dumps(orders(way, deliveries)).encode(), timeout=120)
        state = {"state": {"type": {"any_": ["COMPLETED"]}}, "name": {"like_": f"alone {way.replace(' ', '-')}"}}
        return lambda: press.ask("task_runs/count", task_runs=state) == deliveries

    with ended(*started):
        return measured(press, way, started, begin)


def measured(press: Press, way: str, started: list[subprocess.Popen[bytes]], begin: Callable[..., Any]) -> Row:
    """What it takes from the first order until all has ended and been written down."""
    assert press.server
    assert press.postgres.process
    roots = {"runs": [process.pid for process in started], "server": [press.server.pid]}
    roots["database"] = [press.postgres.process.pid]

    def used() -> dict[str, float]:
        return {name: sum(family(root) for root in them) for name, them in roots.items()}

    settle(used)
    before = used()
    time.sleep(IDLE)
    idle = {name: (now - before[name]) / IDLE for name, now in used().items()}
    seen, before, began = press.counted(), used(), time.monotonic()
    done = begin()
    wait_until(done, seconds=600)
    seconds = time.monotonic() - began
    time.sleep(5)  # recorders write in batches
    whole = time.monotonic() - began
    cost = {name: now - before[name] - idle[name] * whole for name, now in used().items()}
    return Row(
        way=way, seconds=seconds, cost=cost, seen={kind: now - seen[kind] for kind, now in press.counted().items()}
    )


def settle(used: Callable[[], dict[str, float]]) -> None:
    """Wait until everybody has started, and does next to nothing."""
    busy = True
    while busy:
        before = used()["runs"]
        time.sleep(IDLE)
        busy = used()["runs"] - before > IDLE / 20


def family(root: int) -> float:
    """Processor seconds of a process and of all that it has started, ended or not."""
    children: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = path.read_text().rpartition(")")[2].split()
            process, parent = int(path.parent.name), int(after_name[1])
            children.setdefault(parent, []).append(process)
            used[process] = sum(map(int, after_name[11:15])) / os.sysconf("SC_CLK_TCK")
    found, total = [root], 0.0
    while found:
        process = found.pop()
        total += used.get(process, 0.0)
        found += children.get(process, [])
    return total


def told(rows: list[Row], deliveries: int) -> None:
    """The table."""
    print(f"{deliveries} deliveries to the outbox, {AT_ONCE} at once; processor seconds a delivery")
    print(f"{'':34}{'a minute':>9}{'ratio':>7}{'runs':>8}{'server':>8}{'database':>10}{'wall':>8}  on Prefect's pages")
    first = rows[0].cost["runs"]
    for row in rows:
        each = {name: seconds / deliveries for name, seconds in row.cost.items()}
        seen = ", ".join(f"{count} {kind}" for kind, count in row.seen.items())
        print(
            f"{row.way:34}{60 / each['runs']:9.0f}{first / row.cost['runs']:7.1f}{each['runs']:8.3f}"
            f"{each['server']:8.3f}{each['database']:10.3f}{row.seconds:7.1f}s  {seen}"
        )
    print("a minute: deliveries on one core of the machine that works; ratio: to the first line")


def main() -> None:
    """Measure every grain on one server."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=20)
    deliveries = parser.parse_args().deliveries
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        print("the grain: not measured, for there is no PostgreSQL")
        return
    with tempfile.TemporaryDirectory(prefix="pg") as data, tempfile.TemporaryDirectory(prefix="grain") as folder:
        postgres = Postgres(found[-1].resolve().parent, Path(data))
        postgres.start()
        press = Press(Path(folder), postgres)
        try:
            press.open()
            told([grain(press, way, deliveries, *how) for way, (grain, how) in WAYS.items()], deliveries)
        finally:
            if press.server:
                press.server.terminate()
                press.server.wait(60)
            postgres.stop()


WAYS: dict[str, tuple[Callable[..., Row], tuple[str, ...]]] = {
    "a run each, process worker": (one_each, ()),
    "a run each, warm process": (one_each, WARM),
    "a run each, warm and spared": (partial(one_each, spared=True), WARM),
    "one run for all, process worker": (all_in_one, ()),
    "one run for all, warm and spared": (partial(all_in_one, spared=True), WARM),
    "no run, a task worker": (no_runs, ()),
}

if __name__ == "__main__":
    main()
