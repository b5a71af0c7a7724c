"""The ledger's database: how it is reached, and how it is brought to the newest revision."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from flows.errors import LedgerUnusable
from flows.tables import REVISION

PATIENCE = 30.0  # seconds for SQLite's lock
LOCK = "SELECT pg_advisory_xact_lock(7391046258)"  # any number that nobody else takes
# a server that goes dark is noticed within half a minute; what an address says itself counts more
TCP = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
# and a machine of ours that goes dark in mid-transaction holds its locks no longer: the server ends what stands still
IDLE = 30_000  # milliseconds, or what the server or the address says, if that is less
HASTEN = f"""
    SELECT set_config(name, '{IDLE}', false) FROM pg_settings
    WHERE name = 'idle_in_transaction_session_timeout' AND setting::integer NOT BETWEEN 1 AND {IDLE}
"""  # noqa: S608 - a number of ours


def open_database(url: str) -> Engine:
    """The ledger's database, brought to the newest revision. Raises `LedgerUnusable`."""
    engine = connect(url)
    with usable(engine):
        migrate(engine)
    return engine


@contextmanager
def usable(engine: Engine) -> Iterator[None]:
    """Where the ledger is used: what its database says is raised as `LedgerUnusable`."""
    try:
        yield
    except (DBAPIError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        # without what stands behind the `?`: a password may be there, too
        where = engine.url.set(query={}).render_as_string(hide_password=True)
        raise LedgerUnusable(f"the ledger {where} can't be used: {cause}") from error


def once(connection: Connection, table: Table, values: Any) -> Any:
    """An insert that leaves a row which is there as it is."""
    # only the one that is in use is loaded: PostgreSQL's brings all its drivers along
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    return dialect.insert(table).values(values).on_conflict_do_nothing()


def connect(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL. Raises `LedgerUnusable` for an address that names neither."""
    try:
        parsed = driven(url)
        if parsed.get_backend_name() != "sqlite":
            return _postgresql(parsed)
    except (ArgumentError, ModuleNotFoundError) as error:
        # never the address itself: it may hold a password
        raise LedgerUnusable(f"PRESSROOM_LEDGER names a database that can't be reached from here: {error}") from None
    if parsed.database:
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerUnusable(f"the ledger's folder can't be made: {error}") from error
    engine = create_engine(parsed, poolclass=NullPool, connect_args={"timeout": PATIENCE})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        _keep_a_log(connection)
        # FULL: a claim must be on the disk before anything is sent
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgresql(url: URL) -> Engine:
    told = {name: value for name, value in TCP.items() if name not in url.query}
    engine = create_engine(url, pool_pre_ping=True, connect_args=told)

    @event.listens_for(engine, "connect")
    def _hasten(connection: Any, _record: Any) -> None:
        # not among the options it is opened with: those who share out connections (PgBouncer) refuse them
        with connection.cursor() as cursor:
            cursor.execute(HASTEN)
        connection.commit()

    return engine


def _keep_a_log(connection: Any) -> None:
    """Write ahead. Of several who open a new file at once, SQLite has all but one fail at this, however patient."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.02)
        else:
            return


def driven(url: str) -> URL:
    """A database's address; PostgreSQL through the driver that Pressroom brings, where none is named.

    Raises `ArgumentError`, whose words hold nothing of the address: it may have a password.
    """
    try:
        parsed = make_url(url)
    except ValueError:
        parsed = None
    except ArgumentError:
        raise ArgumentError("it is no database's address, such as sqlite:///list.db") from None
    if parsed is None or "@" in (parsed.host or ""):
        raise ArgumentError("write signs such as @, : and / in its password as %40, %3A and %2F")
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername in {"postgresql", "postgres"} else parsed


def begun(url: str) -> bool:
    """Whether there is a database to open: False for a SQLite file that nobody has written yet."""
    try:
        parsed = driven(url)
    except ArgumentError:
        return True  # opening it tells what is wrong
    return parsed.get_backend_name() != "sqlite" or not parsed.database or Path(parsed.database).exists()


def migrate(engine: Engine) -> None:
    """Bring the database to the newest revision. Alembic is imported only where there is a step to take."""
    with engine.begin() as connection:
        if inspect(connection).has_table("alembic_version"):
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if found == REVISION:
                return
    from alembic import command  # noqa: PLC0415 - 0.2 s that an up-to-date ledger does not pay
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with engine.connect() as connection:
        # two processes may open a new ledger at once: one migrates, the other waits
        connection.execute(text("BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else LOCK))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise LedgerUnusable(f"the ledger was written by a newer Pressroom: {error}") from error
        connection.commit()
