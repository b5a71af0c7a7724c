"""Deliveries and their receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From an empty database."""
    op.create_table(
        "deliveries",
        sa.Column("key", sa.String(32), primary_key=True),
        sa.Column("campaign", sa.String(200), nullable=False),
        sa.Column("article", sa.String(200), nullable=False),
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("part", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("lease_until", MOMENT),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.UniqueConstraint("campaign", "article", "account", "part", name="one_delivery"),
    )
    op.create_index("deliveries_by_article", "deliveries", ["article"])
    op.create_table(
        "receipts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(32), sa.ForeignKey("deliveries.key"), nullable=False),
        sa.Column("remote_ids", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
    )
    op.create_index("ix_receipts_key", "receipts", ["key"])


def downgrade() -> None:
    """To an empty database: what was sent is forgotten."""
    op.drop_table("receipts")
    op.drop_table("deliveries")
