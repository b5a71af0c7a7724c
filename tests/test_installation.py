"""What `make setup` installs runs on every Python that the README promises."""

import re
from importlib.metadata import distribution

import pytest
from packaging.specifiers import SpecifierSet

from tests.corpus import ROOT

PINNED = [line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()]
ELSEWHERE = {"async-timeout"}  # asked for by Python 3.11.0 to 3.11.2 alone


@pytest.mark.parametrize("name", sorted(set(PINNED) - ELSEWHERE))
def test_a_pinned_version_runs_on_the_oldest_python(name):
    needs = distribution(name).metadata["Requires-Python"] or ""

    assert "3.11.0" in SpecifierSet(needs)


def test_constraints_hold_versions_and_no_addresses():
    text = (ROOT / "constraints.txt").read_text()

    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[^ @:/]+", line) for line in text.splitlines())
