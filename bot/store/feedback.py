"""Thumbs up and down for messages of the bot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from bot.core.redaction import redact
from bot.store.database import transaction
from bot.store.tables import Feedback, Message

REASON_CHARS = 500


def give_feedback(
    engine: sa.engine.Engine,
    conversation_id: str,
    message_id: int,
    *,
    is_helpful: bool,
    reason: str | None,
    now: datetime,
) -> bool:
    """Store a thumb, in place of an earlier one; False when the message is none of the bot's in this conversation."""
    with transaction(engine) as session:
        is_ours = sa.select(Message.id).where(
            Message.id == message_id, Message.conversation_id == conversation_id, Message.sender == "bot"
        )
        if session.execute(is_ours).first() is None:
            return False
        row = session.execute(sa.select(Feedback).where(Feedback.message_id == message_id)).scalars().first()
        if row is None:
            row = Feedback(conversation_id=conversation_id, message_id=message_id)
            session.add(row)
        row.at = now
        row.is_helpful = is_helpful
        row.reason = redact(reason.strip()[:REASON_CHARS]).text or None if reason else None
    return True


def feedback_of(engine: sa.engine.Engine, conversation_id: str) -> Mapping[int, tuple[bool, str | None]]:
    """Every thumb of a conversation: message id -> (is helpful, reason)."""
    query = sa.select(Feedback.message_id, Feedback.is_helpful, Feedback.reason)
    with engine.connect() as connection:
        rows = connection.execute(query.where(Feedback.conversation_id == conversation_id)).all()
    return {row.message_id: (bool(row.is_helpful), row.reason) for row in rows}
