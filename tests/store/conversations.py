"""Rows as the recorder writes them, for tests of the store."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.store.database import make_engine, transaction
from bot.store.migrate import migrate
from bot.store.tables import Conversation, Message, Turn, new_conversation

NOW = datetime(2026, 11, 22, 9, 30)


def make_database(path: Path) -> sa.engine.Engine:
    """A migrated database, with Rasa's table of events."""
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, sender_id VARCHAR(255), "
                "type_name VARCHAR(255), timestamp FLOAT, intent_name VARCHAR(255), action_name TEXT, data TEXT)"
            )
        )
    return engine


def add_turn(
    engine: sa.engine.Engine,
    conversation_id: str,
    text: str = "how does it work",
    *,
    client_message_id: str | None = None,
    payload: dict[str, Any] | None = None,
    at: datetime = NOW,
) -> tuple[int, int]:
    """One message and one reply; gives their ids."""
    with transaction(engine) as session:
        conversation = session.get(Conversation, conversation_id)
        if conversation is None:
            session.add(new_conversation(conversation_id, "web", at))
        else:
            conversation.last_at = max(conversation.last_at, at)
        turn = Turn(conversation_id=conversation_id, at=at, channel="web", text=text, choices=[], flags=[])
        session.add(turn)
        session.flush()
        said = Message(
            conversation_id=conversation_id, turn_id=turn.id, at=at, sender="caregiver", text=text, payload={},
            client_message_id=client_message_id,
        )  # fmt: skip
        reply = Message(
            conversation_id=conversation_id, turn_id=turn.id, at=at, sender="bot", kind="answer", text="An answer.",
            payload={"kind": "answer", **(payload or {})},
        )  # fmt: skip
        session.add(said)
        session.flush()
        session.add(reply)
        session.flush()
        session.execute(
            sa.text("INSERT INTO events (sender_id, type_name, timestamp, data) VALUES (:s, 'user', :t, :d)"),
            {"s": conversation_id, "t": at.timestamp(), "d": f'{{"event": "user", "text": "{text}"}}'},
        )
        return said.id, reply.id
