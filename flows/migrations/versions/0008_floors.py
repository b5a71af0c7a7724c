"""Who speaks on an account, where several would at once; what a tender looks for every few seconds has an index."""

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
    op.add_column("stages", sa.Column("released_at", sa.DateTime(timezone=True)))
    op.create_index("ix_stages_changed_at", "stages", ["changed_at"])
    op.create_index("ix_courses_next_at", "courses", ["next_at"])


def downgrade() -> None:
    """Nobody is asked."""
    op.drop_index("ix_courses_next_at", "courses")
    op.drop_index("ix_stages_changed_at", "stages")
    op.drop_column("stages", "released_at")
    op.drop_table("floors")
