"""Campaigns under way, and their steps."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From receipts that may be released."""
    op.create_table(
        "courses",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("campaign", sa.String(64), nullable=False),
        sa.Column("article", sa.String(200), nullable=False),
        sa.Column("occurrence", sa.String(20), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("next_at", MOMENT),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
    )
    op.create_index("ix_courses_changed_at", "courses", ["changed_at"])
    _stages()


def _stages() -> None:
    op.create_table(
        "stages",
        sa.Column("course", sa.String(200), sa.ForeignKey("courses.id"), primary_key=True),
        sa.Column("step", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("booked_for", MOMENT),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("run", sa.String(36), nullable=False),
        sa.Column("moved_to", MOMENT),
        sa.Column("released", sa.Boolean, nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("lease_until", MOMENT),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("changed_at", MOMENT, nullable=False),
    )
    op.create_index("stages_by_booking", "stages", ["state", "booked_for"])


def downgrade() -> None:
    """No campaigns."""
    op.drop_table("stages")
    op.drop_table("courses")
