"""Who speaks on an account, where several would at once."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """From a governor that looked at what was sent alone."""
    op.create_table(
        "floors",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("words", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(300), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Nobody is asked."""
    op.drop_table("floors")
