"""The ledger: the durable record of what was sent, and the lock that lets nothing be sent twice."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Connection,
    Row,
    insert,
    select,
    update,
)

from channels.owners import abandoned, oneself
from content.rendition import Rendition
from flows.database import once, open_database, usable
from flows.records import Delivery, Record, State
from flows.tables import deliveries, receipts, renditions

if TYPE_CHECKING:
    from channels.base import Receipt

LEASE = timedelta(minutes=10)  # longer than any single push takes
OPEN_STATES: tuple[State, ...] = ("planned", "failed")  # from these a claim may begin


class Ledger:
    """Deliveries and receipts in SQLite (WAL) or PostgreSQL. Safe for several processes at once."""

    def __init__(self, url: str) -> None:
        self.engine = open_database(url)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def plan(self, delivery: Delivery, now: datetime | None = None) -> Record:
        """The delivery's row, made where there is none. A claim whose holder is gone is `unknown` from here on."""
        now = now or datetime.now(UTC)
        with usable(self.engine), self.engine.begin() as connection:
            connection.execute(once(connection, deliveries, _row(delivery, now)))
            record = _read(connection, delivery.key)
            if record.state == "claimed" and abandoned(record.owner, record.lease_until, now):
                gone = "the process that was sending it ended without an answer"
                _settle(connection, delivery.key, "unknown", gone, now, owner=record.owner)
                record = _read(connection, delivery.key)
        return record

    def claim(
        self, delivery: Delivery, digest: str, *, lease: timedelta = LEASE, states: tuple[State, ...] = OPEN_STATES
    ) -> str | None:
        """Take a delivery that is in one of some states for sending; None if somebody else has it."""
        owner = oneself()
        now = datetime.now(UTC)
        statement = (
            update(deliveries)
            .where(deliveries.c.key == delivery.key, deliveries.c.state.in_(states))
            .values(
                state="claimed",
                owner=owner,
                lease_until=now + lease,
                digest=digest,
                attempts=deliveries.c.attempts + 1,
                detail="",
                changed_at=now,
            )
        )
        with usable(self.engine), self.engine.begin() as connection:
            taken = connection.execute(statement).rowcount == 1
        return owner if taken else None

    def renew(self, delivery: Delivery, owner: str, lease: timedelta = LEASE) -> bool:
        """Keep a claim; False where it was lost."""
        mine = (deliveries.c.key == delivery.key, deliveries.c.owner == owner, deliveries.c.state == "claimed")
        values = {"lease_until": datetime.now(UTC) + lease}
        with usable(self.engine), self.engine.begin() as connection:
            return connection.execute(update(deliveries).where(*mine).values(values)).rowcount == 1

    def prepared(self, delivery: Delivery, owner: str, draft: str) -> None:
        """Keep a draft's id before it is sent. Only the claim's owner can."""
        mine = (deliveries.c.key == delivery.key, deliveries.c.owner == owner, deliveries.c.state == "claimed")
        with usable(self.engine), self.engine.begin() as connection:
            connection.execute(update(deliveries).where(*mine).values(prepared=draft))

    def sent(self, delivery: Delivery, receipt: Receipt) -> None:
        """Record proof. Whoever has proof may record it, whatever the row said before."""
        now = datetime.now(UTC)
        with usable(self.engine), self.engine.begin() as connection:
            connection.execute(insert(receipts).values(key=delivery.key, **_columns(receipt)))
            _settle(connection, delivery.key, "sent", "", now, digest=receipt.digest)

    def settle(
        self,
        delivery: Delivery,
        owner: str,
        state: State,
        detail: str,
        partial: Receipt | None = None,
    ) -> None:
        """End a claim without full proof: failed, unknown or held, and why. Only the claim's owner can."""
        now = datetime.now(UTC)
        with usable(self.engine), self.engine.begin() as connection:
            if partial:
                connection.execute(insert(receipts).values(key=delivery.key, **_columns(partial)))
            _settle(connection, delivery.key, state, detail, now, owner=owner)

    def retracted(self, delivery: Delivery) -> None:
        """It was taken back; its receipt stays, as proof of what was there."""
        now = datetime.now(UTC)
        with usable(self.engine), self.engine.begin() as connection:
            _settle(connection, delivery.key, "retracted", "taken back", now)

    def release(self, delivery: Delivery) -> None:
        """A person says that nothing is there: what was held, unknown or taken back may be sent, from its beginning."""
        open_ends = deliveries.c.state.in_(("held", "unknown", "begun", "retracted"))
        statement = update(deliveries).where(deliveries.c.key == delivery.key, open_ends)
        values = {"state": "planned", "detail": "released by hand", "prepared": "", "changed_at": datetime.now(UTC)}
        with usable(self.engine), self.engine.begin() as connection:
            if connection.execute(statement.values(values)).rowcount:
                connection.execute(update(receipts).where(receipts.c.key == delivery.key).values(released=True))

    def keep(self, rendition: Rendition) -> None:
        """Keep what is about to be sent; its pictures by their digests. Twice is no error."""
        canonical = rendition.canonical.encode()
        values = {"digest": sha256(canonical).hexdigest(), "content": zlib.compress(canonical)}
        with usable(self.engine), self.engine.begin() as connection:
            connection.execute(once(connection, renditions, values))

    def kept(self, digest: str) -> dict[str, Any] | None:
        """The fields of what was sent under a digest; None where it was not kept."""
        statement = select(renditions.c.content).where(renditions.c.digest == digest)
        with usable(self.engine), self.engine.connect() as connection:
            content = connection.execute(statement).scalar()
        return None if content is None else json.loads(zlib.decompress(content))

    def versions(self, key: str) -> list[str]:
        """The digests of what a delivery has carried, the newest first, each once."""
        carried = select(receipts.c.digest).where(receipts.c.key == key, receipts.c.released.is_(False))
        with usable(self.engine), self.engine.connect() as connection:
            digests = connection.execute(carried.order_by(receipts.c.id.desc())).scalars().all()
        return list(dict.fromkeys(digests))

    def sent_since(self, account: str, moment: datetime, other_than: str = "") -> list[tuple[datetime, str]]:
        """When an account has sent something since a moment, and the digest of it; but not that of one delivery."""
        statement = (
            select(receipts.c.sent_at, receipts.c.digest)
            .join(deliveries, deliveries.c.key == receipts.c.key)
            .where(deliveries.c.account == account, receipts.c.sent_at >= moment, deliveries.c.key != other_than)
            .where(receipts.c.released.is_(False), deliveries.c.state != "retracted")
        )
        with usable(self.engine), self.engine.connect() as connection:
            return [(row.sent_at, row.digest) for row in connection.execute(statement)]

    def record(self, key: str) -> Record | None:
        """One delivery by its key; None where there is none."""
        with usable(self.engine), self.engine.connect() as connection:
            known = connection.execute(select(deliveries.c.key).where(deliveries.c.key == key)).first()
            return _read(connection, key) if known else None

    def records(self, article: str = "", campaign: str = "") -> list[Record]:
        """Every delivery, newest change first; of one article or campaign where asked."""
        statement = select(deliveries).order_by(deliveries.c.changed_at.desc(), deliveries.c.account)
        if article:
            statement = statement.where(deliveries.c.article == article)
        if campaign:
            statement = statement.where(deliveries.c.campaign == campaign)
        with usable(self.engine), self.engine.connect() as connection:
            rows = connection.execute(statement).all()
            proofs = _receipts(connection, [row.key for row in rows] if article or campaign else None)
        return [_record(row, proofs.get(row.key)) for row in rows]


def _row(delivery: Delivery, now: datetime) -> dict[str, Any]:
    return {
        "key": delivery.key,
        "campaign": delivery.campaign,
        "article": delivery.article,
        "account": delivery.account,
        "part": delivery.part,
        "state": "planned",
        "created_at": now,
        "changed_at": now,
    }


def _settle(connection: Connection, key: str, state: State, detail: str, now: datetime, **known: str) -> None:
    statement = update(deliveries).where(deliveries.c.key == key)
    if owner := known.pop("owner", ""):
        statement = statement.where(deliveries.c.owner == owner, deliveries.c.state == "claimed")
    values = {"state": state, "detail": detail, "changed_at": now, "lease_until": None, **known}
    connection.execute(statement.values(values))


def _columns(receipt: Receipt) -> dict[str, Any]:
    return {
        "remote_ids": json.dumps(receipt.remote_ids),
        "url": receipt.url,
        "digest": receipt.digest,
        "sent_at": receipt.sent_at,
    }


def _read(connection: Connection, key: str) -> Record:
    row = connection.execute(select(deliveries).where(deliveries.c.key == key)).one()
    return _record(row, _receipts(connection, [key]).get(key))


def _receipts(connection: Connection, keys: list[str] | None) -> dict[str, Row[Any]]:
    """The newest receipt of each key; of every key where none are given. Those of what was released count no more."""
    statement = select(receipts).where(receipts.c.released.is_(False)).order_by(receipts.c.id)
    if keys is not None:
        statement = statement.where(receipts.c.key.in_(keys))
    return {row.key: row for row in connection.execute(statement)}


def _receipt(account: str, row: Row[Any]) -> Receipt:
    from channels.base import Receipt  # noqa: PLC0415 - whoever looks at what was not sent yet needs no adapters

    return Receipt(
        channel=account,
        remote_ids=tuple(json.loads(row.remote_ids)),
        url=row.url,
        digest=row.digest,
        sent_at=row.sent_at,
    )


def _record(row: Row[Any], proof: Row[Any] | None) -> Record:
    delivery = Delivery(campaign=row.campaign, article=row.article, account=row.account, part=row.part)
    return Record(
        delivery=delivery,
        state=row.state,
        digest=row.digest,
        owner=row.owner,
        lease_until=row.lease_until,
        attempts=row.attempts,
        detail=row.detail,
        prepared=row.prepared,
        created_at=row.created_at,
        changed_at=row.changed_at,
        receipt=_receipt(row.account, proof) if proof else None,
    )
