"""A press that runs as people start it, and a look at everything that it has started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests import ports
from tests.corpus import ROOT

MARK = "MARK_OF_THIS_TEST"  # a variable by which all that a press starts is known, whoever its parent is


class Press:
    """One `pressroom up`, or what else keeps running."""

    def __init__(self, root: Path, command: str, *arguments: str, **environment: str) -> None:
        self.root, self.mark = root, uuid.uuid4().hex
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        self.environment |= {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", MARK: self.mark, **environment}
        self.said, self.complained = root / f"{self.mark}.out", root / f"{self.mark}.err"
        line = [sys.executable, "-m", "desk", command, *arguments, "--root", str(root)]
        with self.said.open("wb") as out, self.complained.open("wb") as err:
            self.process = subprocess.Popen(line, cwd=root, env=self.environment, stdout=out, stderr=err)

    @property
    def words(self) -> str:
        """All that it said."""
        return self.said.read_text() + self.complained.read_text()

    @property
    def addresses(self) -> dict[str, Any]:
        """What it told scripts once it was open."""
        wait(90, lambda: self.said.read_text().endswith("}\n") or self.process.poll() is not None)
        return json.loads(self.said.read_text())

    def health(self) -> tuple[int, dict[str, Any]]:
        """The status and the words of its desk."""
        return fetch(f"{self.addresses['desk']}/health")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command in the same project."""
        line = [sys.executable, "-m", "desk", *arguments, "--root", str(self.root)]
        return subprocess.run(
            line, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def ask(self, path: str, **body: object) -> Any:
        """What its Prefect server answers."""
        return fetch(f"{self.addresses['api']}/{path}", body)[1]

    def order(self, **order: object) -> str:
        """Have the worker publish; the run's id."""
        deployment = fetch(f"{self.addresses['api']}/deployments/name/publish/by-hand")[1]
        return self.ask(f"deployments/{deployment['id']}/create_flow_run", parameters={"order": order})["id"]

    def state(self, run: str) -> str:
        """How a run is."""
        return fetch(f"{self.addresses['api']}/flow_runs/{run}")[1]["state_type"]

    def pids(self, words: str = "") -> list[int]:
        """The processes that it started, however indirectly, and that have not ended; those with words in their line."""
        return [pid for pid, line in processes(self.mark) if words in line]

    def end(self, number: int = signal.SIGINT, seconds: float = 60) -> int:
        """Tell it to end; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


@contextmanager
def opened(root: Path, *arguments: str, command: str = "up", **environment: str) -> Iterator[Press]:
    """A press that is gone afterwards, whatever a test has left of it."""
    if command == "up":
        places = [(option, str(ports.free())) for option in ("--port", "--desk-port") if option not in arguments]
        arguments = (*arguments, "--no-browser", *(word for place in places for word in place))
    press = Press(root, command, *arguments, "--json", **environment)
    try:
        yield press
    finally:
        press.process.terminate()
        wait(30, lambda: press.process.poll() is not None)
        for pid in press.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        press.process.wait(10)


def processes(mark: str) -> list[tuple[int, str]]:
    """The living processes that bear a mark."""
    found = []
    for place in Path("/proc").iterdir():
        with suppress(OSError):  # it ends while we look
            if place.name.isdigit() and f"{MARK}={mark}".encode() in (place / "environ").read_bytes().split(b"\0"):
                found.append((int(place.name), (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()))
    return found


def wait(seconds: float, until: Callable[[], Any]) -> Any:
    """The first truthy answer within some seconds; the last one if there is none."""
    ends = time.monotonic() + seconds
    while not (answer := until()) and time.monotonic() < ends:
        time.sleep(0.1)
    return answer


def fetch(url: str, body: object = None) -> tuple[int, Any]:
    """A status and a JSON document; 0 where nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data, {"Content-Type": "application/json"}), timeout=20) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return 0, {}
