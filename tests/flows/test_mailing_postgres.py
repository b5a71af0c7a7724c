"""Mailings with a real PostgreSQL: the list comes from one database, the ledger is in another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing

import pytest

from flows.audience import Audience, AudienceUnusable
from flows.database import open_database
from flows.errors import LedgerUnusable
from flows.ledger import Ledger
from flows.roll import Roll
from flows.suppressions import Suppressions
from tests.corpus import ROOT
from tests.flows.test_mailing import DELIVERY, SEAL, Desk
from tests.smtpd import Smtpd

pytestmark = [pytest.mark.judged, pytest.mark.xdist_group("postgres")]
READERS = 60
QUERY = "SELECT mail AS email, given AS first_name, ok AS consent_at, city FROM people WHERE mail IS NOT NULL"


@pytest.fixture
def people(postgres):
    """A database with subscribers: where it is, and how to change it."""
    import psycopg  # noqa: PLC0415 - beside the ledger's own tests nobody needs it

    url = postgres.database("postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE people (id serial, mail text, given text, ok timestamptz, city text)")
        rows = [(f"r{n}@list{n % 7}.test", f"Ñame{n}", "Kew" if n % 3 else None) for n in range(READERS)]
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO people (mail, given, ok, city) VALUES (%s, %s, now(), %s)", rows)
        yield url, connection


@pytest.fixture
def server():
    with Smtpd() as smtpd:
        yield smtpd


@pytest.fixture
def ledger(postgres):
    with closing(Ledger(postgres.database())) as opened:
        yield opened


@pytest.fixture
def desk(project, ledger, people, server):
    made = Desk(project, ledger, **server.account(connections=3, audience=people[0], query=QUERY))
    made.article(**{"Take a chair": 'Dear {{ subscriber.first_name | default("friend") }}, take a chair'})
    return made


def test_a_list_by_query_has_it_once_with_doubt_left_for_a_person(desk, server, ledger):
    server.script = lambda stage, to: "take and hang up" if (stage, to) == ("dot", "r5@list5.test") else ""
    first = desk.deliver()
    server.script = lambda stage, to: ""
    second = desk.deliver()
    with closing(Roll(ledger.engine)) as roll:
        mailing = roll.find(DELIVERY.key)
        doubt, resolved = roll.doubtful(mailing), roll.resolve(mailing, sent=True)
    ledger.release(DELIVERY)

    assert (first.status, second.status) == ("held", "held")
    assert (doubt, resolved) == ({SEAL.hash("r5@list5.test")}, 1)
    assert desk.deliver().detail == f"{READERS} of {READERS} sent"
    assert server.had() == Counter({f"r{n}@list{n % 7}.test": 1 for n in range(READERS)})
    assert "Dear Ñame3, take" in server.message("r3@list3.test").get_body(("plain",)).get_content()


def test_a_second_run_sends_nothing_and_the_record_has_its_proof(desk, server, ledger):
    desk.deliver()
    again = desk.deliver()
    record = ledger.record(DELIVERY.key)

    assert (again.status, len(server.taken)) == ("already", READERS)
    assert (record.state, record.receipt.sent_at.tzinfo is not None) == ("sent", True)


def test_who_is_put_off_and_who_is_suppressed_stand_so_in_the_ledger(desk, server, ledger):
    suppressions = Suppressions(ledger.engine)
    assert suppressions.add(SEAL.hash("r1@list1.test"), "unsubscribed")
    assert not suppressions.add(SEAL.hash("r1@list1.test"), "complained")
    assert not suppressions.add(SEAL.hash("r1@list1.test"), "unsubscribed")
    answers = {"r2@list2.test": "550 5.1.1 none", "r3@list3.test": "450 4.2.0 later"}
    server.script = lambda stage, to: answers.get(to, "") if stage == "rcpt" else ""
    desk.deliver(defer=0.3, patience=0.1)
    counts, refused = desk.counts(), dict(suppressions.counts())
    server.script = lambda stage, to: ""
    time.sleep(0.3)

    assert counts == {"sent": READERS - 3, "suppressed": 1, "bounced": 1, "later": 1}
    assert refused == {"complained": 1, "bounced": 1}
    assert desk.deliver().status == "sent"
    assert max(server.had().values()) == 1


def test_a_list_in_another_order_is_the_same_and_another_name_is_a_change(desk, server, people):
    server.script = lambda stage, to: "450 4.2.0 later" if (stage, to) == ("rcpt", "r1@list1.test") else ""
    desk.deliver(defer=0.01, patience=0.001)
    server.script = lambda stage, to: ""
    desk.settings["query"] = f"{QUERY} ORDER BY id DESC"
    people[1].execute("UPDATE people SET given = 'Other' WHERE mail = 'r7@list0.test'")
    changed = desk.deliver()
    people[1].execute("UPDATE people SET given = 'Ñame7' WHERE mail = 'r7@list0.test'")

    assert changed.status == "held"
    assert desk.deliver().detail == f"{READERS} of {READERS} sent"


def test_a_query_that_is_wrong_is_said_in_a_line(desk, server):
    desk.settings["query"] = "SELECT mail FROM nobody"
    with pytest.raises(AudienceUnusable, match='relation "nobody" does not exist') as caught:
        desk.deliver()

    assert "\n" not in str(caught.value)
    assert server.taken == []


@pytest.mark.parametrize("driver", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_ledgers_address_needs_no_driver(postgres, driver):
    with closing(Ledger(postgres.database(driver))) as ledger:
        assert ledger.plan(DELIVERY).state == "planned"
        assert ledger.engine.driver == "psycopg"


def test_several_who_open_a_new_ledger_at_once_all_can(postgres):
    url, opened = postgres.database(), []
    threads = [threading.Thread(target=lambda: opened.append(open_database(url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    counts = [Suppressions(engine).counts() for engine in opened]
    for engine in opened:
        engine.dispose()

    assert counts == [{}] * 4


def test_a_ledger_that_goes_away_in_mid_send_ends_the_run_and_a_later_one_goes_on(desk, server, postgres, people):
    desk.settings |= {"connections": 2, "per_hour": 3600 * 60}
    begun, gone = threading.Event(), threading.Event()

    def stop(stage, to):
        if stage == "dot" and to == "r20@list6.test" and not begun.is_set():
            begun.set()
            postgres.stop()
            gone.set()
        return ""

    server.script = stop
    try:
        with pytest.raises(LedgerUnusable, match="the ledger postgresql") as caught:
            desk.deliver()
        assert gone.wait(30)
    finally:
        postgres.start()
    desk.ledger.engine.dispose()
    had = len(server.taken)
    record = desk.ledger.record(DELIVERY.key)
    after = _in_a_later_process(desk)

    assert "can't be used" in str(caught.value)
    assert (record.state, had < READERS) == ("claimed", True)
    assert after[0] == "held"
    assert max(server.had().values()) == 1
    counts = desk.counts()
    assert 0 < counts["doubt"] <= 2 + 1
    assert counts["sent"] + counts["doubt"] == READERS


def told(url):
    """How long a session of the ledger may stand still in a transaction, and what its connection was opened with."""
    from sqlalchemy import text  # noqa: PLC0415

    with closing(Ledger(url)) as ledger, ledger.engine.connect() as connection:
        idle = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar()
        return idle, connection.connection.driver_connection.info.get_parameters()


def test_no_session_of_the_ledger_stands_still_for_long_or_waits_for_a_server_that_went_dark(postgres):
    import psycopg  # noqa: PLC0415

    url = postgres.database()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        name = url.rpartition("/")[2]
        connection.execute(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '1d'")
    idle, opened = told(url)
    less, own = told(f"{url}?options=-cidle_in_transaction_session_timeout=2s&connect_timeout=3")

    assert (idle, opened["connect_timeout"], opened["tcp_user_timeout"]) == ("30s", "10", "30000")
    assert (less, own["connect_timeout"], own["keepalives_idle"]) == ("2s", "3", "10")


def test_a_run_whose_machine_goes_dark_in_mid_transaction_holds_up_nobody(desk, server, ledger):
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    server.script = lambda stage, to: "450 4.2.0 later" if stage == "rcpt" else ""
    desk.deliver(defer=0.01, patience=0.001)
    server.script = lambda stage, to: ""
    url = ledger.engine.url.render_as_string(hide_password=False)
    engine = open_database(f"{url}?options=-cidle_in_transaction_session_timeout=2s")
    with closing(Roll(engine)) as dark:
        mailing = dark.find(DELIVERY.key)
        dark.turn(mailing, (), [1, 2])
        turn = dark._connection().begin()
        dark._settle(mailing, {("sent", "250", None, None): [1, 2]})  # locks that it never gives back
        outcome = desk.deliver()
        with pytest.raises(DBAPIError, match="idle-in-transaction"):
            dark._settle(mailing, {("sent", "250", None, None): [1, 2]})
        turn.close()
    engine.dispose()

    assert f"{READERS - 2} of {READERS} sent, 2 in doubt" in outcome.detail


RESUME = """
import json, sys
from pathlib import Path
from flows.ledger import Ledger
from tests.flows.test_mailing import Desk
project, url, account = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
outcome = Desk(project, Ledger(url), **account).deliver()
print(json.dumps([outcome.status, outcome.detail]))
"""


def _in_a_later_process(desk):
    """What the next run says, once the lease of the one that broke off is over."""
    from sqlalchemy import text  # noqa: PLC0415

    url = desk.ledger.engine.url.render_as_string(hide_password=False)
    with desk.ledger.engine.begin() as connection:
        connection.execute(text("UPDATE deliveries SET lease_until = now()"))
    command = [sys.executable, "-c", RESUME, str(desk.project), url, json.dumps(desk.settings)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def test_a_password_of_either_database_is_never_repeated(postgres):
    nowhere = "postgresql://press:hunter2@127.0.0.1:1/d"
    said = []
    with pytest.raises(LedgerUnusable) as caught:
        Ledger(nowhere)
    said.append(str(caught.value))
    with pytest.raises(AudienceUnusable) as caught:
        list(Audience(source=nowhere, seal=SEAL, query="SELECT 1").pages())
    said.append(str(caught.value))

    assert all(said)
    assert "hunter2" not in " ".join(said)
