"""What the staff side says in a chat, kept until Rasa has stored it.

A row is written before anything is sent: a console that dies in the middle loses nothing, and the row's key, which
goes with the message into the conversation, keeps it from being stored twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.core.handoffs import Handoff, Move, Staff
from bot.core.replies import Source
from bot.core.staff_events import Events, staff_reply, take_over
from bot.store.database import transaction
from bot.store.handoff_moves import After, change
from bot.store.handoff_tables import HandoffRow, StaffMessage
from bot.store.tables import Message

WHILE_RASA_RESTARTS = (5,) * 8
"""Rasa is back ten to thirty seconds after a crash, and then nobody should wait much longer."""
BACKOFF = tuple(timedelta(seconds=s) for s in (*WHILE_RASA_RESTARTS, 15, 60, 300, 900, 3600))
"""Waits between attempts to deliver; after the last one a message counts as failed."""


class DeliveryState(str, Enum):
    """How far a staff message has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True)
class Outgoing:
    """One message of the staff side and how far it has come."""

    id: int
    conversation_id: str
    handoff_id: int
    key: str
    kind: str
    """reply | switch (who is speaking)"""
    staff_id: str | None
    text: str
    at: datetime
    state: DeliveryState
    attempts: int
    next_at: datetime
    delivered_at: datetime | None
    error: str | None
    events: Sequence[Any] = ()
    is_new: bool = True
    """False when this key had been written before: a double click."""


def queue_reply(
    engine: sa.engine.Engine,
    handoff_id: int,
    staff: Staff,
    text: str,
    *,
    key: str,
    now: datetime,
    sources: Sequence[Source] = (),
) -> Outgoing:
    """Write a staff reply down and take the conversation; `bot.store.delivery.deliver` sends it.

    Whoever holds the hand-off is checked here, at send time: MoveRefused (refusal TAKEN) when somebody else does,
    (OVER) when it has ended, LookupError when it does not exist. The same `key` again returns the first message.
    """
    known = find(engine, key)
    if known:
        return known

    def write(session: Session, row: HandoffRow, move_id: int, before: Handoff) -> None:
        if before.holder is None or before.holder.id != staff.id:
            # A reply takes the conversation: say first who is speaking.
            announce_taken_over(staff, now=now)(session, row, move_id, before)
        enqueue(session, row, key=key, kind="reply", events=staff_reply(text, staff, key=key, sources=sources),
                text=text, now=now, staff_id=staff.id)  # fmt: skip

    try:
        change(engine, handoff_id, Move.REPLY, now=now, by=staff, after=write)
    except sa.exc.IntegrityError:
        # The other click was faster by a moment.
        known = find(engine, key)
        if known is None:
            raise
        return known
    found = find(engine, key)
    assert found is not None
    return _as_new(found)


def enqueue(
    session: Session,
    handoff: HandoffRow,
    *,
    key: str,
    kind: str,
    events: Events,
    text: str,
    now: datetime,
    staff_id: str | None = None,
) -> None:
    """Add a message inside the caller's transaction."""
    session.add(
        StaffMessage(
            conversation_id=handoff.conversation_id,
            handoff_id=handoff.id,
            key=key,
            kind=kind,
            staff_id=staff_id,
            text=text,
            events=list(events),
            at=now,
            state=DeliveryState.PENDING.value,
            attempts=0,
            next_at=now,
        )
    )
    session.flush()


def announce(make: Callable[..., Events], *, now: datetime) -> After:
    """What a move tells the caregiver: `make` is one of the builders of bot/core/staff_events.py."""

    def after(session: Session, row: HandoffRow, move_id: int, _before: Handoff) -> None:
        # The same move never says it twice.
        key = f"handoff-{row.id}-{move_id}"
        events = make(key=key)
        text = next(event["text"] for event in events if event["event"] == "bot")
        enqueue(session, row, key=key, kind="switch", events=events, text=text, now=now)

    return after


def announce_taken_over(staff: Staff, *, now: datetime) -> After:
    """Tell the caregiver who is speaking from now on."""
    return announce(partial(take_over, staff), now=now)


def find(engine: sa.engine.Engine, key: str) -> Outgoing | None:
    """The message with this key."""
    with Session(engine, future=True) as session:
        row = session.execute(sa.select(StaffMessage).where(StaffMessage.key == key)).scalar()
        return _read(row) if row else None


def messages_of(engine: sa.engine.Engine, conversation_id: str, *, only_pending: bool = False) -> list[Outgoing]:
    """Staff messages of one conversation, oldest first: for the console's transcript."""
    query = sa.select(StaffMessage).where(StaffMessage.conversation_id == conversation_id).order_by(StaffMessage.id)
    if only_pending:
        query = query.where(StaffMessage.state == DeliveryState.PENDING.value)
    with Session(engine, future=True) as session:
        return [_read(row) for row in session.execute(query).scalars()]


def conversations_due(engine: sa.engine.Engine, *, now: datetime, limit: int = 50) -> list[str]:
    """Conversations with messages that should have been sent by now."""
    query = (
        sa.select(StaffMessage.conversation_id)
        .where(StaffMessage.state == DeliveryState.PENDING.value, StaffMessage.next_at <= now)
        .group_by(StaffMessage.conversation_id)
        .order_by(sa.func.min(StaffMessage.id))
        .limit(limit)
    )
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


def take(engine: sa.engine.Engine, message: Outgoing, *, now: datetime) -> bool:
    """Whether this caller may send it now; another sender is then kept off until the next attempt is due."""
    wait = BACKOFF[min(message.attempts, len(BACKOFF) - 1)]
    update = (
        sa.update(StaffMessage)
        .where(
            StaffMessage.id == message.id,
            StaffMessage.attempts == message.attempts,
            StaffMessage.state == DeliveryState.PENDING.value,
            StaffMessage.next_at <= now,
        )
        .values(attempts=message.attempts + 1, next_at=now + wait)
    )
    with engine.begin() as connection:
        return bool(connection.execute(update).rowcount == 1)


def is_stored(engine: sa.engine.Engine, message: Outgoing) -> bool:
    """Whether Rasa has stored it already, for example just before a process died."""
    query = sa.select(Message.id).where(
        Message.conversation_id == message.conversation_id, Message.client_message_id == message.key
    )
    with engine.connect() as connection:
        return connection.execute(query).first() is not None


def mark_delivered(engine: sa.engine.Engine, message_id: int, *, now: datetime) -> None:
    """Rasa has stored it and handed it to the channel."""
    _set(engine, message_id, state=DeliveryState.DELIVERED.value, delivered_at=now, error=None)


def mark_failed(engine: sa.engine.Engine, message: Outgoing, error: str, *, is_permanent: bool) -> DeliveryState:
    """An attempt (counted by `take`) failed; it is tried again later unless that would not help. Returns its state."""
    over = is_permanent or message.attempts + 1 > len(BACKOFF)
    state = DeliveryState.FAILED if over else DeliveryState.PENDING
    _set(engine, message.id, state=state.value, error=error[:200])
    return state


def retry(engine: sa.engine.Engine, message_id: int, *, now: datetime) -> None:
    """Try a failed message again, now."""
    with engine.begin() as connection:
        connection.execute(
            sa.update(StaffMessage)
            .where(StaffMessage.id == message_id, StaffMessage.state == DeliveryState.FAILED.value)
            .values(state=DeliveryState.PENDING.value, attempts=0, next_at=now)
        )


def _set(engine: sa.engine.Engine, message_id: int, **values: object) -> None:
    with transaction(engine) as session:
        session.execute(sa.update(StaffMessage).where(StaffMessage.id == message_id).values(**values))


def _read(row: StaffMessage) -> Outgoing:
    return Outgoing(
        id=row.id, conversation_id=row.conversation_id, handoff_id=row.handoff_id, key=row.key, kind=row.kind,
        staff_id=row.staff_id, text=row.text, at=row.at, state=DeliveryState(row.state), attempts=row.attempts,
        next_at=row.next_at, delivered_at=row.delivered_at, error=row.error, events=tuple(row.events), is_new=False,
    )  # fmt: skip


def _as_new(message: Outgoing) -> Outgoing:
    return Outgoing(**{**vars(message), "is_new": True})
