"""Judges that are installed beside Python: from npm once, from Debian by hand."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import ROOT

WANTED = Path(__file__).parent / "tools" / "package.json"
INSTALLED = ROOT / ".cache" / "npm"


def program(name: str, package: str) -> str:
    """The path of a program, or the test is skipped."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"there is no {name} here: apt-get install {package}")
    return found


def npm_packages() -> Path:
    """The folder with the packages of `tests/tools/package.json`, installed anew when that file changes."""
    npm = program("npm", "npm")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with (INSTALLED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        kept, done = INSTALLED / "package.json", INSTALLED / "done"
        if not done.exists() or done.read_bytes() != WANTED.read_bytes():
            shutil.copy(WANTED, kept)
            command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
            subprocess.run(command, cwd=INSTALLED, check=True, timeout=150, capture_output=True)
            shutil.copy(WANTED, done)
    return INSTALLED


def node(script: str, given: Any) -> Any:
    """Run a module that may import those packages: it gets JSON as `given`, and prints JSON."""
    folder = npm_packages()
    read = "import { readFileSync } from 'node:fs'; const given = JSON.parse(readFileSync(0, 'utf8'));"
    command = [program("node", "nodejs"), "--input-type=module", "--eval", read + script]
    done = subprocess.run(
        command, cwd=folder, check=True, timeout=120, input=json.dumps(given).encode(), capture_output=True
    )
    return json.loads(done.stdout)
