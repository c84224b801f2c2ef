"""Alembic's entry: `bot.store.migrate` gives the address, `bot.store.tables` the tables."""

from alembic import context
from sqlalchemy import create_engine, pool

from bot.store.tables import metadata

address = context.config.get_main_option("sqlalchemy.url") or ""
engine = create_engine(address, poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=address[:6] == "sqlite"
    )
    with context.begin_transaction():
        context.run_migrations()
