"""What a long list costs beside its messages: reading, its roll, and room in PostgreSQL. `python bench/roll.py`.

* rows a second that are read and judged, from a CSV file and from PostgreSQL;
* rows a second that are written to the roll, and that are claimed and settled: one a commit, and ten a commit;
* how many a commit they are where a mailing sends: by its own turns, over connections that answer after some time each;
* bytes a recipient in PostgreSQL before and after a mailing, with indexes and what updates leave; and of its log.

PostgreSQL runs on this machine with its own defaults: what is committed is on the disk. Beside the rows a second by the
clock stand those a second of processor time, ours and PostgreSQL's together: they hold on a busy machine as well.

A turn claims for the connections that are free, and settles what has come back: one message, if commits are quick and
answers are not. Ten come together only where ten answer at once, or while a commit lasts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sqlalchemy import text  # noqa: E402 - the project's root comes first

from channels.lines import Line, Recipient, Reply, Threads  # noqa: E402
from channels.seal import Seal  # noqa: E402
from flows.audience import Audience  # noqa: E402
from flows.ledger import Ledger  # noqa: E402
from flows.pace import Pace  # noqa: E402
from flows.records import Delivery  # noqa: E402
from flows.roll import Roll, Settled  # noqa: E402
from flows.sending import Sending  # noqa: E402
from flows.suppressions import Suppressions  # noqa: E402
from flows.tally import Mailing  # noqa: E402
from flows.terms import Heart, Terms  # noqa: E402
from tests.postgres import Postgres, wait_until  # noqa: E402

SEAL = Seal(b"a secret for the bench alone")
AT_ONCE = 10
PACES = ((4, 0.014), (10, 0.014), (10, 0.1))  # connections, and seconds until each has an answer
LONG = 5.0  # seconds that each of these is looked at, where commits take no time


class Durable(Postgres):
    """A server that writes to the disk what it says it has written."""

    def start(self) -> None:
        """Answer."""
        told = ["-c", "listen_addresses=127.0.0.1", "-k", str(self.root), "-p", str(self.port)]
        command = [*self._as, str(self.binaries / "postgres"), "-D", str(self.root / "data"), *told]
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.root, stdout=log, stderr=log)
        ready = [self.binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port)]
        wait_until(lambda: subprocess.run(ready, capture_output=True, check=False).returncode == 0)

    def processor(self) -> float:
        """Seconds of processor time that its processes have used; one that has ended counts no more."""
        assert self.process is not None
        used = 0.0
        for place in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it ends while we look
                told = place.read_text().rpartition(")")[2].split()
                if int(told[1]) == self.process.pid:
                    used += (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
        return used


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipients", type=int, default=200_000)
    number = parser.parse_args().recipients
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not binaries:
        print("a long list: not measured, for there is no PostgreSQL")
        return
    # on the disk, which the folder for passing files may not be
    with tempfile.TemporaryDirectory(prefix="pg", dir="/var/tmp") as folder:
        server = Durable(binaries[-1].resolve().parent, Path(folder))
        try:
            server.start()
            measure(server, number)
        finally:
            server.stop()


def measure(server: Durable, number: int) -> None:
    """A list of so many: from its source to the last row that is settled."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "list.csv"
        with file.open("w", encoding="utf-8") as written:
            written.write("email,first_name,consent_at\n")
            written.writelines(f"reader{n}@list{n % 97}.test,Name{n},2026-01-01\n" for n in range(number))
        own, fields = Audience(source=str(file), seal=SEAL), ("first_name",)
        with timed("read from a CSV file", number, server):
            read(Audience(source=str(file), seal=SEAL, fields=fields))
        people, query = listed(server, file), "SELECT email, first_name, consent_at FROM people"
        with timed("read from PostgreSQL", number, server):
            read(Audience(source=people, query=query, seal=SEAL, fields=fields))
        with closing(Ledger(server.database())) as ledger, closing(Roll(ledger.engine)) as roll:
            delivery = Delivery(campaign="bench", article="bench", account="newsletter")
            ledger.plan(delivery)
            mailing = roll.begin(delivery.key, "0" * 64)
            wal = position(ledger)
            with timed("read, and written to the roll", number, server):
                enrol(roll, mailing, own)
            room("when the roll is written", ledger, number, wal)
            first = number // 10
            with timed("claimed and settled, 1 a commit", first, server):
                send(roll, mailing, 1, first, 1)
            with timed(f"claimed and settled, {AT_ONCE} a commit", number - first, server):
                send(roll, mailing, first + 1, number, AT_ONCE)
            room("when all are settled", ledger, number, wal)
            for lines, seconds in PACES:
                paced(ledger, file, lines, seconds)


def read(audience: Audience) -> None:
    """The whole list."""
    for _ in audience.pages():
        pass


def listed(server: Durable, file: Path) -> str:
    """The same list in a database of its own."""
    import psycopg  # noqa: PLC0415

    url = server.database("postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE people (email text, first_name text, consent_at timestamptz)")
        with connection.cursor().copy("COPY people FROM STDIN WITH (FORMAT csv, HEADER)") as copy:
            copy.write(file.read_bytes())
    return url


def enrol(roll: Roll, mailing: Mailing, audience: Audience) -> None:
    """Write down who is meant, page by page, as a mailing does."""
    total = 0
    for page in audience.pages():
        total += roll.enrol(mailing, total + 1, [(one.hashed, 0) for one in page if isinstance(one, Recipient)])
    roll.finish(mailing, audience.digest, total)


def send(roll: Roll, mailing: Mailing, begin: int, end: int, at_once: int) -> None:
    """The turns of a mailing without its messages, from one number to another."""
    before: list[int] = []
    for first in range(begin, end + 1, at_once):
        now = datetime.now(UTC)
        claims = list(range(first, min(first + at_once, end + 1)))
        roll.turn(mailing, [Settled(number=n, state="sent", reply="250", sent_at=now) for n in before], claims)
        before = claims
    roll.turn(mailing, [Settled(number=n, state="sent", sent_at=datetime.now(UTC)) for n in before], [])


class Counted(Roll):
    """Counts its turns: each is a commit."""

    turns = 0

    def turn(self, mailing: Mailing, settled: Sequence[Settled], claims: Collection[int]) -> None:
        """As ever."""
        self.turns += 1
        super().turn(mailing, settled, claims)


class Unhurried(Line):
    """A server that takes everything, after some time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def carry(self, recipients: Sequence[Recipient]) -> list[Reply]:
        """Wait, and take it."""
        time.sleep(self._seconds)
        return [Reply("sent", "250") for _ in recipients]

    def close(self) -> None:
        """Nothing is open."""


def paced(ledger: Ledger, file: Path, lines: int, seconds: float) -> None:
    """A mailing in its own turns, to the first of the list: as many as go out in some seconds."""
    number = int(LONG * lines / seconds)
    short = file.with_name("short.csv")
    with file.open(encoding="utf-8") as whole:
        short.write_text("".join(islice(whole, number + 1)), encoding="utf-8")
    delivery = Delivery(campaign="bench", article=f"{lines} at {seconds}", account="newsletter")
    ledger.plan(delivery)
    audience, crew = Audience(source=str(short), seal=SEAL), Threads(lambda: Unhurried(seconds), lines, 1)
    with closing(Counted(ledger.engine)) as roll, closing(crew):
        mailing = roll.begin(delivery.key, "0" * 64)
        enrol(roll, mailing, audience)
        terms = Terms(account="newsletter", pace=Pace(0, 0, time.monotonic))
        heart = Heart(lambda: True, 60.0, threading.Event())
        began = time.perf_counter()
        Sending(mailing, roll, Suppressions(ledger.engine), audience, terms, heart).run(crew)
        took, counts = time.perf_counter() - began, roll.counts(mailing)
        sent = counts.get("sent", 0)
    told = f"{sent / roll.turns:.2f} a commit ({sent / took:,.0f} messages/s, {roll.turns / took:,.0f} commits/s)"
    print(f"{lines} connections, {1e3 * seconds:.0f} ms an answer: {told}", flush=True)


def position(ledger: Ledger) -> str:
    """Where the server's log is."""
    with ledger.engine.connect() as connection:
        return str(connection.execute(text("SELECT pg_current_wal_lsn()")).scalar_one())


def room(when: str, ledger: Ledger, number: int, wal: str) -> None:
    """Bytes for each recipient."""
    sizes = "pg_table_size('recipients'), pg_indexes_size('recipients')"
    with ledger.engine.connect() as connection:
        logged = text(f"SELECT {sizes}, pg_wal_lsn_diff(pg_current_wal_lsn(), '{wal}')")
        table, indexes, log = (float(size) for size in connection.execute(logged).one())
    each = (
        f"{(table + indexes) / number:,.0f} bytes ({table / number:,.0f} of rows, {indexes / number:,.0f} of indexes)"
    )
    print(f"  {when}: {each} a recipient; {log / number:,.0f} bytes of log", flush=True)


@contextmanager
def timed(what: str, number: int, server: Durable) -> Iterator[None]:
    """Print how fast it is."""
    began, used = time.perf_counter(), time.process_time() + server.processor()
    yield
    seconds, work = time.perf_counter() - began, time.process_time() + server.processor() - used
    print(f"{number:,} {what}: {number / seconds:,.0f} rows/s, {number / work:,.0f} a processor second", flush=True)


if __name__ == "__main__":
    main()
