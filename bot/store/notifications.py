"""The outbox of notices to staff that somebody waits; `python -m bot.notify` sends them.

A row is written in the same transaction as the act that calls for it, so that no request is forgotten when a process
dies. What is sent never holds what a caregiver wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.core.handoffs import OPEN_STATES, HandoffState
from bot.core.settings import Settings, load_settings
from bot.store.database import transaction
from bot.store.handoff_tables import HandoffRow, NotificationRow

BACKOFF = tuple(timedelta(seconds=s) for s in (10, 60, 300, 900, 3600, 3600, 3600))
"""Waits between attempts; after the last one a notice counts as failed (about four hours)."""


class Kind(str, Enum):
    """Ways to tell staff."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class Why(str, Enum):
    """What staff are told."""

    WAITING = "waiting"
    URGENT = "urgent"
    ESCALATED = "escalated"
    LAPSED = "lapsed"


class NotificationState(str, Enum):
    """How far a notice has come."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"
    """Somebody had taken the request before it was sent."""


@dataclass(frozen=True)
class Notification:
    """One notice to send."""

    id: int
    handoff_id: int
    kind: Kind
    why: Why
    at: datetime
    state: NotificationState
    attempts: int
    next_at: datetime
    error: str | None
    is_waiting: bool
    """Whether nobody has taken the request yet."""
    is_open: bool
    """Whether the request is not over."""


def configured_kinds(settings: Settings | None = None) -> tuple[Kind, ...]:
    """The ways that the settings allow; empty when nobody is told (the console says so)."""
    settings = settings or load_settings()
    kinds = []
    if settings.smtp_host and (settings.notify_email_to or settings.notify_escalate_to):
        kinds.append(Kind.EMAIL)
    if settings.notify_webhook_url:
        kinds.append(Kind.WEBHOOK)
    return tuple(kinds)


def notify(
    session: Session, handoff: HandoffRow, why: Why, *, now: datetime, kinds: Sequence[Kind] | None = None
) -> None:
    """Add notices to the outbox, one for each configured way, inside the caller's transaction."""
    for kind in configured_kinds() if kinds is None else kinds:
        session.add(
            NotificationRow(
                handoff_id=handoff.id,
                conversation_id=handoff.conversation_id,
                kind=kind.value,
                reason=why.value,
                at=now,
                state=NotificationState.PENDING.value,
                attempts=0,
                next_at=now,
            )
        )


def take_due(engine: sa.engine.Engine, *, now: datetime, limit: int = 20) -> list[Notification]:
    """Notices to send now. Each is put off to its next attempt first, so that two senders never take the same one."""
    taken = []
    with transaction(engine) as session:
        pending = (NotificationRow.state == NotificationState.PENDING.value, NotificationRow.next_at <= now)
        due = session.execute(sa.select(NotificationRow).where(*pending).order_by(NotificationRow.id).limit(limit))
        for row in due.scalars().all():
            wait = BACKOFF[min(row.attempts, len(BACKOFF) - 1)]
            update = (
                sa.update(NotificationRow)
                .where(NotificationRow.id == row.id, NotificationRow.attempts == row.attempts, *pending)
                .values(attempts=row.attempts + 1, next_at=now + wait)
                .execution_options(synchronize_session=False)
            )
            if session.execute(update).rowcount == 1:
                state = session.execute(sa.select(HandoffRow.state).where(HandoffRow.id == row.handoff_id)).scalar()
                taken.append(_read(row, state, attempts=row.attempts + 1))
    return taken


def mark_sent(engine: sa.engine.Engine, notification_id: int, *, now: datetime) -> None:
    """It has gone out."""
    _set(engine, notification_id, state=NotificationState.SENT.value, sent_at=now, error=None)


def mark_dropped(engine: sa.engine.Engine, notification_id: int) -> None:
    """Nobody needs to be told any more."""
    _set(engine, notification_id, state=NotificationState.DROPPED.value)


def mark_failed(engine: sa.engine.Engine, notification: Notification, error: str, *, is_permanent: bool) -> None:
    """An attempt failed; it is tried again later unless that would not help or has been done often enough."""
    over = is_permanent or notification.attempts > len(BACKOFF)
    state = NotificationState.FAILED if over else NotificationState.PENDING
    _set(engine, notification.id, state=state.value, error=error[:200])


def recent(engine: sa.engine.Engine, *, limit: int = 50) -> list[Notification]:
    """The last notices with their states, newest first: for the console."""
    query = (
        sa.select(NotificationRow, HandoffRow.state)
        .outerjoin(HandoffRow, HandoffRow.id == NotificationRow.handoff_id)
        .order_by(NotificationRow.id.desc())
        .limit(limit)
    )
    with Session(engine, future=True) as session:
        return [_read(row, state) for row, state in session.execute(query)]


def counts(engine: sa.engine.Engine, *, since: datetime) -> dict[NotificationState, int]:
    """How many notices are in each state since a time: whether notifications are well."""
    query = (
        sa.select(NotificationRow.state, sa.func.count())
        .where(NotificationRow.at >= since)
        .group_by(NotificationRow.state)
    )
    with engine.connect() as connection:
        found = {row[0]: int(row[1]) for row in connection.execute(query)}
    return {state: found.get(state.value, 0) for state in NotificationState}


def overdue(engine: sa.engine.Engine, *, now: datetime) -> int:
    """Notices that should have been taken up a minute ago: above 0, `python -m bot.notify` does not run."""
    late = (
        NotificationRow.state == NotificationState.PENDING.value,
        NotificationRow.next_at < now - timedelta(minutes=1),
    )
    with engine.connect() as connection:
        return int(
            connection.execute(sa.select(sa.func.count()).select_from(NotificationRow).where(*late)).scalar_one()
        )


def _set(engine: sa.engine.Engine, notification_id: int, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(sa.update(NotificationRow).where(NotificationRow.id == notification_id).values(**values))


def _read(row: NotificationRow, handoff_state: str | None, *, attempts: int | None = None) -> Notification:
    return Notification(
        id=row.id, handoff_id=row.handoff_id, kind=Kind(row.kind), why=Why(row.reason), at=row.at,
        state=NotificationState(row.state), attempts=row.attempts if attempts is None else attempts,
        next_at=row.next_at, error=row.error, is_waiting=handoff_state == HandoffState.REQUESTED.value,
        is_open=handoff_state in {state.value for state in OPEN_STATES},
    )  # fmt: skip
