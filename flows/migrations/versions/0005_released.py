"""Receipts of what a person says is no longer there: proof of then, and no part of what is sent now."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """From seals; every receipt counts until a delivery is released."""
    op.add_column("receipts", sa.Column("released", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Every receipt counts again."""
    op.drop_column("receipts", "released")
