"""A mailing in shares on a real Prefect server: a worker sends one beside the run that began it, or nobody does."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from tests.flows.test_server import BIN
from tests.flows.test_slots import made, outcome
from tests.smtpd import Smtpd

pytestmark = [pytest.mark.judged, pytest.mark.xdist_group("server"), pytest.mark.timeout(400)]
READERS = 10_000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = made(tmp_path_factory.mktemp("home"), READERS)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def mail():
    with Smtpd() as smtpd:
        smtpd.script = lambda stage, to: time.sleep(0.01) or "" if stage == "dot" else ""
        yield smtpd


@pytest.fixture
def press(server, mail):
    server.set_up(mail, NEWSLETTER_SHARES=2)
    return server


def shares(press, campaign):
    """The runs that were offered, and how they ended."""
    runs = press.ask("flow_runs/filter", flow_runs={"tags": {"all_": ["mailing"]}})
    return [run for run in runs if run["parameters"]["portion"]["order"]["campaign"] == campaign]


def all_once(mail):
    return mail.had() == Counter({f"r{n}@list.test": 1 for n in range(READERS)})


@contextmanager
def working(press):
    """A worker, for a while."""
    press.start("worker", "start", "--pool", "press", "--type", "process")
    worker = press.processes.pop()
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(30)


def completed(press, campaign):
    return [run for run in shares(press, campaign) if run["state_type"] == "COMPLETED"]


def test_where_no_worker_comes_the_run_that_began_sends_it_all(press, mail):
    ended = outcome(press.publish("alone"))
    [run] = shares(press, "alone")
    assert ended["detail"] == f"{READERS:,} of {READERS:,} sent"
    assert (run["name"], run["state_type"]) == ("share 2 of 2: garden, newsletter", "SCHEDULED")
    assert all_once(mail)

    with working(press):  # one that comes too late
        [run] = press.wait(60, lambda: completed(press, "alone"))
    assert run["state_name"] == "Superseded"
    assert len(mail.taken) == READERS


def test_a_worker_sends_a_share(press, mail):
    begun = datetime.now(UTC)
    with working(press):
        ended = outcome(press.publish("together"))
        [run] = press.wait(30, lambda: completed(press, "together"))

    assert ended["detail"] == f"{READERS:,} of {READERS:,} sent"
    assert all_once(mail)
    assert 4_000 < int(run["state"]["message"].replace(",", "").split()[0]) < 6_000
    assert press.wait(20, lambda: [line for line in press.logs(begun) if "is offered to the workers" in line])


def test_a_run_that_is_cancelled_gives_its_share_back(press, mail):
    with working(press):
        main = press.publish("cancelled")
        [run] = press.wait(60, lambda: [run for run in shares(press, "cancelled") if run["state_type"] == "RUNNING"])
        time.sleep(2)
        press.run(str(BIN / "prefect"), "flow-run", "cancel", run["id"])
        ended = outcome(main)

    assert "sent" in ended["detail"]
    assert max(mail.had().values()) == 1
    assert len(mail.taken) >= READERS - 8  # those whose connections were cut are in doubt
