"""One move of a hand-off, written atomically: the pure rules of bot/core/handoffs.py over the table `handoffs`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.core.handoffs import (
    Handoff,
    HandoffState,
    Move,
    MoveRefused,
    Outcome,
    Reason,
    Refusal,
    Staff,
    next_state,
)
from bot.store.database import transaction
from bot.store.handoff_tables import ContactRow, HandoffMove, HandoffRow
from bot.store.tables import Conversation

ATTEMPTS = 5
"""How often a move is tried again when somebody else changed the row in between."""
SYSTEM = Staff("system", "SMA Companion", "the system")
CAREGIVER = Staff("caregiver", "the caregiver", "caregiver")

After = Callable[[Session, HandoffRow, int, Handoff], None]
"""Further writes of the same transaction: the row after the move, the id of the move, the hand-off before it."""


class _OvertakenError(Exception):
    """Somebody changed the row between reading and writing."""


def change(
    engine: sa.engine.Engine,
    handoff_id: int,
    move: Move,
    *,
    now: datetime,
    by: Staff = SYSTEM,
    to: Staff | None = None,
    outcome: Outcome | None = None,
    note: str | None = None,
    after: After | None = None,
) -> Handoff:
    """Make a move and write it down with its history; all of it or nothing.

    Raises MoveRefused when the rules do not allow it, LookupError when there is no such hand-off. Two processes that
    try at once are told apart by the row's version: the slower one looks again at what the faster one has made of it.
    """
    for _ in range(ATTEMPTS):
        try:
            with transaction(engine) as session:
                return change_in(
                    session, handoff_id, move, now=now, by=by, to=to, outcome=outcome, note=note, after=after
                )
        except _OvertakenError:
            continue
    raise MoveRefused(Refusal.BUSY, "Several people changed this request at the same moment. Please try again.")


def change_in(
    session: Session,
    handoff_id: int,
    move: Move,
    *,
    now: datetime,
    by: Staff = SYSTEM,
    to: Staff | None = None,
    outcome: Outcome | None = None,
    note: str | None = None,
    after: After | None = None,
) -> Handoff:
    """As `change`, inside the caller's transaction and without a second try."""
    before = read_in(session, handoff_id)
    if before is None:
        raise LookupError(f"there is no hand-off {handoff_id}")
    changed = next_state(before, move, now=now, by=by, to=to, outcome=outcome)
    statement = (
        sa.update(HandoffRow)
        .where(HandoffRow.id == handoff_id, HandoffRow.version == before.version)
        .values(**_values(changed))
        .execution_options(synchronize_session=False)
    )
    if session.execute(statement).rowcount != 1:
        raise _OvertakenError
    if not changed.is_open:
        # Consent was for this request alone.
        session.execute(sa.delete(ContactRow).where(ContactRow.handoff_id == handoff_id))
    if move in (Move.CLOSE, Move.DECLINE):
        # Somebody has looked at it.
        seen = sa.update(Conversation).where(Conversation.id == changed.conversation_id).values(is_urgent=False)
        session.execute(seen.execution_options(synchronize_session=False))
    move_id = 0
    if move is not Move.RENEW:
        move_id = add_move(session, changed, move, by=by, now=now, note=_note(note, to=to, outcome=outcome))
    if after:
        row = session.get(HandoffRow, handoff_id, populate_existing=True)
        after(session, row, move_id, before)
    return changed


def add_move(session: Session, handoff: Handoff, move: Move, *, by: Staff, now: datetime, note: str | None) -> int:
    """Add a line to the history; returns its id."""
    row = HandoffMove(
        handoff_id=handoff.id,
        conversation_id=handoff.conversation_id,
        at=now,
        move=move.value,
        state=handoff.state.value,
        by_id=by.id,
        by_name=by.name,
        note=note,
    )
    session.add(row)
    session.flush()
    return int(row.id)


def read_in(session: Session, handoff_id: int) -> Handoff | None:
    """One hand-off as it stands in the database now."""
    row = session.get(HandoffRow, handoff_id, populate_existing=True)
    if row is None:
        return None
    contact = sa.select(ContactRow.id).where(ContactRow.handoff_id == handoff_id)
    return read_row(row, has_contact=session.execute(contact).first() is not None)


def read_row(row: Any, *, has_contact: bool) -> Handoff:
    """A row as the core's value."""
    holder = Staff(row.holder_id, row.holder_name, row.holder_role) if row.holder_id else None
    return Handoff(
        id=row.id,
        conversation_id=row.conversation_id,
        state=HandoffState(row.state),
        reason=Reason(row.reason),
        about=row.about,
        requested_at=row.requested_at,
        waiting_since=row.waiting_since,
        topic=row.topic,
        is_urgent=bool(row.is_urgent),
        holder=holder,
        lease_until=row.lease_until,
        claimed_at=row.claimed_at,
        first_reply_at=row.first_reply_at,
        escalated_at=row.escalated_at,
        ended_at=row.ended_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        helped=row.helped,
        has_contact=has_contact,
        version=row.version,
    )


def _values(handoff: Handoff) -> dict[str, Any]:
    holder = handoff.holder
    return {
        "state": handoff.state.value,
        "waiting_since": handoff.waiting_since,
        "is_urgent": handoff.is_urgent,
        "holder_id": holder.id if holder else None,
        "holder_name": holder.name if holder else None,
        "holder_role": holder.role if holder else None,
        "lease_until": handoff.lease_until,
        "claimed_at": handoff.claimed_at,
        "first_reply_at": handoff.first_reply_at,
        "escalated_at": handoff.escalated_at,
        "ended_at": handoff.ended_at,
        "outcome": handoff.outcome.value if handoff.outcome else None,
        "version": handoff.version,
    }


def _note(note: str | None, *, to: Staff | None, outcome: Outcome | None) -> str | None:
    parts = [f"to {to.name}" if to else None, outcome.value if outcome else None, note]
    return "; ".join(part for part in parts if part) or None
