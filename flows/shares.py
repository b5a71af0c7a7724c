"""A mailing in shares: who is at which part of the list, as the ledger has it. The main run's own part is share 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Engine, delete, exists, insert, select, update

from flows.database import usable
from flows.roll import CLAIM, Roll, Settled
from flows.tables import mailings, shares
from flows.tally import Mailing

SILENCE = timedelta(seconds=60)  # without a sign of life, and a share is lost; its locks are gone by then

# open: for whoever comes · taken: somebody sends it · recalled: they are to end · left: they ended, and rows are open
# kept: the main run sends it after all · over: nothing is left that they could send
ShareState = Literal["open", "taken", "recalled", "left", "kept", "over"]


def share_of(hashed: bytes, total: int) -> int:
    """The share that a recipient belongs to. By other bytes than those that choose a subject on trial."""
    return int.from_bytes(hashed[-4:], "big") % total


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One part of a mailing, and who is at it."""

    mailing: int
    number: int  # from 1
    total: int
    claim: str  # the main run's
    source: str
    state: ShareState
    owner: str
    beats: int
    sent: int
    detail: str

    @property
    def ending(self) -> bool:
        """Whether it was recalled, and what is on the wire has not come back."""
        return self.state == "recalled"

    def meant(self, hashed: bytes) -> bool:
        """Whether somebody on the list belongs to it."""
        return share_of(hashed, self.total) == self.number


class Shares:
    """The shares of mailings, as the main run deals with them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, mailing: Mailing, claim: str, total: int, source: str) -> None:
        """Offer every share but the main run's own; what was offered before is forgotten."""
        rows = [
            {"mailing": mailing.id, "number": number, "total": total, "claim": claim, "source": source, "state": "open"}
            for number in range(1, total)
        ]
        with usable(self._engine), self._engine.begin() as connection:
            connection.execute(delete(shares).where(shares.c.mailing == mailing.id))
            if rows:
                connection.execute(insert(shares), rows)

    def all(self, mailing: Mailing) -> list[Share]:
        """Every share but the main run's own."""
        return self._read(select(shares).where(shares.c.mailing == mailing.id).order_by(shares.c.number))

    def offered(self, key: str) -> list[Share]:
        """The shares of a delivery that wait for somebody."""
        found = select(shares).join(mailings, mailings.c.id == shares.c.mailing)
        return self._read(found.where(mailings.c.key == key, shares.c.state == "open"))

    def keep(self, share: Share) -> bool:
        """The main run sends it, if nothing has stirred since it looked: from here on nobody else can."""
        seen = (shares.c.state == share.state, shares.c.beats == share.beats)
        return self._change(shares.c.number == share.number, *seen, mailing=share.mailing, state="kept")

    def recall(self, mailing: Mailing) -> None:
        """Whoever is at a share is to end, and nobody begins on one."""
        self._change(shares.c.state == "open", mailing=mailing.id, state="kept")
        self._change(shares.c.state == "taken", mailing=mailing.id, state="recalled")

    def _change(self, *where: Any, mailing: int, state: ShareState) -> bool:
        statement = update(shares).where(shares.c.mailing == mailing, *where).values(state=state)
        with usable(self._engine), self._engine.begin() as connection:
            return connection.execute(statement).rowcount > 0

    def _read(self, statement: Any) -> list[Share]:
        with usable(self._engine), self._engine.connect() as connection:
            return [Share(**row) for row in connection.execute(statement).mappings()]


class Stake(Roll):
    """The roll for whoever sends one share: it claims nothing once the share is theirs no more."""

    def __init__(self, engine: Engine, share: Share, owner: str) -> None:
        super().__init__(engine)
        self.share, self.sent = share, 0
        known = (shares.c.mailing == share.mailing, shares.c.number == share.number, shares.c.claim == share.claim)
        self._open = update(shares).where(*known, shares.c.state == "open").values(state="taken", owner=owner)
        self._mine = update(shares).where(*known, shares.c.owner == owner)
        # whoever takes the share back waits for the turn that has this lock, and then sees what it claimed
        mine = select(shares.c.number).where(*known, shares.c.owner == owner, shares.c.state == "taken")
        self.claiming = CLAIM.where(exists(mine.with_for_update(read=True)))

    def take(self) -> bool:
        """Begin; False where the share is not on offer any more."""
        return self._changed(self._open)

    def beat(self) -> bool:
        """Give a sign of life; False where the share was taken back."""
        held = self._mine.where(shares.c.state == "taken")
        return self._changed(held.values(beats=shares.c.beats + 1, sent=self.sent))

    def end(self, state: ShareState, detail: str) -> bool:
        """Nothing of it is in flight any more."""
        held = self._mine.where(shares.c.state.in_(("taken", "recalled")))
        return self._changed(held.values(state=state, sent=self.sent, detail=detail))

    def turn(self, mailing: Mailing, settled: Sequence[Settled], claims: Any) -> None:
        """As ever, and counted."""
        self.sent += sum(end.state == "sent" for end in settled)
        super().turn(mailing, settled, claims)
