"""Who must get no more mail: always asked last, whatever a list says."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Engine, delete, func, select

from flows.database import once, usable
from flows.tables import bounces, suppressions

Reason = Literal["unsubscribed", "bounced", "complained", "by hand"]
PATIENCE, WINDOW = 5, timedelta(days=30)  # so many passing troubles within so long are a lasting one


class Suppressions:
    """Hashes of addresses (`channels.seal`), each with a reason. Never an address."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, address: bytes, reason: Reason, detail: str = "") -> bool:
        """Suppress an address; False where it was already. The first reason stays."""
        values = {"address": address, "reason": reason, "detail": detail[:200], "added_at": datetime.now(UTC)}
        with usable(self._engine), self._engine.begin() as connection:
            # an insert's own count is SQLite's alone
            added = once(connection, suppressions, values).returning(suppressions.c.address)
            return connection.execute(added).first() is not None

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
