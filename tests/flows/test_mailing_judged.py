"""A mailing against a real Postfix and Dovecot: what arrived is read back where readers read it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from channels.errors import Misconfigured
from desk.console import Voice
from desk.mail.returning import read_bounces
from flows.ledger import Ledger
from flows.roll import Roll
from flows.suppressions import Suppressions
from tests.flows.test_mailing import DELIVERY, SEAL, Desk
from tests.mailserver import MailServer, needs_mail_server

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.judged, pytest.mark.xdist_group("mailserver")]
KILLS, READERS, CONNECTIONS = 20, 2000, 5
SEND = """
import json, sys
from flows.ledger import Ledger
from pathlib import Path
from tests.flows.test_mailing import Desk
project, account = Path(sys.argv[1]), json.loads(sys.argv[2])
desk = Desk(project, Ledger(f"sqlite:///{project}/ledger.db"), **account)
print("ready", flush=True)
outcome = desk.deliver(patience=30.0)
print(json.dumps([outcome.status, outcome.detail]))
"""


@pytest.fixture(scope="module")
def server():
    needs_mail_server()
    # not among pytest's own folders: it closes those to everybody else whenever it starts
    with tempfile.TemporaryDirectory(prefix="pressroom-mail-", ignore_cleanup_errors=True) as folder:
        running = MailServer(Path(folder))
        try:
            running.start()
            yield running
        finally:
            running.stop()


@pytest.fixture
def desk(project, ledger, server):
    server.refuse("/^nobody@/ 550 5.1.1 No such user here")
    made = Desk(project, ledger, **server.account(connections=CONNECTIONS, returns="bounces@example.test"))
    made.article(**{"letters@garden.example.org": "news@example.test"})
    made.readers_of = lambda name, number: made.write_list(
        *(f"{name}{n}@example.test,N{n},2026-01-01" for n in range(number))
    )
    return made


def test_mail_goes_over_tls_with_a_password_and_is_read_back_over_imap(desk, server):
    desk.readers_of("imap", 12)

    assert desk.deliver().detail == "12 of 12 sent"
    server.settle(12)
    arrived = {message["To"]: message for message in server.inbox() if message["To"].startswith("imap")}
    assert sorted(arrived) == sorted(f"imap{n}@example.test" for n in range(12))
    message = arrived["imap3@example.test"]
    assert "ESMTPSA" in message["Received"] or "ESMTPSA" in str(message.get_all("Received"))
    assert "Take a chair outside" in message.get_body(("plain",)).get_content()
    assert "Take a chair outside" in message.get_body(("html",)).get_content()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "guess"}, "user name and password"),
        ({"ca": None}, "no safe connection"),
        ({"security": "tls"}, "no safe connection"),
    ],
)
def test_what_is_set_up_wrongly_is_said_and_nothing_is_sent(desk, server, wrong, said):
    desk.readers_of("wrong", 3)
    desk.settings |= wrong
    with pytest.raises(Misconfigured, match=said) as caught:
        desk.deliver(patience=2.0)
    assert "guess" not in str(caught.value)
    assert not [to for to in server.delivered() if to.startswith("wrong")]


def test_a_refused_relay_is_no_readers_fault(desk):
    desk.settings |= {"user": "", "password": ""}
    desk.write_list(*(f"r{n}@elsewhere.test,N,2026-01-01" for n in range(15)))
    with pytest.raises(Misconfigured, match=r"5\.7\.1"):
        desk.deliver()
    assert Suppressions(desk.ledger.engine).counts() == {}


def test_greylisting_delays_those_it_means(desk, server):
    server.refuse("/^grey1@/ 450 4.2.0 Come back later")
    desk.readers_of("grey", 6)
    first = desk.deliver(defer=0.5, patience=0.1)
    server.refuse()
    time.sleep(0.5)
    second = desk.deliver()

    assert (first.status, second.detail) == ("held", "6 of 6 sent")
    assert "5 of 6 sent, 1 put off by their servers" in first.detail
    assert Counter(to for to in server.settle(6) if to.startswith("grey")).most_common(1)[0][1] == 1


def test_a_dead_and_a_full_mailbox_are_told_apart(desk, server, project):
    desk.write_list(*(f"{name}@example.test,N,2026-01-01" for name in ("alive", "nobody", "full")))
    outcome = desk.deliver()
    suppressions = Suppressions(desk.ledger.engine)
    assert outcome.detail == "2 of 3 sent, 1 with no such mailbox (suppressed)"
    assert suppressions.among([SEAL.hash("nobody@example.test")])

    ends = time.monotonic() + 20
    while not (returned := server.inbox("bounces")) and time.monotonic() < ends:
        time.sleep(0.3)
    (project / "returned.eml").write_bytes(returned[-1].as_bytes())
    environment = {
        "PRESSROOM_SECRET": "a secret of at least sixteen bytes",
        "PRESSROOM_LEDGER": str(desk.ledger.engine.url),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        codes = [read_bounces(project / "returned.eml", project, Voice(as_json=True)) for _ in range(2)]

    assert codes == [0, 0]
    assert not suppressions.among([SEAL.hash("full@example.test")])
    assert suppressions.counts() == {"bounced": 1}


def test_a_server_that_is_stopped_and_started_in_mid_send_costs_nobody_their_mail(desk, server):
    desk.readers_of("stop", 400)
    desk.settings |= {"per_hour": 3600 * 150}
    ended = []
    sending = threading.Thread(target=lambda: ended.append(desk.deliver(patience=60)))
    sending.start()
    while len([to for to in server.delivered() if to.startswith("stop")]) < 60:
        time.sleep(0.1)
    server.stop_postfix()
    time.sleep(1)
    server.start_postfix()
    sending.join(60)

    with closing(Roll(desk.ledger.engine)) as roll:
        doubt = roll.doubtful(roll.find(DELIVERY.key))
    had = Counter(to for to in server.settle(400 - len(doubt)) if to.startswith("stop"))
    assert ended
    assert len(doubt) <= CONNECTIONS
    assert max(had.values()) == 1
    assert {SEAL.hash(f"stop{n}@example.test") for n in range(400)} - {SEAL.hash(to) for to in had} <= doubt


def test_a_process_killed_at_twenty_moments_sends_each_mail_once_or_names_it_in_doubt(project, server):
    ledger = Ledger(f"sqlite:///{project}/ledger.db")
    desk = Desk(project, ledger, **server.account(connections=CONNECTIONS, returns="bounces@example.test"))
    desk.article(**{"letters@garden.example.org": "news@example.test"})
    desk.write_list(*(f"kill{n}@example.test,N{n},2026-01-01" for n in range(READERS)))
    account = server.account(connections=CONNECTIONS, returns="bounces@example.test", per_hour=3600 * 250)
    command = [sys.executable, "-c", SEND, str(project), json.dumps(account)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    chance = random.Random(20)
    for _ in range(KILLS):
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()

    ended = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    with closing(Roll(ledger.engine)) as roll:
        mailing = roll.find(DELIVERY.key)
        doubt, counts = roll.doubtful(mailing), roll.counts(mailing)
    ledger.close()
    had = Counter(to for to in server.settle(READERS - len(doubt)) if to.startswith("kill"))
    missing = {f"kill{n}@example.test" for n in range(READERS)} - set(had)

    assert json.loads(ended.stdout.splitlines()[-1])[0] in {"sent", "held"}
    assert 0 < len(doubt) <= KILLS * CONNECTIONS
    assert counts["sent"] + len(doubt) == READERS
    assert max(had.values()) == 1
    assert {SEAL.hash(to) for to in missing} <= doubt
