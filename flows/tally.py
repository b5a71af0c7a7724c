"""How a mailing stands: what can be asked of its roll without changing anything."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from flows.database import usable
from flows.tables import deliveries, mailings, recipients, suppressions

Standing = Literal["waiting", "claimed", "later", "sent", "bounced", "failed", "doubt", "suppressed", "gone"]
Wanted = Literal["go", "pause", "cancel"]
UNFINISHED = -1  # the total of a roll that is still being written
REST = -1  # the subject of those who wait until one has won


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """One newsletter to one list."""

    id: int
    key: str
    digest: str
    audience: str
    total: int
    wanted: Wanted
    winner: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """One recipient's row."""

    number: int
    state: Standing
    subject: int
    attempts: int
    due_at: datetime | None


class Tally:
    """Mailings and their recipients, read over one connection that is kept. Not for several threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._kept: Connection | None = None

    def close(self) -> None:
        """Let go of the connection."""
        if self._kept:
            self._kept.close()
            self._kept = None

    def find(self, key: str) -> Mailing | None:
        """A delivery's mailing."""
        row = self._all(select(mailings).where(mailings.c.key == key))
        return _mailing(row[0]) if row else None

    def wanted(self, mailing: Mailing) -> Wanted:
        """What a person wants now."""
        found: Wanted = self._all(select(mailings.c.wanted).where(mailings.c.id == mailing.id))[0][0]
        return found

    def places(self, mailing: Mailing, addresses: Collection[bytes]) -> dict[bytes, Place]:
        """The rows of some hashes (at most some hundreds)."""
        columns = [recipients.c[name] for name in ("address", "number", "state", "variant", "attempts", "due_at")]
        return {row[0]: Place(*row[1:]) for row in self._all(self._among(mailing, addresses, *columns))}

    def suppressed(self, addresses: Collection[bytes]) -> set[bytes]:
        """Which of some hashes must get nothing."""
        statement = select(suppressions.c.address).where(suppressions.c.address.in_(addresses))
        return {row[0] for row in self._all(statement)}

    def doubtful(self, mailing: Mailing) -> set[bytes]:
        """The hashes of those who perhaps have it: no more than there were connections when a process ended."""
        statement = select(recipients.c.address).where(
            recipients.c.mailing == mailing.id, recipients.c.state.in_(("doubt", "claimed"))
        )
        return {row[0] for row in self._all(statement)}

    def counts(self, mailing: Mailing) -> dict[Standing, int]:
        """How many stand how."""
        statement = select(recipients.c.state, func.count()).where(recipients.c.mailing == mailing.id)
        return {row[0]: row[1] for row in self._all(statement.group_by(recipients.c.state))}

    def replies(self, mailing: Mailing, state: Standing) -> dict[str, int]:
        """What servers said to those who stand so, and how often."""
        where = (recipients.c.mailing == mailing.id, recipients.c.state == state)
        statement = select(recipients.c.reply, func.count()).where(*where).group_by(recipients.c.reply)
        return {row[0]: row[1] for row in self._all(statement)}

    def next_due(self, mailing: Mailing) -> datetime | None:
        """When the first of those who were put off may be tried again."""
        where = (recipients.c.mailing == mailing.id, recipients.c.state == "later")
        found: datetime | None = self._all(select(func.min(recipients.c.due_at)).where(*where))[0][0]
        return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)

    def anybody(self, mailing: Mailing) -> bool:
        """Whether anybody could have it now."""
        where = (recipients.c.mailing == mailing.id, open_at(mailing, datetime.now(UTC)))
        return bool(self._all(select(recipients.c.number).where(*where).limit(1)))

    def rest(self, mailing: Mailing) -> int:
        """How many wait until a subject has won."""
        where = (recipients.c.mailing == mailing.id, recipients.c.variant == REST, recipients.c.state == "waiting")
        number: int = self._all(select(func.count()).where(*where))[0][0]
        return 0 if mailing.winner is not None else number

    def sent_since(self, account: str, moment: datetime) -> int:
        """How many messages an account has sent since a moment."""
        sent = select(func.count()).select_from(recipients).join(mailings, mailings.c.id == recipients.c.mailing)
        sent = sent.join(deliveries, deliveries.c.key == mailings.c.key)
        number: int = self._all(sent.where(deliveries.c.account == account, recipients.c.sent_at >= moment))[0][0]
        return number

    def _again(self, mailing: Mailing) -> Mailing:
        return _mailing(self._all(select(mailings).where(mailings.c.id == mailing.id))[0])

    def _among(self, mailing: Mailing, addresses: Collection[bytes], *columns: Any) -> Any:
        return select(*columns).where(recipients.c.mailing == mailing.id, recipients.c.address.in_(addresses))

    def _all(self, statement: Any) -> list[Any]:
        with usable(self.engine), self._connection().begin():
            return list(self._connection().execute(statement).all())

    def _connection(self) -> Connection:
        if self._kept is None:
            self._kept = self.engine.connect()
        return self._kept


def open_at(mailing: Mailing, moment: datetime) -> ColumnElement[bool]:
    """Rows of those who could have a mailing at a moment."""
    due = (recipients.c.state == "later") & (recipients.c.due_at <= moment)
    return due | (recipients.c.state == "waiting") & ((recipients.c.variant != REST) | (mailing.winner is not None))


def _mailing(row: Any) -> Mailing:
    told = ("id", "key", "digest", "audience", "total", "wanted", "winner")
    return Mailing(**{name: getattr(row, name) for name in told})
