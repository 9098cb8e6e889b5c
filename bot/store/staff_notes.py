"""Notes among staff about a conversation; caregivers never see them, and they go when it is erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.core.handoffs import Staff
from bot.store.staff_tables import StaffNote

LONGEST = 4000


@dataclass(frozen=True)
class Note:
    """One note."""

    id: int
    at: datetime
    staff_name: str
    text: str


def add_note(engine: sa.engine.Engine, conversation_id: str, staff: Staff, text: str, *, now: datetime) -> None:
    """Add a note. Raises ValueError when it is empty or too long."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise ValueError(f"A note has between 1 and {LONGEST} characters.")
    values = {
        "conversation_id": conversation_id,
        "at": now,
        "staff_id": staff.id,
        "staff_name": staff.name,
        "text": text,
    }
    with engine.begin() as connection:
        connection.execute(sa.insert(StaffNote).values(values))


def notes_of(engine: sa.engine.Engine, conversation_id: str) -> Sequence[Note]:
    """Notes about a conversation, oldest first."""
    query = sa.select(StaffNote.id, StaffNote.at, StaffNote.staff_name, StaffNote.text)
    with engine.connect() as connection:
        rows = connection.execute(query.where(StaffNote.conversation_id == conversation_id).order_by(StaffNote.id))
        return [Note(**row._mapping) for row in rows]
