"""How Alembic meets the ledger: over the connection that `flows.ledger` hands it."""

from alembic import context

from flows.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
