"""The read tables of conversations. Times are UTC without a zone; JSON columns hold what the contract says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base: Any = declarative_base()


class Conversation(Base):
    """One row for each conversation; `id` is Rasa's sender id."""

    __tablename__ = "conversations"

    id = sa.Column(sa.String(255), primary_key=True)
    channel = sa.Column(sa.String(40), nullable=False, default="unknown")
    started_at = sa.Column(sa.DateTime, nullable=False)
    last_at = sa.Column(sa.DateTime, nullable=False, index=True)
    turns = sa.Column(sa.Integer, nullable=False, default=0)
    region = sa.Column(sa.String(20))
    language = sa.Column(sa.String(10))
    is_with_staff = sa.Column(sa.Boolean, nullable=False, default=False)
    is_urgent = sa.Column(sa.Boolean, nullable=False, default=False)
    is_unreachable = sa.Column(sa.Boolean, nullable=False, default=False)
    slots = sa.Column(sa.JSON, nullable=False, default=dict)
    """Rasa's slots after the last turn, so that a turn need not re-read the whole conversation."""


class Turn(Base):
    """One row for each message of a caregiver and what became of it."""

    __tablename__ = "turns"

    id = sa.Column(sa.Integer, primary_key=True)
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    at = sa.Column(sa.DateTime, nullable=False, index=True)
    channel = sa.Column(sa.String(40), nullable=False)
    text = sa.Column(sa.Text, nullable=False)
    """Redacted."""
    intent = sa.Column(sa.String(120))
    kind = sa.Column(sa.String(40), index=True)
    """Ending of the turn (ReplyKind); None when staff hold the conversation and the bot kept silent."""
    topic = sa.Column(sa.String(120), index=True)
    confidence = sa.Column(sa.Float)
    choices = sa.Column(sa.JSON, nullable=False, default=list)
    """What the model thought: [{"label", "confidence"}], best first."""
    red_flag = sa.Column(sa.String(60))
    took_ms = sa.Column(sa.Float)
    flags = sa.Column(sa.JSON, nullable=False, default=list)
    """What a reviewer may filter by, for example "no_reply", "context", "redacted"."""


class Message(Base):
    """Everything said, in the order in which it was stored: what a chat shows again after a reload."""

    __tablename__ = "messages"
    __table_args__ = (
        sa.UniqueConstraint("conversation_id", "client_message_id", name="uq_messages_client_message"),
        sa.Index("ix_messages_conversation", "conversation_id", "id"),
        # A cursor must never be given twice: SQLite would otherwise use the id of an erased last row again.
        {"sqlite_autoincrement": True},
    )

    id = sa.Column(sa.Integer, primary_key=True)
    """Rising; the cursor of a channel."""
    conversation_id = sa.Column(sa.String(255), nullable=False)
    turn_id = sa.Column(sa.Integer, index=True)
    at = sa.Column(sa.DateTime, nullable=False)
    sender = sa.Column(sa.String(20), nullable=False)
    """caregiver | bot | staff"""
    kind = sa.Column(sa.String(40))
    """ReplyKind; None for a caregiver's message."""
    text = sa.Column(sa.Text, nullable=False)
    """Redacted where a caregiver wrote it."""
    payload = sa.Column(sa.JSON, nullable=False, default=dict)
    """The reply contract's payload of a bot's or staff message."""
    client_message_id = sa.Column(sa.String(80))
    """The channel's own id of a caregiver's message: the same message is answered once."""
    delivery = sa.Column(sa.String(20), nullable=False, default="sent")
    """sent | delivered | failed"""
    delivery_error = sa.Column(sa.String(200))


class Feedback(Base):
    """A thumb up or down for one message of the bot."""

    __tablename__ = "feedback"
    __table_args__ = (sa.UniqueConstraint("message_id", name="uq_feedback_message"),)

    id = sa.Column(sa.Integer, primary_key=True)
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    message_id = sa.Column(sa.Integer, nullable=False)
    at = sa.Column(sa.DateTime, nullable=False)
    is_helpful = sa.Column(sa.Boolean, nullable=False)
    reason = sa.Column(sa.Text)
    """Redacted."""


class Approval(Base):
    """A clinician's approval of one version of one topic."""

    __tablename__ = "approvals"
    __table_args__ = (sa.UniqueConstraint("topic", "version", name="uq_approvals_topic_version"),)

    id = sa.Column(sa.Integer, primary_key=True)
    topic = sa.Column(sa.String(120), nullable=False)
    version = sa.Column(sa.String(20), nullable=False)
    approved_by = sa.Column(sa.String(120), nullable=False)
    approved_on = sa.Column(sa.Date, nullable=False)


def new_conversation(conversation_id: str, channel: str, at: datetime) -> Conversation:
    """A conversation that has just begun."""
    return Conversation(
        id=conversation_id, channel=channel, started_at=at, last_at=at, turns=0, slots={},
        is_with_staff=False, is_urgent=False, is_unreachable=False,
    )  # fmt: skip
