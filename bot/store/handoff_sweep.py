"""What time does to hand-offs: leases run out, requests escalate, requests expire. Run by `python -m bot.notify`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.core import staff_events
from bot.core.handoffs import HELD_STATES, Handoff, HandoffState, Move, MoveRefused
from bot.store.handoff_moves import SYSTEM, After, add_move, change, read_in
from bot.store.handoff_reads import get_handoff, open_in
from bot.store.handoff_tables import HandoffRow
from bot.store.notifications import Why, notify
from bot.store.staff_messages import announce

Waited = Callable[[datetime, datetime], timedelta]
"""How long somebody has waited between two times (UTC)."""


def by_the_clock(since: datetime, now: datetime) -> timedelta:
    """Every minute counts."""
    return now - since


def lapse_overdue(engine: sa.engine.Engine, *, now: datetime) -> list[Handoff]:
    """Give back to the queue what is held by somebody who has gone; staff and the caregiver are told."""

    def after(session: Session, row: HandoffRow, move_id: int, before: Handoff) -> None:
        announce(staff_events.back_to_waiting, now=now)(session, row, move_id, before)
        notify(session, row, Why.LAPSED, now=now)

    held = HandoffRow.state.in_([state.value for state in HELD_STATES])
    return _sweep(engine, Move.LAPSE, held, HandoffRow.lease_until <= now, now=now, after=after)


def escalate_overdue(
    engine: sa.engine.Engine, *, now: datetime, after: timedelta, waited: Waited = by_the_clock
) -> list[Handoff]:
    """Tell the next ones about requests that nobody has claimed for `after`, once each.

    `waited` may leave out the hours in which nobody is there; for an urgent request every minute counts.
    """

    def is_due(handoff: Handoff) -> bool:
        count = by_the_clock if handoff.is_urgent else waited
        return count(handoff.waiting_since, now) >= after

    def tell(session: Session, row: HandoffRow, _move_id: int, _before: Handoff) -> None:
        notify(session, row, Why.ESCALATED, now=now)

    waiting = HandoffRow.state == HandoffState.REQUESTED.value
    return _sweep(engine, Move.ESCALATE, waiting, HandoffRow.escalated_at.is_(None), now=now, after=tell, is_due=is_due)


def expire_overdue(
    engine: sa.engine.Engine,
    *,
    now: datetime,
    after: timedelta,
    attended: timedelta = timedelta(0),
    waited: Waited = by_the_clock,
) -> list[Handoff]:
    """End requests that nobody has claimed for `after`, with an honest message to the caregiver.

    A request does not expire before the team has been there for `attended`, as `waited` counts: over a long holiday
    nobody has turned it down, it has only not been seen.
    """

    def is_due(handoff: Handoff) -> bool:
        is_old = by_the_clock(handoff.waiting_since, now) >= after
        return is_old and waited(handoff.waiting_since, now) >= attended

    waiting = HandoffRow.state == HandoffState.REQUESTED.value
    tell = announce(staff_events.expired, now=now)
    return _sweep(engine, Move.EXPIRE, waiting, now=now, after=tell, is_due=is_due)


def mark_urgent(session: Session, conversation_id: str, *, now: datetime) -> Handoff | None:
    """Mark the open hand-off of a conversation urgent, inside the caller's transaction, and tell staff.

    Called when an emergency is answered, by the tracker store in the transaction that stores the turn. Returns the
    hand-off, None when there is none that is open.
    """
    found = open_in(session, conversation_id)
    if found is None or found.is_urgent:
        return found
    # No guard by version: urgency is only ever added, and the person's turn must be stored in any case.
    row = session.get(HandoffRow, found.id)
    row.is_urgent = True
    row.version = HandoffRow.version + 1
    session.flush()
    notify(session, row, Why.URGENT, now=now)
    add_move(session, found, Move.MARK_URGENT, by=SYSTEM, now=now, note=None)
    return read_in(session, found.id)


def _sweep(
    engine: sa.engine.Engine,
    move: Move,
    *conditions: sa.sql.ColumnElement[bool],
    now: datetime,
    after: After,
    is_due: Callable[[Handoff], bool] = lambda _handoff: True,
) -> list[Handoff]:
    with engine.connect() as connection:
        ids = connection.execute(sa.select(HandoffRow.id).where(*conditions).order_by(HandoffRow.id)).scalars().all()
    changed = []
    for handoff_id in ids:
        found = get_handoff(engine, handoff_id)
        if found is None or not is_due(found):
            continue
        try:
            changed.append(change(engine, handoff_id, move, now=now, after=after))
        except (MoveRefused, LookupError):
            continue  # somebody claimed or erased it in between
    return changed
