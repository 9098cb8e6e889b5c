"""Hand-offs as the console and the bot read them: the open one, the queue, the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.core.handoffs import HELD_STATES, OPEN_STATES, Handoff, HandoffState, Move
from bot.store.handoff_moves import read_in, read_row
from bot.store.handoff_tables import ContactRow, HandoffMove, HandoffRow
from bot.store.tables import Conversation


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue."""

    handoff: Handoff
    channel: str
    last_at: datetime
    """When something was last said in the conversation."""
    turns: int


@dataclass(frozen=True)
class HistoryRow:
    """One line of the history of a conversation's hand-offs."""

    handoff_id: int
    at: datetime
    move: Move
    state: HandoffState
    """After the move."""
    by_id: str
    """A staff id, `caregiver` or `system`."""
    by_name: str
    note: str | None


def get_handoff(engine: sa.engine.Engine, handoff_id: int) -> Handoff | None:
    """One hand-off by its id."""
    with Session(engine, future=True) as session:
        return read_in(session, handoff_id)


def open_handoff(engine: sa.engine.Engine, conversation_id: str) -> Handoff | None:
    """The hand-off of a conversation that is not over; None without one."""
    with Session(engine, future=True) as session:
        return open_in(session, conversation_id)


_LAST_STATE = (
    sa.select(HandoffRow.state)
    .where(HandoffRow.conversation_id == sa.bindparam("conversation"))
    .order_by(HandoffRow.id.desc())
    .limit(1)
)


def is_let_go(engine: sa.engine.Engine, conversation_id: str) -> bool:
    """Whether nobody holds the last hand-off of a conversation (any more), whatever the chat has been told of it."""
    with engine.connect() as connection:
        state = connection.execute(_LAST_STATE, {"conversation": conversation_id}).scalar()
    return state is not None and HandoffState(state) not in HELD_STATES


def open_in(session: Session, conversation_id: str) -> Handoff | None:
    """As `open_handoff`, inside the caller's transaction."""
    query = sa.select(HandoffRow.id).where(HandoffRow.conversation_id == conversation_id, is_open())
    found = session.execute(query).scalar()
    return read_in(session, found) if found is not None else None


def handoffs_of(engine: sa.engine.Engine, conversation_id: str) -> list[Handoff]:
    """All hand-offs of a conversation, newest first."""
    query = sa.select(HandoffRow.id).where(HandoffRow.conversation_id == conversation_id).order_by(HandoffRow.id.desc())
    with Session(engine, future=True) as session:
        found = [read_in(session, handoff_id) for handoff_id in session.execute(query).scalars().all()]
        return [handoff for handoff in found if handoff]


def queue(engine: sa.engine.Engine) -> list[QueueRow]:
    """All open hand-offs: urgent ones first, then those that nobody holds, then by how long they wait."""
    query = (
        sa.select(HandoffRow, ContactRow.id.label("contact"), Conversation)
        .outerjoin(ContactRow, ContactRow.handoff_id == HandoffRow.id)
        .outerjoin(Conversation, Conversation.id == HandoffRow.conversation_id)
        .where(is_open())
        .order_by(
            HandoffRow.is_urgent.desc(),
            sa.case((HandoffRow.state == HandoffState.REQUESTED.value, 0), else_=1),
            HandoffRow.requested_at,
            HandoffRow.id,
        )
    )
    rows = []
    with Session(engine, future=True) as session:
        for row, contact, conversation in session.execute(query):
            handoff = read_row(row, has_contact=contact is not None)
            channel = conversation.channel if conversation else "unknown"
            last_at = conversation.last_at if conversation else row.requested_at
            rows.append(QueueRow(handoff, channel, last_at, conversation.turns if conversation else 0))
    return rows


def history(engine: sa.engine.Engine, conversation_id: str) -> list[HistoryRow]:
    """Every move of every hand-off of a conversation, oldest first."""
    query = sa.select(HandoffMove).where(HandoffMove.conversation_id == conversation_id).order_by(HandoffMove.id)
    with Session(engine, future=True) as session:
        return [
            HistoryRow(r.handoff_id, r.at, Move(r.move), HandoffState(r.state), r.by_id, r.by_name, r.note)
            for r in session.execute(query).scalars()
        ]


def is_open() -> sa.sql.ColumnElement[bool]:
    """The condition of an open hand-off, for queries."""
    return HandoffRow.state.in_([state.value for state in OPEN_STATES])
