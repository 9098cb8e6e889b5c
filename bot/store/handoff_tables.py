"""The tables of hand-offs: requests, their history, how to reach people, what staff say, and who is told of it.

Every table names the conversation, so that erasing one finds all of its rows (ERASED_BY_CONVERSATION).
"""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.tables import Base

OPEN = "state IN ('requested', 'claimed', 'active')"


class HandoffRow(Base):
    """One request for a person; its meaning is in bot/core/handoffs.py."""

    __tablename__ = "handoffs"
    __table_args__ = (
        # Never two open ones for one conversation, whatever two processes do at the same moment.
        sa.Index(
            "uq_handoffs_open",
            "conversation_id",
            unique=True,
            sqlite_where=sa.text(OPEN),
            postgresql_where=sa.text(OPEN),
        ),
        sa.Index("ix_handoffs_state", "state", "requested_at"),
        {"sqlite_autoincrement": True},
    )

    id = sa.Column(sa.Integer, primary_key=True)
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    state = sa.Column(sa.String(20), nullable=False)
    reason = sa.Column(sa.String(20), nullable=False)
    about = sa.Column(sa.Text, nullable=False)
    """Redacted."""
    topic = sa.Column(sa.String(120))
    requested_at = sa.Column(sa.DateTime, nullable=False)
    waiting_since = sa.Column(sa.DateTime, nullable=False)
    is_urgent = sa.Column(sa.Boolean, nullable=False, default=False)
    holder_id = sa.Column(sa.String(120))
    holder_name = sa.Column(sa.String(120))
    holder_role = sa.Column(sa.String(120))
    lease_until = sa.Column(sa.DateTime)
    claimed_at = sa.Column(sa.DateTime)
    first_reply_at = sa.Column(sa.DateTime)
    escalated_at = sa.Column(sa.DateTime)
    ended_at = sa.Column(sa.DateTime)
    outcome = sa.Column(sa.String(20))
    helped = sa.Column(sa.Boolean)
    version = sa.Column(sa.Integer, nullable=False, default=0)


class HandoffMove(Base):
    """The history of hand-offs; rows are only ever added."""

    __tablename__ = "handoff_moves"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id = sa.Column(sa.Integer, primary_key=True)
    handoff_id = sa.Column(sa.Integer, nullable=False, index=True)
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    at = sa.Column(sa.DateTime, nullable=False)
    move = sa.Column(sa.String(20), nullable=False)
    state = sa.Column(sa.String(20), nullable=False)
    """After the move."""
    by_id = sa.Column(sa.String(120), nullable=False)
    """A staff id, or `caregiver`, or `system`."""
    by_name = sa.Column(sa.String(120), nullable=False)
    note = sa.Column(sa.Text)


class ContactRow(Base):
    """How to reach a caregiver who leaves the chat; encrypted, and deleted when the hand-off ends."""

    __tablename__ = "contacts"

    id = sa.Column(sa.Integer, primary_key=True)
    handoff_id = sa.Column(sa.Integer, nullable=False, unique=True)
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    token = sa.Column(sa.Text, nullable=False)
    """Fernet, with SMA_DATA_KEY."""
    at = sa.Column(sa.DateTime, nullable=False)


class StaffMessage(Base):
    """What the staff side says in a chat, until Rasa has stored it: replies, and who is speaking."""

    __tablename__ = "staff_messages"
    __table_args__ = (
        sa.UniqueConstraint("key", name="uq_staff_messages_key"),
        sa.Index("ix_staff_messages_due", "state", "next_at"),
        {"sqlite_autoincrement": True},
    )

    id = sa.Column(sa.Integer, primary_key=True)
    """Rising; messages of one conversation are delivered in this order."""
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    handoff_id = sa.Column(sa.Integer, nullable=False, index=True)
    key = sa.Column(sa.String(80), nullable=False)
    """Of the page that sent it: a double click has the same key, and sends once."""
    kind = sa.Column(sa.String(20), nullable=False)
    """reply | switch"""
    staff_id = sa.Column(sa.String(120))
    text = sa.Column(sa.Text, nullable=False)
    events = sa.Column(sa.JSON, nullable=False)
    """Rasa events to post (bot/core/staff_events.py)."""
    at = sa.Column(sa.DateTime, nullable=False)
    state = sa.Column(sa.String(20), nullable=False)
    """pending | delivered | failed"""
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    next_at = sa.Column(sa.DateTime, nullable=False)
    delivered_at = sa.Column(sa.DateTime)
    error = sa.Column(sa.String(200))


class NotificationRow(Base):
    """Somebody is to be told that a caregiver waits."""

    __tablename__ = "notifications"
    __table_args__ = (sa.Index("ix_notifications_due", "state", "next_at"), {"sqlite_autoincrement": True})

    id = sa.Column(sa.Integer, primary_key=True)
    handoff_id = sa.Column(sa.Integer, nullable=False, index=True)
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    kind = sa.Column(sa.String(20), nullable=False)
    """email | webhook"""
    reason = sa.Column(sa.String(20), nullable=False)
    """waiting | urgent | escalated | lapsed"""
    at = sa.Column(sa.DateTime, nullable=False)
    state = sa.Column(sa.String(20), nullable=False)
    """pending | sent | failed | dropped (no longer needed)"""
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    next_at = sa.Column(sa.DateTime, nullable=False)
    sent_at = sa.Column(sa.DateTime)
    error = sa.Column(sa.String(200))


ERASED_BY_CONVERSATION = (
    ("handoffs", "conversation_id"),
    ("handoff_moves", "conversation_id"),
    ("contacts", "conversation_id"),
    ("staff_messages", "conversation_id"),
    ("notifications", "conversation_id"),
)
"""Tables whose rows go with a conversation, and the column that names it."""
