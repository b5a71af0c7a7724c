"""The roll of a mailing: a row for each recipient, written in groups, so that a crash loses count of nobody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text, update

from flows.database import usable
from flows.tables import mailings, recipients
from flows.tally import UNFINISHED, Mailing, Standing, Tally, Wanted, open_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How one message ended."""

    number: int
    state: Standing
    reply: str = ""
    due_at: datetime | None = None
    sent_at: datetime | None = None


FEW = 2_000  # rows
_MEANT = (recipients.c.mailing == bindparam("m"), recipients.c.number.in_(bindparam("numbers", expanding=True)))
_OPEN = recipients.c.state.in_(("waiting", "later"))
CLAIM = update(recipients).where(*_MEANT, _OPEN).values(state="claimed", attempts=recipients.c.attempts + 1)
_SETTLE = (
    update(recipients)
    .where(*_MEANT)
    .values(state=bindparam("s"), reply=bindparam("r"), due_at=bindparam("d"), sent_at=bindparam("t"))
)


class Overtaken(Exception):
    """Somebody else has taken what we were about to send."""


class Roll(Tally):
    """Mailings and their recipients, over one connection that is kept. Not for several threads."""

    claiming = CLAIM
    _measured = False

    def begin(self, key: str, digest: str) -> Mailing:
        """A new mailing without recipients; of one whose roll was never finished only what a person wants is kept."""
        now, earlier = datetime.now(UTC), self.find(key)
        wanted = earlier.wanted if earlier else "go"
        values = {"key": key, "digest": digest, "audience": "", "total": UNFINISHED, "wanted": wanted}
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
        self._measure(begin)
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

    def _measure(self, begin: int) -> None:
        """Have PostgreSQL count the table early in a long list: until then it looks hashes up in the wrong index."""
        if self.engine.dialect.name == "postgresql" and not self._measured and begin > FEW:
            self._measured = True
            with usable(self.engine), self._connection().begin():
                self._connection().execute(text("ANALYZE recipients"))

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

    def abandon(self, mailing: Mailing) -> int:
        """Nobody is sending: what was in flight then is in doubt from here on. How many that are."""
        claimed = (recipients.c.mailing == mailing.id, recipients.c.state == "claimed")
        with usable(self.engine), self._connection().begin():
            return self._connection().execute(update(recipients).where(*claimed).values(state="doubt")).rowcount

    def lost(self, mailing: Mailing, meant: Callable[[bytes], bool]) -> int:
        """Some of those in flight are in nobody's hands any more: they are in doubt. How many they are."""
        claimed = (recipients.c.mailing == mailing.id, recipients.c.state == "claimed")
        flying = self._all(select(recipients.c.number, recipients.c.address).where(*claimed))
        numbers = [number for number, address in flying if meant(address)]
        statement = update(recipients).where(*claimed, recipients.c.number.in_(numbers)).values(state="doubt")
        with usable(self.engine), self._connection().begin():
            return self._connection().execute(statement).rowcount

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
        told = {"m": mailing.id, "numbers": numbers}
        if numbers and self._connection().execute(self.claiming, told).rowcount != len(numbers):
            raise Overtaken

    def _settle(self, mailing: Mailing, ends: dict[tuple[Any, ...], list[int]]) -> None:
        for (state, reply, due_at, sent_at), numbers in ends.items():
            told = {"m": mailing.id, "numbers": numbers, "s": state, "r": reply, "d": due_at, "t": sent_at}
            self._connection().execute(_SETTLE, told)

    def forget(self, mailing: Mailing, moment: datetime) -> None:
        """After a whole pass that began at a moment: who could have had it and was not met is on the list no more."""
        gone = (recipients.c.mailing == mailing.id, open_at(mailing, moment))
        with usable(self.engine), self._connection().begin():
            self._connection().execute(update(recipients).where(*gone).values(state="gone"))

    def resolve(self, mailing: Mailing, *, sent: bool) -> int:
        """A person says what became of those in doubt; how many that were."""
        doubt = (recipients.c.mailing == mailing.id, recipients.c.state == "doubt")
        values = {"state": "sent" if sent else "waiting", "reply": "by hand"}
        with usable(self.engine), self._connection().begin():
            return self._connection().execute(update(recipients).where(*doubt).values(values)).rowcount

    def _change(self, mailing: Mailing, **values: Any) -> None:
        self._changed(
            update(mailings).where(mailings.c.id == mailing.id).values(**values, changed_at=datetime.now(UTC))
        )

    def _changed(self, statement: Any) -> bool:
        with usable(self.engine), self._connection().begin():
            return self._connection().execute(statement).rowcount == 1
