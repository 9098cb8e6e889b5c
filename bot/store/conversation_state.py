"""Where a conversation stands: whether it exists, who speaks, how far its messages go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.core.handoffs import HandoffState
from bot.store.database import transaction
from bot.store.handoff_tables import HandoffRow
from bot.store.tables import Conversation, Message, new_conversation

IDS_A_QUERY = 500
"""SQLite before 3.32 takes at most 999 values in one statement."""


# Statements that are made once: to make one anew costs as much as to run it, and every turn asks for two of them.
_STATES = sa.select(
    Conversation.id,
    Conversation.started_at,
    Conversation.region,
    Conversation.is_with_staff,
    sa.select(sa.func.max(Message.id))
    .where(Message.conversation_id == Conversation.id)
    .correlate(Conversation)
    .scalar_subquery()
    .label("last_id"),
    sa.exists()
    .where(HandoffRow.conversation_id == Conversation.id, HandoffRow.state == HandoffState.REQUESTED.value)
    .label("is_asked"),
)
_ONE = _STATES.where(Conversation.id == sa.bindparam("id"))
_MANY = _STATES.where(Conversation.id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class ConversationState:
    """What a client may know of its conversation."""

    id: str
    started_at: datetime
    region: str | None
    with_staff: bool
    """A person of the team holds the conversation; the bot keeps silent, except for emergencies."""
    waiting: bool
    """A person of the team has been asked for, and nobody has taken it on yet."""
    last_id: int
    """Id of the last message, 0 without any."""


def start_conversation(
    engine: sa.engine.Engine, conversation_id: str, *, channel: str, region: str | None, now: datetime
) -> None:
    """Make the row of a new conversation, so that one which was erased can be told from one that has not begun."""
    with transaction(engine) as session:
        conversation = new_conversation(conversation_id, channel, now)
        conversation.region = region
        session.add(conversation)


def read_state(engine: sa.engine.Engine, conversation_id: str) -> ConversationState | None:
    """The state of one conversation, None when it does not exist (any more)."""
    with engine.connect() as connection:
        row = connection.execute(_ONE, {"id": conversation_id}).first()
    return _state(row) if row else None


def read_states(engine: sa.engine.Engine, conversation_ids: Iterable[str]) -> Mapping[str, ConversationState]:
    """The states of many conversations, in one query for each 500; those that do not exist are left out."""
    wanted = list(conversation_ids)
    states: dict[str, ConversationState] = {}
    with engine.connect() as connection:
        for start in range(0, len(wanted), IDS_A_QUERY):
            ids = wanted[start : start + IDS_A_QUERY]
            states.update((row.id, _state(row)) for row in connection.execute(_MANY, {"ids": ids}))
    return states


def _state(row: Any) -> ConversationState:
    return ConversationState(
        id=row.id,
        started_at=row.started_at,
        region=row.region,
        with_staff=bool(row.is_with_staff),
        waiting=bool(row.is_asked) and not row.is_with_staff,
        last_id=row.last_id or 0,
    )
