"""Mail to lists: a row for each recipient, who must get nothing more, and what a draft is called."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From renditions kept."""
    op.add_column("deliveries", sa.Column("prepared", sa.Text, nullable=False, server_default=""))
    _mailings()
    _who_gets_nothing()


def _mailings() -> None:
    op.create_table(
        "mailings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(32), sa.ForeignKey("deliveries.key"), nullable=False, unique=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("audience", sa.String(64), nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("wanted", sa.String(8), nullable=False),
        sa.Column("winner", sa.Integer),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
    )
    op.create_table(
        "recipients",
        sa.Column("mailing", sa.Integer, sa.ForeignKey("mailings.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("address", sa.LargeBinary(16), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("variant", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reply", sa.String(40), nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("sent_at", MOMENT),
        sa.UniqueConstraint("mailing", "address", name="one_mail_each"),
    )


def _who_gets_nothing() -> None:
    op.create_table(
        "suppressions",
        sa.Column("address", sa.LargeBinary(16), primary_key=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("detail", sa.String(200), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
    )
    op.create_table(
        "bounces",
        sa.Column("report", sa.String(64), primary_key=True),
        sa.Column("address", sa.LargeBinary(16), nullable=False, index=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    """Who had which mail is forgotten."""
    for table in ("bounces", "suppressions", "recipients", "mailings"):
        op.drop_table(table)
    op.drop_column("deliveries", "prepared")
