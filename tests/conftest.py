"""What every test may use: a project of its own, and no way to skip in silence."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus import CORPUS, ROOT
from tests.postgres import Postgres, running

ARTICLE = """---
title: Reading in the garden
description: Why a chair outside is half the book.
date: 2026-11-16
authors: [Ada Byron]
tags: [reading, quiet places]
takeaways:
  - A chair outside is half the book.
  - Shade matters more than silence.
---

Take a chair outside. The rest follows by itself, says [the almanac](https://almanac.example/chairs).

## What you need

- a chair
- some shade
"""
BRAND = """name: Garden Letters
site: https://garden.example.org
postal_address: Garden Letters, 1 Long Walk, Kew
email: {from_address: letters@garden.example.org}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a brand and one article, `garden`."""
    root = tmp_path / "project"
    (root / "content" / "articles").mkdir(parents=True)
    (root / "content" / "brand.yaml").write_text(BRAND, encoding="utf-8")
    (root / "content" / "articles" / "garden.md").write_text(ARTICLE, encoding="utf-8")
    return root


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A project that is a copy of the shipped content."""
    root = tmp_path / "shipped"
    shutil.copytree(ROOT / "content", root / "content", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return root


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL, for the tests of one file."""
    with running() as server:
        yield server


def pytest_report_header() -> str:
    """Whether strangers' articles are read."""
    return f"corpus: {CORPUS if CORPUS.is_dir() else 'none; set PRESSROOM_CORPUS to a folder of articles'}"


def pytest_collection_modifyitems(config, items) -> None:
    """Nobody's articles are part of the project: without a folder of them, their tests are left out."""
    if CORPUS.is_dir():
        return
    left_out = [item for item in items if item.get_closest_marker("corpus")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI everything is installed: there a skipped test is a failed one."""
    report = yield
    if report.skipped and os.environ.get("PRESSROOM_REQUIRE_ALL") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped, though PRESSROOM_REQUIRE_ALL=1: {report.longrepr}"
    return report
