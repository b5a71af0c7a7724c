"""The roll of a mailing: a row for each recipient, written in groups, so that a crash loses count of nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, update

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How one message ended."""

    number: int
    state: Standing
    reply: str = ""
    due_at: datetime | None = None
    sent_at: datetime | None = None


_MEANT = (recipients.c.mailing == bindparam("m"), recipients.c.number.in_(bindparam("numbers", expanding=True)))
_OPEN = recipients.c.state.in_(("waiting", "later"))
_CLAIM = update(recipients).where(*_MEANT, _OPEN).values(state="claimed", attempts=recipients.c.attempts + 1)
_SETTLE = (
    update(recipients)
    .where(*_MEANT)
    .values(state=bindparam("s"), reply=bindparam("r"), due_at=bindparam("d"), sent_at=bindparam("t"))
)


class Overtaken(Exception):
    """Somebody else has taken what we were about to send."""


class Roll:
    """Mailings and their recipients, over one connection that is kept. Not for several threads."""

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

    def begin(self, key: str, digest: str) -> Mailing:
        """A new mailing without recipients; one whose roll was never finished is forgotten: nothing was sent."""
        now = datetime.now(UTC)
        values = {"key": key, "digest": digest, "audience": "", "total": UNFINISHED, "wanted": "go"}
        with usable(self.engine), self._connection().begin():
            stale = self._connection().execute(select(mailings.c.id).where(mailings.c.key == key)).scalars().all()
            self._connection().execute(delete(recipients).where(recipients.c.mailing.in_(stale)))
            self._connection().execute(delete(mailings).where(mailings.c.id.in_(stale)))
            self._connection().execute(insert(mailings).values(**values, created_at=now, changed_at=now))
        found = self.find(key)
        assert found is not None  # noqa: S101 - it was just written
        return found

    def enrol(self, mailing: Mailing, begin: int, page: Iterable[tuple[bytes, int]]) -> int:
        """Write a page of hashes and subjects, numbered from `begin`; how many were new."""
        wanted = dict(page)
        with usable(self.engine), self._connection().begin():
            known = self._connection().execute(self._among(mailing, wanted, recipients.c.address)).scalars()
            new = wanted.keys() - set(known)
            rows = [
                {
                    "mailing": mailing.id,
                    "number": number,
                    "address": address,
                    "state": "waiting",
                    "variant": subject,
                    "attempts": 0,
                    "reply": "",
                }
                for number, (address, subject) in enumerate(
                    ((address, subject) for address, subject in wanted.items() if address in new), begin
                )
            ]
            if rows:
                self._connection().execute(insert(recipients), rows)
        return len(rows)

    def finish(self, mailing: Mailing, audience: str, total: int) -> Mailing:
        """The roll is written: sending may begin."""
        self._change(mailing, audience=audience, total=total)
        return self._again(mailing)

    def ask(self, key: str, wanted: Wanted) -> bool:
        """What a person wants of a mailing from now on; False where there is none."""
        statement = update(mailings).where(mailings.c.key == key, mailings.c.wanted != "cancel")
        return self._changed(statement.values(wanted=wanted, changed_at=datetime.now(UTC)))

    def win(self, key: str, subject: int) -> bool:
        """The subject that the rest of the list gets; False where one has won, or there is no mailing."""
        statement = update(mailings).where(mailings.c.key == key, mailings.c.winner.is_(None))
        return self._changed(statement.values(winner=subject, changed_at=datetime.now(UTC)))

    def wanted(self, mailing: Mailing) -> Wanted:
        """What a person wants now."""
        found: Wanted = self._all(select(mailings.c.wanted).where(mailings.c.id == mailing.id))[0][0]
        return found

    def places(self, mailing: Mailing, addresses: Collection[bytes]) -> dict[bytes, Place]:
        """The rows of some hashes (at most some hundreds)."""
        columns = [recipients.c[name] for name in ("address", "number", "state", "variant", "attempts", "due_at")]
        return {row[0]: Place(*row[1:]) for row in self._all(self._among(mailing, addresses, *columns))}

    def abandon(self, mailing: Mailing) -> int:
        """Nobody is sending: what was in flight then is in doubt from here on. How many that are."""
        claimed = (recipients.c.mailing == mailing.id, recipients.c.state == "claimed")
        with usable(self.engine), self._connection().begin():
            return self._connection().execute(update(recipients).where(*claimed).values(state="doubt")).rowcount

    def reopen(self, mailing: Mailing) -> None:
        """Those who were refused, or not on the list, may get it: a person has asked for it by running it again."""
        failed = (recipients.c.mailing == mailing.id, recipients.c.state.in_(("failed", "gone")))
        with usable(self.engine), self._connection().begin():
            self._connection().execute(update(recipients).where(*failed).values(state="waiting", attempts=0))

    def turn(self, mailing: Mailing, settled: Sequence[Settled], claims: Collection[int]) -> None:
        """One turn of the press, on the disk before anything more is sent: how some ended, who is next.

        Raises `Overtaken` where one of those is another's by now; then none of them is claimed.
        """
        # a statement for each kind of end, not for each row: every step of the database lets other threads in first
        ends: dict[tuple[Any, ...], list[int]] = {}
        for end in settled:
            ends.setdefault((end.state, end.reply[:40], end.due_at, end.sent_at), []).append(end.number)
        try:
            with usable(self.engine), self._connection().begin():
                self._settle(mailing, ends)
                self._claim(mailing, list(claims))
        except Overtaken:
            # who has it has it, whoever sends the rest
            with usable(self.engine), self._connection().begin():
                self._settle(mailing, ends)
            raise

    def _claim(self, mailing: Mailing, numbers: list[int]) -> None:
        if numbers and self._connection().execute(_CLAIM, {"m": mailing.id, "numbers": numbers}).rowcount != len(
            numbers
        ):
            raise Overtaken

    def _settle(self, mailing: Mailing, ends: dict[tuple[Any, ...], list[int]]) -> None:
        for (state, reply, due_at, sent_at), numbers in ends.items():
            told = {"m": mailing.id, "numbers": numbers, "s": state, "r": reply, "d": due_at, "t": sent_at}
            self._connection().execute(_SETTLE, told)

    def forget(self, mailing: Mailing, moment: datetime) -> None:
        """After a whole pass that began at a moment: who could have had it and was not met is on the list no more."""
        due = (recipients.c.state == "later") & (recipients.c.due_at <= moment)
        waiting = (recipients.c.state == "waiting") & ((recipients.c.variant != REST) | (mailing.winner is not None))
        gone = (recipients.c.mailing == mailing.id, due | waiting)
        with usable(self.engine), self._connection().begin():
            self._connection().execute(update(recipients).where(*gone).values(state="gone"))

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

    def resolve(self, mailing: Mailing, *, sent: bool) -> int:
        """A person says what became of those in doubt; how many that were."""
        doubt = (recipients.c.mailing == mailing.id, recipients.c.state == "doubt")
        values = {"state": "sent" if sent else "waiting", "reply": "by hand"}
        with usable(self.engine), self._connection().begin():
            return self._connection().execute(update(recipients).where(*doubt).values(values)).rowcount

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

    def _change(self, mailing: Mailing, **values: Any) -> None:
        self._changed(
            update(mailings).where(mailings.c.id == mailing.id).values(**values, changed_at=datetime.now(UTC))
        )

    def _changed(self, statement: Any) -> bool:
        with usable(self.engine), self._connection().begin():
            return self._connection().execute(statement).rowcount == 1

    def _among(self, mailing: Mailing, addresses: Collection[bytes], *columns: Any) -> Any:
        return select(*columns).where(recipients.c.mailing == mailing.id, recipients.c.address.in_(addresses))

    def _all(self, statement: Any) -> list[Any]:
        with usable(self.engine), self._connection().begin():
            return list(self._connection().execute(statement).all())

    def _connection(self) -> Connection:
        if self._kept is None:
            self._kept = self.engine.connect()
        return self._kept


def _mailing(row: Any) -> Mailing:
    told = ("id", "key", "digest", "audience", "total", "wanted", "winner")
    return Mailing(**{name: getattr(row, name) for name in told})
