"""The ledger: one row a delivery, one holder a claim, on disk before anything is sent."""

import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from channels.base import Receipt
from flows.errors import LedgerUnusable
from flows.ledger import Ledger
from flows.records import Delivery
from flows.tables import REVISION, metadata

DELIVERY = Delivery(campaign="spring", article="garden", account="mastodon")
RECEIPT = Receipt(
    channel="mastodon",
    remote_ids=("1", "2"),
    url="https://m.example/1",
    digest="d" * 64,
    sent_at=datetime(2026, 11, 1, 9, tzinfo=UTC),
)
CLAIM_AND_DIE = """
import os, signal, sys
from flows.ledger import Ledger
from flows.records import Delivery
ledger = Ledger(sys.argv[1])
delivery = Delivery(campaign="spring", article="garden", account="mastodon")
ledger.plan(delivery)
assert ledger.claim(delivery, "d" * 64)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_delivery_is_planned_once_however_often_it_is_asked_for(ledger):
    records = [ledger.plan(DELIVERY) for _ in range(3)]

    assert {record.state for record in records} == {"planned"}
    assert len(ledger.records()) == 1


@pytest.mark.parametrize("field", ["campaign", "article", "account", "part"])
def test_each_part_of_its_name_makes_another_delivery(field):
    named = {"campaign": "spring", "article": "garden", "account": "mastodon", "part": ""}
    other = Delivery(**{**named, field: "other"})

    assert other.key != DELIVERY.key
    assert len(other.key) == 32


def test_of_many_that_claim_at_once_one_gets_it(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    Ledger(url).plan(DELIVERY)

    def claim(_: int) -> str | None:
        return Ledger(url).claim(DELIVERY, "d" * 64)

    with ThreadPoolExecutor(8) as pool:
        owners = list(pool.map(claim, range(24)))

    assert sum(owner is not None for owner in owners) == 1


def test_many_processes_may_open_a_new_ledger_at_once(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    code = "import sys; from flows.ledger import Ledger; Ledger(sys.argv[1]).close()"
    starting = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(4)]

    assert [process.wait(60) for process in starting] == [0, 0, 0, 0]


def test_a_receipt_survives_a_restart(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    first = Ledger(url)
    first.plan(DELIVERY)
    first.claim(DELIVERY, RECEIPT.digest)
    first.sent(DELIVERY, RECEIPT)
    first.close()

    record = Ledger(url).records("garden")[0]

    assert (record.state, record.receipt, record.attempts) == ("sent", RECEIPT, 1)


def test_a_claim_of_a_killed_process_is_unknown_at_once(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    killed = subprocess.run([sys.executable, "-c", CLAIM_AND_DIE, url], check=False)
    record = Ledger(url).plan(DELIVERY)

    assert killed.returncode == -signal.SIGKILL
    assert record.state == "unknown"


def test_a_claim_of_a_living_process_is_left_alone_until_its_lease_ends(ledger):
    ledger.plan(DELIVERY)
    ledger.claim(DELIVERY, "d" * 64, lease=timedelta(minutes=10))

    assert ledger.plan(DELIVERY).state == "claimed"
    assert ledger.plan(DELIVERY, now=datetime.now(UTC) + timedelta(minutes=11)).state == "unknown"


def test_only_the_holder_of_a_claim_can_end_it(ledger):
    ledger.plan(DELIVERY)
    owner = ledger.claim(DELIVERY, "d" * 64)
    ledger.settle(DELIVERY, "somebody:1:else", "failed", "not mine")
    untouched = ledger.plan(DELIVERY).state
    ledger.settle(DELIVERY, owner, "failed", "too long")

    assert (untouched, ledger.plan(DELIVERY).state) == ("claimed", "failed")


def test_the_migrations_make_just_the_tables_that_the_code_reads(tmp_path):
    Ledger(f"sqlite:///{tmp_path}/ledger.db").close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        made = {table: {row[1] for row in database.execute(f"PRAGMA table_info({table})")} for table in metadata.tables}
        version = database.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    database.close()

    assert made == {name: set(table.columns.keys()) for name, table in metadata.tables.items()}
    assert version == REVISION


def test_a_ledger_of_an_earlier_release_is_brought_forward_and_keeps_its_rows(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    ledger.plan(DELIVERY)
    ledger.close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        for table in list(metadata.tables.keys() - {"deliveries", "receipts"}):
            database.execute(f"DROP TABLE {table}")
        database.execute("ALTER TABLE deliveries DROP COLUMN prepared")
        database.execute("ALTER TABLE receipts DROP COLUMN released")
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    database.close()

    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    records = ledger.records()
    known, unknown = ledger.record(DELIVERY.key), ledger.record("0" * 32)
    ledger.close()
    assert [record.delivery for record in records] == [known.delivery] == [DELIVERY]
    assert unknown is None


def test_a_ledger_of_a_newer_release_is_refused(tmp_path):
    Ledger(f"sqlite:///{tmp_path}/ledger.db").close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    with pytest.raises(LedgerUnusable, match="newer"):
        Ledger(f"sqlite:///{tmp_path}/ledger.db")


def test_a_ledger_that_is_no_database_is_refused_and_left_alone(tmp_path):
    (tmp_path / "ledger.db").write_text("shopping: milk, eggs" * 100)
    with pytest.raises(LedgerUnusable, match="can't be used"):
        Ledger(f"sqlite:///{tmp_path}/ledger.db")

    assert (tmp_path / "ledger.db").read_text().startswith("shopping")


@pytest.mark.parametrize(
    "url", ["oracle+hunter2://x", "hunter2", "postgresql+nodriver://press:hunter2@127.0.0.1:1/press"]
)
def test_an_address_that_can_not_be_used_is_refused_without_repeating_it(url):
    with pytest.raises(LedgerUnusable, match="PRESSROOM_LEDGER") as refused:
        Ledger(url)

    assert "press:hunter2" not in str(refused.value)


def test_a_password_behind_the_question_mark_is_never_repeated():
    with pytest.raises(LedgerUnusable, match="the ledger postgresql") as refused:
        Ledger("postgresql://127.0.0.1:1/ledger?user=press&password=hunter2")

    assert "hunter2" not in str(refused.value)


def test_several_who_open_a_new_ledger_at_once_all_can(tmp_path):
    opened, start = [], threading.Barrier(8)

    def open_it() -> None:
        start.wait()
        with closing(Ledger(f"sqlite:///{tmp_path}/new.db")) as ledger:
            opened.append(ledger.plan(DELIVERY).state)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert opened == ["planned"] * 8
