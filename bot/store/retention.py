"""Retention: conversations that are older than the promise made to people are erased."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa

from bot.core.settings import load_settings
from bot.store.database import make_engine, utc_now
from bot.store.erasure import Receipt, erase
from bot.store.tables import Conversation


def overdue(engine: sa.engine.Engine, *, days: int, now: datetime) -> list[str]:
    """Ids of conversations in which nothing was said for that many days; none when `days` is 0."""
    if days == 0:
        return []
    limit = now - timedelta(days=days)
    with engine.connect() as connection:
        query = sa.select(Conversation.id).where(Conversation.last_at < limit).order_by(Conversation.last_at)
        ids = list(connection.execute(query).scalars())
        return ids + _left_over(connection, limit)


def retain(engine: sa.engine.Engine, *, days: int, now: datetime) -> Sequence[Receipt]:
    """Erase what is overdue, each conversation in a transaction of its own; safe to run in several processes."""
    return [erase(engine, conversation_id) for conversation_id in overdue(engine, days=days, now=now)]


def _left_over(connection: sa.engine.Connection, limit: datetime) -> list[str]:
    """Senders in Rasa's events without a row of ours, for example from a time before our tables."""
    if "events" not in sa.inspect(connection).get_table_names():
        return []
    events = sa.table("events", sa.column("sender_id"), sa.column("timestamp"))
    query = (
        sa.select(events.c.sender_id)
        .where(events.c.sender_id.not_in(sa.select(Conversation.id)))
        .group_by(events.c.sender_id)
        .having(sa.func.max(events.c.timestamp) < limit.replace(tzinfo=timezone.utc).timestamp())
    )
    return list(connection.execute(query).scalars())


def main() -> None:
    """`python -m bot retain`: erase what is overdue in the settings' database, and say how much it was."""
    settings = load_settings()
    days = settings.sma_retention_days
    receipts = retain(make_engine(settings.database), days=days, now=utc_now())
    kept = f"older than {days} days" if days else "(SMA_RETENTION_DAYS is 0: all are kept)"
    sys.stdout.write(f"Erased {len(receipts)} conversations {kept}.\n")
