"""The page on adding a channel, taken by its word: what it shows is built, and keeps the contract."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from tests.corpus import ROOT

PAGE = ROOT / "docs" / "adding-a-channel.md"
CODE = re.compile(r"^## \d\. [^`\n]*(?:`(?P<path>[^`]+)`)?\n.*?^```\w+\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
LEFT_OUT = shutil.ignore_patterns("__pycache__", "corpus", "vendor")


@pytest.fixture
def house(tmp_path):
    """A copy of the rooms that a channel lives in, with the four changes made."""
    for room in ("channels", "content", "flows", "desk", "templates", "tests", "docs"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=LEFT_OUT)
    for file in ("pyproject.toml", "README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / file, tmp_path / file)
    shown = list(CODE.finditer(PAGE.read_text(encoding="utf-8")))
    assert len(shown) == 4
    adapter, line, fake, change = ((found["path"], found["code"]) for found in shown)
    for path, code in (adapter, fake):
        (tmp_path / path).write_text(code, encoding="utf-8")
    registry = tmp_path / line[0]
    text = registry.read_text(encoding="utf-8")
    registry.write_text(text.replace("SHIPPED = {\n", f"SHIPPED = {{\n{line[1]}"), encoding="utf-8")
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(changelog.read_text(encoding="utf-8") + change[1], encoding="utf-8")
    return tmp_path


def run(house, *command):
    return subprocess.run(
        [sys.executable, *command], cwd=house, capture_output=True, text=True, timeout=150, check=False
    )


def test_the_worked_example_keeps_the_contract(house):
    suite = run(house, "-m", "pytest", "-q", "-p", "no:randomly", "tests/channels/test_contract.py", "-k", "pebble")

    assert suite.returncode == 0, suite.stdout
    assert int(re.search(r"(\d+) passed", suite.stdout)[1]) > 25


def test_the_worked_example_is_typed_tidy_and_in_the_tables(house):
    tidy = run(house, "-m", "ruff", "check", "channels/pebble.py", "tests/channels/fakes/pebble.py")
    typed = run(house, "-m", "mypy", "channels/pebble.py")
    tables = run(house, "docs/matrix.py")

    assert (tidy.returncode, typed.returncode, tables.returncode) == (0, 0, 0), f"{tidy.stdout}{typed.stdout}"
    assert "| Pebble | `pebble` | Post | 280 characters |" in (house / "README.md").read_text(encoding="utf-8")
    assert "PRESSROOM_PEBBLE_TOKEN" in (house / ".env.example").read_text(encoding="utf-8")
