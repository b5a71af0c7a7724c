"""The ledger's tables. `flows/migrations/` brings a database to them; `REVISION` is its newest step."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
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
    false,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import DateTime, TypeDecorator

REVISION = "0008"


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
    Column("prepared", Text, nullable=False, default="", server_default=""),  # a draft's id
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
    Column("released", Boolean, nullable=False, default=False, server_default=false()),  # nothing of it is there now
)

# what was sent, word for word: a correction and a second look need it, and the article file has changed since
renditions = Table(
    "renditions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),  # zlib of the canonical JSON
)

# one mail to many: what was begun, with which list, and what a person wants of it now
mailings = Table(
    "mailings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(32), ForeignKey("deliveries.key"), nullable=False, unique=True),
    Column("digest", String(64), nullable=False),  # of the newsletter
    Column("audience", String(64), nullable=False),  # of the list: addresses and merge fields, in any order
    Column("total", Integer, nullable=False),
    Column("wanted", String(8), nullable=False, default="go"),  # go, pause or cancel
    Column("winner", Integer),  # the subject that the rest of the list gets, from 0
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

# a row for each recipient; an address is never written down, only what its keyed hash is
recipients = Table(
    "recipients",
    metadata,
    Column("mailing", Integer, ForeignKey("mailings.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("address", LargeBinary(16), nullable=False),
    Column("state", String(10), nullable=False),
    Column("variant", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("reply", String(40), nullable=False, default=""),  # the server's code, never its words: they hold addresses
    Column("due_at", Moment),
    Column("sent_at", Moment),
    UniqueConstraint("mailing", "address", name="one_mail_each"),
)

# a long list is sent in shares, side by side: who is at which. The main run's own, share 0, has no row
shares = Table(
    "shares",
    metadata,
    Column("mailing", Integer, ForeignKey("mailings.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("total", Integer, nullable=False),  # in how many shares it goes, the main run's too
    Column("claim", String(200), nullable=False),  # the main run's, on the delivery
    Column("source", String(64), nullable=False),  # SHA-256 of the list's file; "" for a database
    Column("state", String(10), nullable=False),
    Column("owner", String(200), nullable=False, default=""),
    Column("beats", Integer, nullable=False, default=0),  # signs of life, counted
    Column("sent", Integer, nullable=False, default=0),
    Column("detail", Text, nullable=False, default=""),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address", LargeBinary(16), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("detail", String(200), nullable=False, default=""),
    Column("added_at", Moment, nullable=False),
)

# passing troubles with an address, so that lasting ones can be told from them
bounces = Table(
    "bounces",
    metadata,
    Column("report", String(64), primary_key=True),  # SHA-256 of the report's Message-ID and its recipient
    Column("address", LargeBinary(16), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("seen_at", Moment, nullable=False),
)

# which secret the hashes above were made with
seals = Table(
    "seals",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("fingerprint", LargeBinary(16), nullable=False),
)

# campaigns under way: their file as it was when they were started, and what a person wants of them
courses = Table(
    "courses",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("campaign", String(64), nullable=False),  # the file's name
    Column("article", String(200), nullable=False),
    Column("occurrence", String(20), nullable=False, default=""),  # which time it is, for what comes again
    Column("number", Integer, nullable=False, default=0),  # which time it is, counted from 0
    Column("terms", Text, nullable=False),  # the file, word for word
    Column("state", String(10), nullable=False),
    Column("next_at", Moment, index=True),  # of what comes again: when the next course begins
    Column("started_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False, index=True),
)

# each step of them: when it is due, which run is booked for it, how it ended
stages = Table(
    "stages",
    metadata,
    Column("course", String(200), ForeignKey("courses.id"), primary_key=True),
    Column("step", String(64), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("due_at", Moment),
    Column("booked_for", Moment),  # when its run is to begin sending: later than due where it had to wait
    Column("revision", Integer, nullable=False, default=0),  # of the booking
    Column("tries", Integer, nullable=False, default=0),  # bookings since it last began
    Column("run", String(36), nullable=False, default=""),  # Prefect's flow run
    Column("moved_to", Moment),  # by a person
    Column("released", Boolean, nullable=False, default=False),  # a person wants it sent whatever the rules say
    Column("released_at", Moment),
    Column("owner", String(200), nullable=False, default=""),
    Column("lease_until", Moment),
    Column("detail", Text, nullable=False, default=""),
    Column("ended_at", Moment),
    Column("changed_at", Moment, nullable=False, index=True),
    Index("stages_by_booking", "state", "booked_for"),
)

# who speaks on an account, where several would at once: a delivery its words, or a late step whatever it has to say
floors = Table(
    "floors",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("words", String(64), primary_key=True),  # their SHA-256; "" for anything
    Column("holder", String(300), nullable=False),
    Column("taken_at", Moment, nullable=False),
)
