"""What was sent, word for word."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """From deliveries and receipts alone."""
    op.create_table(
        "renditions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """The digests stay; what they stand for is forgotten."""
    op.drop_table("renditions")
