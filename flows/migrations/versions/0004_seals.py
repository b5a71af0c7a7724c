"""Which secret addresses were hashed with: under another one nobody would be found again."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """From mail to lists."""
    op.create_table(
        "seals",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.LargeBinary(16), nullable=False),
    )


def downgrade() -> None:
    """Any secret is taken again."""
    op.drop_table("seals")
