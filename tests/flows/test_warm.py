"""Flow runs that are forked out of a warm process: what they get, how they end, and what is never done twice."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.corpus import ROOT

LISTEN = "from pathlib import Path; from flows.warming import main; main(Path('warm'), modules=())"
# In place of Prefect's: it does what it is told, and can say how it was started.
ENGINE = "import os, sys\nhow = 'forked' if 'flows.warming' in sys.modules else 'anew'\nexec(os.environ['RUN'])\n"


class House:
    """A copy of our own side, a warm process in it, and calls of the command that a worker starts."""

    def __init__(self, root: Path) -> None:
        shutil.copytree(ROOT / "flows", root / "flows", ignore=shutil.ignore_patterns("__pycache__", "migrations"))
        (root / "prefect").mkdir()
        (root / "prefect" / "__init__.py").touch()
        (root / "prefect" / "engine.py").write_text(ENGINE)
        self.root, self.socket = root, root / "warm"
        own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
        self.environment = own | {"PYTHONPATH": str(root), "PRESSROOM_WARM": str(self.socket)}
        self.started: list[subprocess.Popen[str]] = []
        self.process = self.start("-c", LISTEN)

    def start(self, *command: str, folder: Path | None = None, **variables: str) -> subprocess.Popen[str]:
        environment, pipe = self.environment | variables, subprocess.PIPE
        whole = [sys.executable, *command]
        process = subprocess.Popen(
            whole, cwd=folder or self.root, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )
        self.started.append(process)
        return process

    def call(self, run: str, **more: object) -> subprocess.Popen[str]:
        """Have a run started by way of the command."""
        return self.start("-m", "flows.warm", RUN=run, **more)

    def said(self, run: str, **more: object) -> str:
        """What a run that goes well writes."""
        out, err = self.call(run, **more).communicate(timeout=30)
        assert err == ""
        return out.strip()

    def stop(self) -> None:
        """The commands first: so the warm process ends their runs, and then itself."""
        for process in reversed(self.started):
            process.kill() if process is not self.process else process.terminate()
            process.communicate(timeout=30)


def wait_until(true, seconds=20):
    ends = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < ends
        time.sleep(0.02)
    return found


def alive(process: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process, 0)
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    return False


def first_line(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline().strip()


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    try:
        wait_until(made.socket.exists)
        yield made
    finally:
        made.stop()


def test_a_run_has_the_callers_folder_environment_and_streams(house, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    run = "print(how, os.getcwd(), sys.path[0], os.environ['WORD'], sys.stdin.read(), sys.argv[1:], os.environ.get('HOME'))"
    called = house.call(run, folder=folder, WORD="naïve\nword")
    out, err = called.communicate("from outside", timeout=30)

    assert out == f"forked {folder} {folder} naïve\nword from outside [] {os.environ.get('HOME')}\n"
    assert (err, called.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("run", "status", "told"),
    [
        ("sys.exit(3)", 3, ""),
        ("sys.exit('it went wrong')", 1, "it went wrong"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("os.kill(os.getpid(), 9)", -9, ""),
        ("os.kill(os.getpid(), 15)", -15, ""),
    ],
)
def test_the_command_ends_as_its_run_does(house, run, status, told):
    called = house.call(run)
    _, err = called.communicate(timeout=30)

    assert called.returncode == status
    assert told in err
    assert bool(err) == bool(told)


def test_what_a_run_does_at_its_exit_is_done(house):
    run = "import atexit; atexit.register(print, 'at the exit'); print('before')"

    assert house.said(run).splitlines() == ["before", "at the exit"]


def test_a_signal_to_the_command_reaches_the_run(house):
    run = "import signal; signal.signal(15, lambda *_: sys.exit(7)); print('ready', flush=True); signal.pause()"
    called = house.call(run)
    assert first_line(called) == "ready"
    called.terminate()

    assert called.wait(30) == 7


def test_killing_the_command_kills_its_run(house):
    called = house.call("import time; print(os.getpid(), flush=True); time.sleep(60)")
    run = int(first_line(called))
    called.kill()

    wait_until(lambda: not alive(run))


def test_runs_go_side_by_side_and_each_has_its_own_end(house):
    called = [house.call(f"import time; time.sleep(0.5); print(how); sys.exit({number})") for number in range(12)]
    ends = [process.communicate(timeout=60)[0] for process in called]

    assert [process.returncode for process in called] == list(range(12))
    assert ends == ["forked\n"] * 12


def test_nothing_of_the_warm_process_is_open_in_a_run(house):
    other = house.call("import time; print(flush=True); time.sleep(60)")
    first_line(other)
    ours = house.said("print(len(os.listdir('/dev/fd')))")

    assert int(ours) == 5  # three streams, the line to the command, and the look itself


@pytest.mark.parametrize("place", ["", "nowhere", "dead"])
def test_without_a_warm_process_the_run_is_started_anew(house, place):
    house.process.kill()  # which leaves a socket that nobody listens at
    house.process.wait()
    dead = {"dead": str(house.socket)}

    assert house.said("print(how)", PRESSROOM_WARM=dead.get(place, place)) == "anew"


def test_only_settings_that_prefect_reads_at_its_start_make_a_run_start_anew(house):
    assert house.said("print(how)", PREFECT__FLOW_RUN_ID="7", PRESSROOM_PATIENCE="1") == "forked"
    assert house.said("print(how)", PREFECT_LOGGING_LEVEL="DEBUG") == "anew"
    assert house.said("print(how)", PYTHONUTF8="1") == "anew"


def test_a_run_is_not_started_again_when_the_warm_process_is_killed(house):
    called = house.call("import time; print(how, flush=True); time.sleep(1); open('ended', 'a').write(how)")
    first_line(called)
    house.process.kill()

    assert called.wait(30) == 1
    assert (house.root / "ended").read_text() == "forked"


def test_told_to_end_it_takes_nothing_new_and_lets_its_runs_end(house):
    called = house.call("print(how, flush=True); sys.stdin.read(); sys.exit(5)")
    first_line(called)
    house.process.terminate()
    wait_until(lambda: not house.socket.exists())
    later = house.said("print(how)")
    waits = house.process.poll() is None
    called.communicate("", timeout=30)

    assert (later, waits, called.returncode) == ("anew", True, 5)
    assert house.process.wait(30) == 0


def test_it_ends_with_whoever_started_it(house):
    start = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {LISTEN!r}], stdout=2).pid)"
    house.process.terminate()
    house.process.wait()
    warm = int(house.start("-c", start + "; input()").stdout.readline())
    wait_until(house.socket.exists)
    house.started[-1].kill()

    wait_until(lambda: not alive(warm))


def test_code_that_has_changed_counts_from_the_next_run_on(house):
    os.utime(house.root / "flows" / "starts.py")
    first = house.said("print(how)")
    wait_until(lambda: house.said("print(how)") == "forked")

    assert first == "anew"


def test_the_socket_is_for_its_owner_alone(house):
    assert house.socket.stat().st_mode & 0o777 == 0o600


def test_the_command_imports_next_to_nothing():
    listing = "import flows.warm, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True)

    assert {"asyncio", "json", "pathlib", "pydantic", "prefect", "subprocess"}.isdisjoint(done.stdout.split())
