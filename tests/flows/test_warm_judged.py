"""A warm process under a real Prefect: what people see of a run that was forked is what they see of any other."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.engine import DEFAULTS
from tests.corpus import ROOT
from tests.flows.test_server import BIN, Server

pytestmark = [pytest.mark.judged, pytest.mark.xdist_group("server")]
FLOW = """
import asyncio
import os

from prefect import flow, get_run_logger


@flow(name="slow")
async def slow(seconds: float) -> None:
    get_run_logger().info("process %s of %s", os.getpid(), os.getppid())
    await asyncio.sleep(seconds)
"""


class Press:
    """A server, a worker, a warm process, and a deployment whose runs begin there."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.warm = self.start("warm", sys.executable, "-m", "flows.warming", server.environment["PRESSROOM_WARM"])
        prefect, command = str(BIN / "prefect"), f"command={shlex.join((sys.executable, '-m', 'flows.warm'))}"
        server.run(prefect, "--no-prompt", "work-pool", "create", "press", "--type", "process")
        deploy = ("deploy", "slow.py:slow", "--name", "warm", "--pool", "press", "--job-variable", command)
        deployed = server.run(prefect, "--no-prompt", *deploy)
        assert deployed.returncode == 0, deployed.stderr
        self.deployment = server.ask("deployments/filter")[0]["id"]
        server.start("worker", "start", "--pool", "press", "--type", "process")

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.server.home / f"{name}.log").open("wb") as log:
            started = subprocess.Popen(command, env=self.server.environment, stdout=log, stderr=log)
        self.server.processes.append(started)
        return started

    def begun(self, seconds: float) -> str:
        asked: Any = self.server.ask(f"deployments/{self.deployment}/create_flow_run", parameters={"seconds": seconds})
        return asked["id"]

    def state(self, run: str) -> str:
        return self.server.ask("flow_runs/filter", flow_runs={"id": {"any_": [run]}})[0]["state_type"]

    def ends(self, run: str, state: str) -> bool:
        return bool(self.server.wait(90, lambda: self.state(run) == state))

    def processes(self, run: str) -> tuple[int, int]:
        """A run's process and its parent, as its log has them on the server."""

        def logged() -> re.Match[str] | None:
            logs = self.server.ask("logs/filter", logs={"flow_run_id": {"any_": [run]}})
            return re.search(r"process (\d+) of (\d+)", " ".join(log["message"] for log in logs))

        found: Any = self.server.wait(90, logged)
        assert found, self.server.log("worker") + self.server.log("warm")
        return int(found[1]), int(found[2])


@pytest.fixture(scope="module")
def press(tmp_path_factory):
    home = tmp_path_factory.mktemp("press")
    (home / "project").mkdir()
    (home / "project" / "slow.py").write_text(FLOW)
    server = Server(home)
    server.environment["PRESSROOM_WARM"] = str(home / "w")
    try:
        assert server.wait(90, server.healthy), server.log("server")
        made = Press(server)
        assert server.wait(60, (home / "w").exists), server.log("warm")
        yield made
    finally:
        server.stop()


def gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


def test_a_run_is_forked_and_its_log_reaches_the_server(press):
    run = press.begun(seconds=0)

    assert press.ends(run, "COMPLETED")
    assert press.processes(run)[1] == press.warm.pid


def test_a_run_that_is_cancelled_ends_and_stands_cancelled(press):
    run = press.begun(seconds=120)
    process, parent = press.processes(run)
    cancelled = press.server.run(str(BIN / "prefect"), "flow-run", "cancel", run)

    assert (parent, cancelled.returncode) == (press.warm.pid, 0)
    assert press.ends(run, "CANCELLED")
    assert press.server.wait(10, lambda: gone(process))


def test_a_run_that_is_killed_stands_crashed(press):
    run = press.begun(seconds=120)
    process, _ = press.processes(run)
    os.kill(process, signal.SIGKILL)

    assert press.ends(run, "CRASHED")


def test_a_run_gives_signs_of_life(press):
    run = press.begun(seconds=3)
    resource = {"id": [f"prefect.flow-run.{run}"]}

    def beats() -> Any:
        asked = {"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": resource}
        answer: Any = press.server.ask("events/filter", filter=asked)
        return answer["events"]

    assert press.server.wait(60, beats)
    assert press.ends(run, "COMPLETED")


def test_a_rehearsal_leaves_no_thread_and_nothing_open(tmp_path):
    code = "import os, threading; from flows.rehearsal import rehearse; rehearse()"
    look = "print(threading.active_count(), *sorted(os.listdir('/dev/fd')))"
    environment = {**os.environ, **DEFAULTS, "PREFECT_HOME": str(tmp_path)}
    command = [sys.executable, "-c", f"{code}; {look}"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["1", "0", "1", "2", "3"]  # three streams, and the look itself
