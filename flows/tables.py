"""The ledger's tables. `flows/migrations/` brings a database to them; `REVISION` is its newest step."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import DateTime, TypeDecorator

REVISION = "0002"


class Moment(TypeDecorator[datetime]):
    """An aware UTC time, on databases that keep no time zone as well."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Store as UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give back aware times."""
        if value is None:
            return None
        moment: datetime = value
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


metadata = MetaData()

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("campaign", String(200), nullable=False),
    Column("article", String(200), nullable=False),
    Column("account", String(200), nullable=False),
    Column("part", String(64), nullable=False, default=""),
    Column("state", String(16), nullable=False),
    Column("digest", String(64), nullable=False, default=""),
    Column("owner", String(200), nullable=False, default=""),
    Column("lease_until", Moment),
    Column("attempts", Integer, nullable=False, default=0),
    Column("detail", Text, nullable=False, default=""),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    UniqueConstraint("campaign", "article", "account", "part", name="one_delivery"),
    Index("deliveries_by_article", "article"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(32), ForeignKey("deliveries.key"), nullable=False, index=True),
    Column("remote_ids", Text, nullable=False),  # JSON list
    Column("url", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("sent_at", Moment, nullable=False),
)

# what was sent, word for word: a correction and a second look need it, and the article file has changed since
renditions = Table(
    "renditions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),  # zlib of the canonical JSON
)
