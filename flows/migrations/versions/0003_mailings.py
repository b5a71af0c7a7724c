"""Mail to lists: a row for each recipient, who must get nothing more, and what a draft is called."""

import sqlalchemy as sa
from alembic import op

from flows.tables import bounces, mailings, recipients, suppressions

revision = "0003"
down_revision = "0002"
TABLES = (mailings, recipients, suppressions, bounces)


def upgrade() -> None:
    """From renditions kept."""
    op.add_column("deliveries", sa.Column("prepared", sa.Text, nullable=False, server_default=""))
    for table in TABLES:
        table.create(op.get_bind())


def downgrade() -> None:
    """Who had which mail is forgotten."""
    for table in reversed(TABLES):
        table.drop(op.get_bind())
    op.drop_column("deliveries", "prepared")
