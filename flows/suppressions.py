"""Who must get no more mail: always asked last, whatever a list says."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Engine, delete, func, select, update

from flows.database import once, usable
from flows.errors import Unusable
from flows.tables import bounces, seals, suppressions

if TYPE_CHECKING:
    from channels.seal import Seal

Reason = Literal["unsubscribed", "bounced", "complained", "by hand"]
PATIENCE, WINDOW = 5, timedelta(days=30)  # so many passing troubles within so long are a lasting one


def attest(engine: Engine, seal: Seal) -> None:
    """The secret is the one that the ledger's hashes were made with. Raises `Unusable` for another.

    Under another secret nobody on a list would be found again: everybody would get everything twice.
    """
    with usable(engine), engine.begin() as connection:
        connection.execute(once(connection, seals, {"id": 1, "fingerprint": seal.fingerprint}))
        known = connection.execute(select(seals.c.fingerprint)).scalar()
    if known != seal.fingerprint:
        raise Unusable(
            "PRESSROOM_SECRET, or .pressroom/secret, is not the one that this ledger's addresses were hashed with: "
            "copy it from the machine that used the ledger first"
        )


class Suppressions:
    """Hashes of addresses (`channels.seal`), each with a reason. Never an address."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, address: bytes, reason: Reason, detail: str = "") -> bool:
        """Suppress an address; False where it was already.

        The first reason stays, but for an unsubscription: that one the reader may take back, and no other.
        """
        values = {"address": address, "reason": reason, "detail": detail[:200], "added_at": datetime.now(UTC)}
        with usable(self._engine), self._engine.begin() as connection:
            # an insert's own count is SQLite's alone
            added = once(connection, suppressions, values).returning(suppressions.c.address)
            new = connection.execute(added).first() is not None
            if not new and reason != "unsubscribed":
                taken_back = (suppressions.c.address == address, suppressions.c.reason == "unsubscribed")
                connection.execute(update(suppressions).where(*taken_back).values(values))
        return new

    def remove(self, address: bytes, *reasons: Reason) -> bool:
        """Let an address have mail again, if one of these is the reason (none given: whatever it is)."""
        statement = delete(suppressions).where(suppressions.c.address == address)
        if reasons:
            statement = statement.where(suppressions.c.reason.in_(reasons))
        with usable(self._engine), self._engine.begin() as connection:
            return connection.execute(statement).rowcount == 1

    def among(self, addresses: Collection[bytes]) -> set[bytes]:
        """Which of some addresses (at most some hundreds) are suppressed."""
        statement = select(suppressions.c.address).where(suppressions.c.address.in_(addresses))
        with usable(self._engine), self._engine.connect() as connection:
            return set(connection.execute(statement).scalars())

    def counts(self) -> dict[str, int]:
        """How many addresses are suppressed for each reason."""
        statement = select(suppressions.c.reason, func.count()).group_by(suppressions.c.reason)
        with usable(self._engine), self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def passing(self, address: bytes, report: str, status: str) -> bool:
        """Note a passing trouble once a report (its SHA-256); True where it is one too many: suppressed now."""
        now = datetime.now(UTC)
        recent = select(func.count()).where(bounces.c.address == address, bounces.c.seen_at > now - WINDOW)
        values = {"report": report, "address": address, "status": status[:16], "seen_at": now}
        with usable(self._engine), self._engine.begin() as connection:
            connection.execute(once(connection, bounces, values))
            too_many = (connection.execute(recent).scalar() or 0) >= PATIENCE
        return too_many and self.add(address, "bounced", f"{PATIENCE} passing troubles within {WINDOW.days} days")
