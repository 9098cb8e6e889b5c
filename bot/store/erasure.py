"""Erasure: everything that is stored of one conversation, in one transaction."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.core.settings import load_settings
from bot.store.database import make_engine, utc_now
from bot.store.handoff_tables import ERASED_BY_CONVERSATION
from bot.store.telegram import ERASED_BY_SENDER


@dataclass(frozen=True)
class Place:
    """A table that holds rows of conversations, and its column with the conversation's id."""

    table: str
    column: str


PLACES: Sequence[Place] = (
    # A new table with rows of conversations needs a line here (tests/store/test_erasure.py fails without it); one that
    # a database does not have yet is passed over.
    *(Place(table, column) for table, column in (*ERASED_BY_CONVERSATION, *ERASED_BY_SENDER)),
    Place("staff_notes", "conversation_id"),
    Place("staff_notes", "conversation_id"),
    Place("feedback", "conversation_id"),
    Place("messages", "conversation_id"),
    Place("turns", "conversation_id"),
    Place("events", "sender_id"),  # Rasa's own
    Place("conversations", "id"),
)


@dataclass(frozen=True)
class Receipt:
    """What was erased. It names no person: conversation ids are random."""

    conversation_id: str
    at: datetime
    rows: Mapping[str, int]
    """Table -> number of rows; tables that held nothing are left out."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was stored of that conversation."""
        return not self.rows


def erase(engine: sa.engine.Engine, conversation_id: str) -> Receipt:
    """Erase a conversation from every table, Rasa's events included; all of it or, on an error, nothing.

    A turn that is being answered meanwhile would store itself again: a channel holds the conversation's lock.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # Otherwise the words stay readable in free pages of the file.
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
            connection.rollback()
        with connection.begin():
            rows = {place.table: _delete(connection, place, conversation_id) for place in existing_places(connection)}
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
    return Receipt(conversation_id, utc_now(), {table: count for table, count in rows.items() if count})


def existing_places(connection: sa.engine.Connection) -> list[Place]:
    """The places whose table exists in this database."""
    tables = set(sa.inspect(connection).get_table_names())
    return [place for place in PLACES if place.table in tables]


def _delete(connection: sa.engine.Connection, place: Place, conversation_id: str) -> int:
    column: sa.sql.ColumnClause[str] = sa.column(place.column)
    statement = sa.delete(sa.table(place.table, column)).where(column == conversation_id)
    return int(connection.execute(statement).rowcount)


def main(conversation_id: str) -> int:
    """`python -m bot erase`: erase one conversation of the settings' database and say what went; the exit code."""
    receipt = erase(make_engine(load_settings().database), conversation_id)
    if receipt.is_empty:
        sys.stderr.write(f"Nothing is stored of a conversation {conversation_id!r}.\n")
        return 1
    counts = ", ".join(f"{count} {table}" for table, count in receipt.rows.items())
    sys.stdout.write(f"Erased {conversation_id}: {counts}.\n")
    return 0
