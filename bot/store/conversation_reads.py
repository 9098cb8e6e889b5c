"""What staff read of conversations: the list with its filters, one transcript, thumbs down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.tables import Conversation, Feedback, Message, Turn

PAGE = 50


@dataclass(frozen=True)
class ConversationFilter:
    """What a list is narrowed to; empty fields do not narrow."""

    kind: str = ""
    topic: str = ""
    channel: str = ""
    only_urgent: bool = False


@dataclass(frozen=True)
class ConversationLine:
    """One conversation in a list."""

    id: str
    channel: str
    started_at: datetime
    last_at: datetime
    turns: int
    is_with_staff: bool
    is_urgent: bool
    last_text: str
    """What the caregiver said last; redacted."""
    last_kind: str | None


@dataclass(frozen=True)
class Thought:
    """What became of one message of a caregiver."""

    intent: str | None
    kind: str | None
    topic: str | None
    confidence: float | None
    choices: Sequence[Mapping[str, Any]]
    """[{"label", "confidence"}], best first."""
    red_flag: str | None
    took_ms: float | None
    flags: Sequence[str]


@dataclass(frozen=True)
class Said:
    """One message of a transcript."""

    id: int
    at: datetime
    sender: str
    """caregiver | bot | staff"""
    kind: str | None
    text: str
    payload: Mapping[str, Any]
    key: str | None
    delivery: str
    delivery_error: str | None
    thought: Thought | None
    """Of a caregiver's message."""
    is_helpful: bool | None
    """The caregiver's thumb."""
    reason: str | None
    """What they wrote with it."""


@dataclass(frozen=True)
class ConversationHead:
    """What stands above a transcript."""

    id: str
    channel: str
    started_at: datetime
    last_at: datetime
    turns: int
    region: str | None
    language: str | None
    is_with_staff: bool
    is_urgent: bool
    is_unreachable: bool


@dataclass(frozen=True)
class ThumbDown:
    """One message of the bot that did not help."""

    conversation_id: str
    message_id: int
    at: datetime
    reason: str | None
    kind: str | None
    topic: str | None
    question: str
    """What the caregiver had asked; redacted."""
    answer: str


def list_conversations(
    engine: sa.engine.Engine, chosen: ConversationFilter, *, page: int = 1, size: int = PAGE
) -> tuple[list[ConversationLine], bool]:
    """One page of conversations, latest first, and whether there is another one after it."""
    last_turn = (
        sa.select(sa.func.max(Turn.id)).where(Turn.conversation_id == Conversation.id).correlate(Conversation)
    ).scalar_subquery()
    columns = (Conversation.id, Conversation.channel, Conversation.started_at, Conversation.last_at, Conversation.turns,
               Conversation.is_with_staff, Conversation.is_urgent)  # fmt: skip
    query = (
        sa.select(*columns, Turn.text.label("last_text"), Turn.kind.label("last_kind"))
        .outerjoin(Turn, Turn.id == last_turn)
        .order_by(Conversation.last_at.desc(), Conversation.id)
        .limit(size + 1)
        .offset((page - 1) * size)
    )
    for column, value in ((Turn.kind, chosen.kind), (Turn.topic, chosen.topic)):
        if value:
            fits = sa.select(Turn.conversation_id).where(column == value)
            query = query.where(Conversation.id.in_(fits))
    if chosen.channel:
        query = query.where(Conversation.channel == chosen.channel)
    if chosen.only_urgent:
        query = query.where(Conversation.is_urgent)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    lines = [ConversationLine(**{**row._mapping, "last_text": row.last_text or ""}) for row in rows[:size]]
    return lines, len(rows) > size


def channels(engine: sa.engine.Engine) -> list[str]:
    """Channels that conversations came by."""
    with engine.connect() as connection:
        return list(
            connection.execute(sa.select(Conversation.channel).distinct().order_by(Conversation.channel)).scalars()
        )


def read_head(engine: sa.engine.Engine, conversation_id: str) -> ConversationHead | None:
    """One conversation; None when it does not exist (any more)."""
    columns = [getattr(Conversation, name) for name in ConversationHead.__dataclass_fields__]
    with engine.connect() as connection:
        row = connection.execute(sa.select(*columns).where(Conversation.id == conversation_id)).first()
    return ConversationHead(**row._mapping) if row else None


def read_transcript(engine: sa.engine.Engine, conversation_id: str, *, last: int) -> tuple[list[Said], bool]:
    """The last messages, oldest first, and whether there are earlier ones."""
    turn_columns = (Turn.intent, Turn.topic, Turn.confidence, Turn.choices, Turn.red_flag, Turn.took_ms, Turn.flags)
    query = (
        sa.select(
            Message.id, Message.at, Message.sender, Message.kind, Message.text, Message.payload, Message.delivery,
            Message.delivery_error, Message.client_message_id, Turn.id.label("turn"), Turn.kind.label("turn_kind"),
            Feedback.is_helpful, Feedback.reason, *turn_columns,
        )
        .outerjoin(Turn, sa.and_(Turn.id == Message.turn_id, Message.sender == "caregiver"))
        .outerjoin(Feedback, Feedback.message_id == Message.id)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.id.desc())
        .limit(last + 1)
    )  # fmt: skip
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return [_said(row) for row in reversed(rows[:last])], len(rows) > last


def last_message_id(engine: sa.engine.Engine, conversation_id: str) -> int:
    """A cursor that tells whether something new was said."""
    query = sa.select(sa.func.max(Message.id)).where(Message.conversation_id == conversation_id)
    with engine.connect() as connection:
        return int(connection.execute(query).scalar() or 0)


def thumbs_down(engine: sa.engine.Engine, *, page: int = 1, size: int = PAGE) -> tuple[list[ThumbDown], bool]:
    """One page of messages that did not help, latest first, and whether there is another one."""
    query = (
        sa.select(
            Feedback.conversation_id, Feedback.message_id, Feedback.at, Feedback.reason, Message.kind,
            Message.text.label("answer"), Turn.topic, Turn.text.label("question"),
        )
        .join(Message, Message.id == Feedback.message_id)
        .outerjoin(Turn, Turn.id == Message.turn_id)
        .where(Feedback.is_helpful.is_(False))
        .order_by(Feedback.at.desc(), Feedback.id.desc())
        .limit(size + 1)
        .offset((page - 1) * size)
    )  # fmt: skip
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return [ThumbDown(**{**row._mapping, "question": row.question or ""}) for row in rows[:size]], len(rows) > size


def _said(row: Any) -> Said:
    thought = None
    if row.turn is not None:
        thought = Thought(
            row.intent, row.turn_kind, row.topic, row.confidence, row.choices or [], row.red_flag, row.took_ms,
            row.flags or [],
        )  # fmt: skip
    return Said(
        id=row.id, at=row.at, sender=row.sender, kind=row.kind, text=row.text, payload=row.payload or {},
        key=row.client_message_id, delivery=row.delivery, delivery_error=row.delivery_error, thought=thought,
        is_helpful=row.is_helpful, reason=row.reason,
    )  # fmt: skip
