"""Who has the floor on an account: of several that would speak at the very same time, one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select, update

from flows.database import once, usable
from flows.tables import deliveries, floors

if TYPE_CHECKING:
    from sqlalchemy import Engine

BRIEF = timedelta(minutes=2)  # longer than it takes from here until the ledger has a claim
ANYTHING = ""  # in place of words: whose turn it is, whatever is said


class Floor:
    """The floor of accounts, as one speaker sees it. Safe for several processes at once."""

    def __init__(self, engine: Engine, holder: str) -> None:
        self._engine, self._holder = engine, holder

    def take(self, account: str, words: str, now: datetime, within: timedelta) -> bool:
        """Take it for some words; the holder is a delivery's key.

        Not where another has just taken it, is sending them, or has perhaps sent them `within` a time.
        """
        sends = (deliveries.c.state == "claimed") & (deliveries.c.lease_until > now)
        perhaps = (deliveries.c.state == "unknown") & (floors.c.taken_at > now - within)
        with_it = exists().where(deliveries.c.key == floors.c.holder, or_(sends, perhaps))
        with usable(self._engine), self._engine.begin() as connection:
            return self._taken(connection, account, words, now, (floors.c.taken_at <= now - BRIEF) & ~with_it)

    def take_turn(self, accounts: Collection[str], now: datetime, apart: timedelta) -> bool:
        """Take it on all of some accounts, or on none: not where another took it less than `apart` ago."""
        free = floors.c.taken_at <= now - apart
        with usable(self._engine), self._engine.connect() as connection, connection.begin() as transaction:
            # in one order, for two that take the same ones at once must not wait for each other
            if all(self._taken(connection, account, ANYTHING, now, free) for account in sorted(accounts)):
                return True
            transaction.rollback()
        return False

    def last_turn(self, accounts: Collection[str], since: datetime) -> datetime | None:
        """When another has taken its turn on one of some accounts last."""
        others = (floors.c.account.in_(accounts), floors.c.words == ANYTHING, floors.c.holder != self._holder)
        newest = select(func.max(floors.c.taken_at)).where(*others, floors.c.taken_at >= since)
        with usable(self._engine), self._engine.connect() as connection:
            found: datetime | None = connection.execute(newest).scalar()
        return found

    def _taken(
        self, connection: Connection, account: str, words: str, now: datetime, free: ColumnElement[bool]
    ) -> bool:
        row = {"account": account, "words": words, "holder": self._holder, "taken_at": now}
        connection.execute(once(connection, floors, row))
        here = (floors.c.account == account, floors.c.words == words)
        mine = update(floors).where(*here, or_(floors.c.holder == self._holder, free))
        return connection.execute(mine.values(holder=self._holder, taken_at=now)).rowcount == 1
