"""Where a conversation stands: whether it exists, who speaks, how far its messages go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.core.handoffs import HandoffState
from bot.store.database import transaction
from bot.store.handoff_tables import HandoffRow
from bot.store.tables import Conversation, Message, new_conversation

IDS_A_QUERY = 500
"""SQLite before 3.32 takes at most 999 values in one statement."""


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
    return read_states(engine, [conversation_id]).get(conversation_id)


def read_states(engine: sa.engine.Engine, conversation_ids: Iterable[str]) -> Mapping[str, ConversationState]:
    """The states of many conversations, in one query for each 500; those that do not exist are left out."""
    wanted = list(conversation_ids)
    last_id = (
        sa.select(sa.func.max(Message.id)).where(Message.conversation_id == Conversation.id).correlate(Conversation)
    )
    is_asked = sa.exists().where(
        HandoffRow.conversation_id == Conversation.id, HandoffRow.state == HandoffState.REQUESTED.value
    )
    columns = (
        Conversation.id,
        Conversation.started_at,
        Conversation.region,
        Conversation.is_with_staff,
        last_id.scalar_subquery().label("last_id"),
        is_asked.label("is_asked"),
    )
    states: dict[str, ConversationState] = {}
    with engine.connect() as connection:
        for start in range(0, len(wanted), IDS_A_QUERY):
            ids = wanted[start : start + IDS_A_QUERY]
            for row in connection.execute(sa.select(*columns).where(Conversation.id.in_(ids))):
                states[row.id] = ConversationState(
                    id=row.id,
                    started_at=row.started_at,
                    region=row.region,
                    with_staff=bool(row.is_with_staff),
                    waiting=bool(row.is_asked) and not row.is_with_staff,
                    last_id=row.last_id or 0,
                )
    return states
