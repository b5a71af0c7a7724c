"""Whose process is gone: only one of this machine can be known to be, whatever others are called."""

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from channels.owners import Place, abandoned, oneself
from tests.corpus import ROOT

NOW = datetime(2026, 12, 7, 8, 30, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)
NONE = "999999999"  # no process has this number
SAYS = "from channels.owners import oneself; print(oneself(), flush=True); input()"


def test_a_process_of_this_machine_is_gone_once_it_has_ended():
    command, environment = [sys.executable, "-c", SAYS], {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdin=-1, stdout=-1, text=True) as other:
        owner = other.stdout.readline().strip()
        living = abandoned(owner, SOON, NOW)
        other.kill()
        other.wait()

    assert (living, abandoned(owner, SOON, NOW)) == (False, True)


@pytest.mark.parametrize("lease", [None, NOW - timedelta(seconds=1), NOW])
def test_a_lease_that_has_run_out_binds_nobody(lease):
    assert abandoned(oneself(), lease, NOW)


def test_one_of_an_earlier_version_has_its_lease_alone():
    owner = f"{socket.gethostname()}:{NONE}:0123456789ab"

    assert not abandoned(owner, SOON, NOW)
    assert abandoned(owner, NOW, NOW)


@pytest.mark.parametrize(
    ("there", "lost"),
    [
        (Place("press", "5e1f0a3c", "9b3e77d0"), True),
        (Place("press", "77777777", "9b3e77d0"), True),
        (Place("press", "77777777", "88888888"), False),
        (Place("press", "77777777"), False),
        (Place("east", "77777777", "9b3e77d0"), False),
    ],
    ids=["here", "here, before a restart", "a clone", "a container", "another machine"],
)
def test_what_no_process_here_is_named_as_is_lost_only_where_it_was_of_this_machine(there, lost):
    assert Place("press", "5e1f0a3c", "9b3e77d0").lost(f"{there}:{NONE}:0123456789ab") is lost


def test_a_number_that_another_has_after_a_restart_is_lost_all_the_same():
    here, before = Place("press", "5e1f0a3c", "9b3e77d0"), Place("press", "77777777", "9b3e77d0")

    assert here.lost(f"{before}:{os.getpid()}:0123456789ab")
    assert not here.lost(f"{here}:{os.getpid()}:0123456789ab")


def test_containers_of_one_name_do_not_know_of_each_other():
    assert not Place("press", "5e1f0a3c").lost(f"{Place('press', '77777777')}:{NONE}:0123456789ab")


def test_an_owner_names_its_machine_and_its_process_and_fits_its_column():
    owner = oneself()

    assert owner.startswith(f"{socket.gethostname()[:100]}/")
    assert owner.split(":")[1] == str(os.getpid())
    assert len(owner) < 200
