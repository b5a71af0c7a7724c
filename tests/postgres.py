"""A real PostgreSQL, in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import ports


class Postgres:
    """One server in a folder of its own, on a free port; it runs as somebody who is not root."""

    def __init__(self, binaries: Path, root: Path) -> None:
        self.binaries, self.root = binaries, root
        owner = "postgres" if _there("postgres") else "nobody"
        self._as = ["setpriv", f"--reuid={owner}", "--clear-groups", f"--regid={pwd.getpwnam(owner).pw_gid}", "--"]
        self._as = [] if os.geteuid() else self._as
        if self._as:
            shutil.chown(root, owner)
        self.port = ports.free()
        self.run("initdb", "-D", str(root / "data"), "-U", "press", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, name: str, *arguments: str) -> None:
        """One of its programs, to its end."""
        command = [*self._as, str(self.binaries / name), *arguments]
        done = subprocess.run(command, cwd=self.root, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> None:
        """Answer (again)."""
        told = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-k", str(self.root), "-p", str(self.port)]
        command = [*self._as, str(self.binaries / "postgres"), "-D", str(self.root / "data"), *told]
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.root, stdout=log, stderr=log)
        ready = [self.binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port)]
        wait_until(lambda: subprocess.run(ready, capture_output=True, check=False).returncode == 0)

    def stop(self) -> None:
        """End at once, and break every connection; what was committed stays."""
        if self.process:
            self.process.send_signal(3)  # SIGQUIT: an immediate shutdown
            self.process.wait(20)
            self.process = None

    def database(self, driver: str = "postgresql+psycopg") -> str:
        """The address of a new database."""
        name = f"d{time.monotonic_ns()}"
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "press", name)
        return f"{driver}://press@127.0.0.1:{self.port}/{name}"


def _there(user: str) -> bool:
    return any(known.pw_name == user for known in pwd.getpwall())


def wait_until(true, seconds=30):
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)


@contextmanager
def running() -> Iterator[Postgres]:
    """One that answers; where it is not installed, the test is skipped."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = found[-1] if found else shutil.which("initdb")
    if not initdb:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="pg") as folder:  # short, for its socket's name
        server = Postgres(Path(initdb).resolve().parent, Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()
