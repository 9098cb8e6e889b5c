"""A turn that Rasa did not bring to an end, and the safe text that a channel said in its place."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.core.redaction import redact
from bot.core.replies import Reply, ReplyKind
from bot.store.database import transaction
from bot.store.red_flag_calls import note_emergency
from bot.store.tables import Conversation, Message, Turn

FLAG = "no_reply"
"""By this a reviewer finds such turns."""


def store_safe_turn(
    engine: sa.engine.Engine, conversation_id: str, *, client_message_id: str, text: str, reply: Reply, now: datetime
) -> bool:
    """Store a message and its safe reply; False when the conversation is gone. What the caregiver wrote is redacted."""
    with transaction(engine) as session:
        conversation = session.get(Conversation, conversation_id)
        if conversation is None:
            return False
        words = redact(text).text
        turn = Turn(
            conversation_id=conversation_id,
            at=now,
            channel=conversation.channel,
            text=words,
            kind=reply.kind.value,
            red_flag=reply.red_flag,
            choices=[],
            flags=[FLAG],
        )
        session.add(turn)
        session.flush()
        session.add(
            Message(
                conversation_id=conversation_id,
                turn_id=turn.id,
                at=now,
                sender="caregiver",
                text=words,
                payload={},
                client_message_id=client_message_id,
                delivery="delivered",
            )
        )
        session.flush()
        session.add(
            Message(
                conversation_id=conversation_id,
                turn_id=turn.id,
                at=now,
                sender="bot",
                kind=reply.kind.value,
                text=reply.plain_text(),
                payload=reply.payload(),
            )
        )
        conversation.turns += 1
        conversation.last_at = max(conversation.last_at, now)
        if reply.kind in (ReplyKind.EMERGENCY, ReplyKind.CRISIS):
            note_emergency(session, conversation, reply.payload(), now=now)
    return True
