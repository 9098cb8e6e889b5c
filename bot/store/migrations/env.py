"""Alembic's entry; the engine comes from bot.store.migrate."""

from alembic import context

import bot.store.handoff_tables
import bot.store.staff_tables
import bot.store.telegram  # noqa: F401
from bot.store.tables import Base

engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
