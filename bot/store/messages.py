"""Queries on what was said: since a cursor, by the client's own id, and which choices were offered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from bot.core.composer import topic_payload
from bot.store.tables import Message

OFFERS_A_QUERY = 20
CONVERSATIONS_A_QUERY = 200


@dataclass(frozen=True)
class StoredMessage:
    """One row of `messages`."""

    id: int
    conversation_id: str
    turn_id: int | None
    at: datetime
    sender: str
    """caregiver | bot | staff"""
    kind: str | None
    text: str
    payload: Mapping[str, Any]
    client_message_id: str | None


_COLUMNS = tuple(getattr(Message, name) for name in StoredMessage.__dataclass_fields__)
_SAID = orm.aliased(Message)
_TURN = (
    sa.select(*_COLUMNS)
    .join(_SAID, _SAID.conversation_id == Message.conversation_id)
    .where(
        _SAID.conversation_id == sa.bindparam("conversation"),
        _SAID.client_message_id == sa.bindparam("key"),
        _SAID.sender == "caregiver",
        Message.id >= _SAID.id,
        sa.or_(Message.id == _SAID.id, sa.and_(Message.turn_id == _SAID.turn_id, Message.sender == "bot")),
    )
    .order_by(Message.id)
)
"""A caregiver's message and what the bot said to it."""


def messages_since(
    engine: sa.engine.Engine, conversation_id: str, after: int, *, limit: int | None = None
) -> list[StoredMessage]:
    """Everything said in a conversation after a cursor, oldest first."""
    query = sa.select(*_COLUMNS).where(Message.conversation_id == conversation_id, Message.id > after)
    with engine.connect() as connection:
        return list(_read(connection, query.order_by(Message.id).limit(limit)))


def news(engine: sa.engine.Engine, cursors: Mapping[str, int]) -> list[StoredMessage]:
    """Everything said in several conversations, each after its own cursor; oldest first."""
    found: list[StoredMessage] = []
    wanted = list(cursors.items())
    with engine.connect() as connection:
        for start in range(0, len(wanted), CONVERSATIONS_A_QUERY):
            each = [
                sa.and_(Message.conversation_id == conversation_id, Message.id > after)
                for conversation_id, after in wanted[start : start + CONVERSATIONS_A_QUERY]
            ]
            found += _read(connection, sa.select(*_COLUMNS).where(sa.or_(*each)).order_by(Message.id))
    return found


def turn_of(engine: sa.engine.Engine, conversation_id: str, client_message_id: str) -> list[StoredMessage]:
    """The caregiver's message with this id of the client, and the bot's replies to it; empty when it is not stored."""
    # One statement: it is asked three times a turn.
    with engine.connect() as connection:
        return list(_read(connection, _TURN, {"conversation": conversation_id, "key": client_message_id}))


def offered_title(engine: sa.engine.Engine, conversation_id: str, payload: str) -> str | None:
    """The title under which the bot offered this payload as a button or a related topic; None when it never did."""
    wanted = _canonical(payload)
    query = (
        sa.select(Message.id, Message.payload)
        .where(Message.conversation_id == conversation_id, Message.sender.in_(("bot", "staff")))
        .order_by(Message.id.desc())
        .limit(OFFERS_A_QUERY)
    )
    before: int | None = None
    with engine.connect() as connection:
        while True:
            rows = connection.execute(query if before is None else query.where(Message.id < before)).all()
            for row in rows:
                for offered, title in _offers(row.payload or {}):
                    if _canonical(offered) == wanted:
                        return title
            # Newest first: a button is nearly always pressed under one of the last messages.
            if len(rows) < OFFERS_A_QUERY:
                return None
            before = rows[-1].id


def _offers(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for button in payload.get("buttons") or ():
        yield str(button.get("payload")), str(button.get("title"))
    for related in payload.get("related") or ():
        yield topic_payload(str(related.get("topic"))), str(related.get("title"))


def _canonical(payload: str) -> tuple[str, str]:
    """Name and values of a payload, however its JSON is spaced."""
    name, brace, values = payload.strip().partition("{")
    try:
        return name.strip(), json.dumps(json.loads(brace + values), sort_keys=True) if brace else ""
    except (ValueError, RecursionError):
        return name.strip(), brace + values


def _read(
    connection: sa.engine.Connection, query: Any, values: Mapping[str, Any] | None = None
) -> Sequence[StoredMessage]:
    rows = connection.execute(query, values or {})
    return [StoredMessage(**{**row._mapping, "payload": row.payload or {}}) for row in rows]
