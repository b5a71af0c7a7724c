"""A mailing in shares, in processes of their own on one PostgreSQL ledger: some are killed, and no mail goes out twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from functools import partial

import pytest
from sqlalchemy.exc import DBAPIError

from flows.database import open_database
from flows.ledger import Ledger
from flows.roll import Roll
from flows.shares import Shares, Stake, share_of
from tests.corpus import ROOT
from tests.flows.test_mailing import DELIVERY, SEAL, Desk, wait_until
from tests.smtpd import Smtpd

pytestmark = [pytest.mark.judged, pytest.mark.xdist_group("postgres")]
READERS, CONNECTIONS, KILLS = 3000, 3, 6
MAIN = """
outcome = desk.deliver(shares=3, worth=1, patience=30.0)
print(json.dumps([outcome.status, outcome.detail]))
"""
MATE = """
import time
from flows.shares import Shares
from tests.flows.test_mailing import DELIVERY
from tests.flows.test_sharing import helper
while True:
    for share in Shares(desk.ledger.engine).offered(DELIVERY.key):
        if share.number == int(sys.argv[4]):
            helper(desk, share, patience=30.0).deliver()
    time.sleep(0.05)
"""
BEFORE = """
import json, sys
from datetime import timedelta
from pathlib import Path
from flows.ledger import Ledger
from tests.flows.test_mailing import Desk
project, url, account = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
desk = Desk(project, Ledger(url), **account)
"""


@pytest.fixture
def server():
    with Smtpd() as smtpd:
        yield smtpd


class Press:
    """Processes that send one mailing."""

    def __init__(self, desk):
        self.desk, self.processes = desk, []
        self.url = desk.ledger.engine.url.render_as_string(hide_password=False)

    def start(self, script, *arguments):
        command = [sys.executable, "-c", BEFORE + script, self.desk.project, self.url, json.dumps(self.desk.settings)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen([*command, *arguments], env=environment, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def main(self):
        return self.start(MAIN)

    def mates(self):
        return [self.start(MATE, str(number)) for number in (1, 2)]

    def kill(self, process):
        process.kill()
        process.wait()

    def end(self):
        while self.processes:
            process = self.processes.pop()
            self.kill(process)
            process.stdout.close()

    def offered(self, number):
        """The share, while it waits for somebody."""
        return [one for one in Shares(self.desk.ledger.engine).offered(DELIVERY.key) if one.number == number]

    def places(self, stake):
        """Two rows of a share."""
        hashes = [SEAL.hash(f"r{n}@list{n % 7}.test") for n in range(READERS)]
        mine = [hashed for hashed in hashes if stake.share.meant(hashed)][:2]
        return stake.places(stake.find(DELIVERY.key), mine).values()

    def shared(self, main):
        """Whether a mate has sent something, or the main run is over before any could."""
        return any(self.sent().values()) or main.poll() is not None

    def outcome(self, main, seconds=90):
        said, _ = main.communicate(timeout=seconds)
        return json.loads(said.splitlines()[-1])

    def sent(self):
        """Messages of each share that are known to be sent."""
        with closing(Roll(self.desk.ledger.engine)) as roll:
            mailing = roll.find(DELIVERY.key)
            return {share.number: share.sent for share in Shares(roll.engine).all(mailing)} if mailing else {}


@pytest.fixture
def press(project, postgres, server):
    with closing(Ledger(postgres.database())) as ledger:
        desk = Desk(project, ledger, **server.account(connections=CONNECTIONS))
        desk.readers(READERS)
        made = Press(desk)
        yield made
        made.end()


def all_once_or_in_doubt(press, server, most):
    with closing(Roll(press.desk.ledger.engine)) as roll:
        mailing = roll.find(DELIVERY.key)
        doubt, counts = roll.doubtful(mailing), roll.counts(mailing)
    had = server.had()
    missing = {SEAL.hash(f"r{n}@list{n % 7}.test") for n in range(READERS)} - {SEAL.hash(to) for to in had}

    assert counts.get("sent", 0) + len(doubt) == READERS, counts
    assert max(had.values()) == 1
    assert missing <= doubt
    assert len(doubt) <= most
    return len(doubt)


def test_three_processes_send_it_side_by_side_and_everybody_has_it_once(press, server):
    press.mates()
    outcome = press.outcome(press.main())

    assert outcome == ["sent", f"{READERS:,} of {READERS:,} sent"]
    assert server.had() == Counter({f"r{n}@list{n % 7}.test": 1 for n in range(READERS)})
    assert all(press.sent().values())


def test_the_main_run_ends_what_a_killed_mate_had_begun(press, server):
    server.script = lambda stage, to: time.sleep(0.002) or ""
    mates = press.mates()
    main = press.main()
    wait_until(lambda: press.sent().get(1, 0) > 100)
    press.kill(mates[0])
    outcome = press.outcome(main)

    assert outcome[0] in {"sent", "held"}
    all_once_or_in_doubt(press, server, CONNECTIONS)


def test_who_comes_after_a_killed_main_run_calls_its_mates_back_and_ends_it(press, server):
    server.script = lambda stage, to: time.sleep(0.002) or ""
    press.mates()
    main = press.main()
    wait_until(lambda: press.sent().get(1, 0) > 100)
    press.kill(main)
    outcome = press.outcome(press.main())

    assert outcome[0] in {"sent", "held"}
    all_once_or_in_doubt(press, server, CONNECTIONS)


def test_whoever_is_killed_at_whatever_moment_nobody_has_it_twice_or_not_at_all(press, server):
    server.script = lambda stage, to: time.sleep(0.002) or ""
    chance = random.Random(8)
    for _ in range(KILLS):
        main, mates = press.main(), press.mates()
        wait_until(partial(press.shared, main))
        time.sleep(chance.uniform(0.0, 0.4))
        for process in chance.sample([main, *mates], chance.choice((1, 2, 3))):
            press.kill(process)
        time.sleep(chance.uniform(0.0, 0.4))
        press.end()
    outcome = press.outcome(press.main())

    assert outcome[0] in {"sent", "held"}
    all_once_or_in_doubt(press, server, KILLS * CONNECTIONS * 3)


def test_pause_and_cancel_reach_every_process(press, server):
    server.script = lambda stage, to: time.sleep(0.005) or ""
    press.mates()
    main = press.main()
    wait_until(lambda: len(press.sent()) == 2 and all(press.sent().values()))

    press.desk.ask("pause")
    time.sleep(2.5)
    paused = len(server.taken)
    time.sleep(1.5)
    assert len(server.taken) == paused < READERS

    press.desk.ask("go")
    wait_until(lambda: {share_of(SEAL.hash(to), 3) for _, to, _ in server.taken[paused:]} == {0, 1, 2})
    press.desk.ask("cancel")
    outcome = press.outcome(main, 15)

    assert (outcome[0], "cancelled by hand" in outcome[1]) == ("held", True)
    assert set(press.desk.counts()) == {"sent", "waiting"}
    assert max(server.had().values()) == 1


def test_the_pace_holds_over_processes(press, server):
    press.desk.settings["per_hour"] = 3600 * 10
    press.mates()
    press.main()
    wait_until(lambda: server.taken, 60)
    started = time.monotonic()
    wait_until(lambda: len(server.taken) >= 600, 60)
    had, since = len(server.taken), time.monotonic()
    time.sleep(6)
    went, ended = len(server.taken), time.monotonic()

    assert went <= 600 + 10 * (ended - started) + 3
    assert went - had >= 10 * (ended - since) * 0.7


def test_a_mate_whose_machine_goes_dark_in_mid_turn_holds_up_nobody(press, server):
    main = press.start(MAIN.replace("patience=30.0", "silence=timedelta(seconds=3)"))
    wait_until(lambda: press.offered(1), 60)
    engine = open_database(f"{press.url}?options=-cidle_in_transaction_session_timeout=2s")
    stake = Stake(engine, press.offered(1)[0], "elsewhere:1:x")
    assert stake.take()
    mailing, numbers = stake.find(DELIVERY.key), [place.number for place in press.places(stake)]
    turn = stake._connection().begin()
    stake._claim(mailing, numbers)  # locks that it never gives back
    outcome = press.outcome(main)
    with pytest.raises(DBAPIError, match="idle-in-transaction"):
        stake._claim(mailing, numbers)
    turn.close()
    stake.close()
    engine.dispose()

    assert outcome == ["sent", f"{READERS:,} of {READERS:,} sent"]
