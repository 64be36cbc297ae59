"""Alembic's entry: runs migrations on the connection that `vedette.adapters.database` hands over."""

from alembic import context

from vedette.adapters.database_schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
