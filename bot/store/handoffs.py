"""Acts on hand-offs: ask for a person, claim, let go, hand over, decline, end (reading: bot/store/handoff_reads.py).

Every act takes the engine and the time, and is one transaction. Moves raise MoveRefused (its text is for the member of
staff who tried; `refusal` says why, `holder` who has it) and LookupError when there is no such hand-off. What the
caregiver is told of a switch is written into `staff_messages` in the same transaction: call
`bot.store.delivery.deliver` afterwards; if the process dies before, `python -m bot.notify` delivers it.
A reply is written by `bot.store.staff_messages.queue_reply`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.core import staff_events
from bot.core.handoffs import Handoff, HandoffState, Move, Outcome, Reason, Staff
from bot.store.database import transaction
from bot.store.handoff_moves import CAREGIVER, After, add_move, change, read_row
from bot.store.handoff_reads import get_handoff, open_handoff
from bot.store.handoff_tables import ContactRow, HandoffRow
from bot.store.notifications import Kind, Why, notify
from bot.store.staff_messages import announce, announce_taken_over


@dataclass(frozen=True)
class Requested:
    """What became of a request."""

    handoff: Handoff
    is_new: bool
    """False when one was open already; nothing was changed then."""


def request_handoff(
    engine: sa.engine.Engine,
    conversation_id: str,
    *,
    reason: Reason,
    about: str,
    now: datetime,
    topic: str | None = None,
    contact_token: str | None = None,
    is_urgent: bool = False,
    kinds: Sequence[Kind] | None = None,
) -> Requested:
    """Ask for a person; never two open ones for a conversation. `about` is redacted, `contact_token` encrypted.

    `kinds`: how staff are told; None takes it from the settings.
    """
    try:
        with transaction(engine) as session:
            made = request_in(session, conversation_id, reason=reason, about=about, now=now, topic=topic,
                              contact_token=contact_token, is_urgent=is_urgent, kinds=kinds)  # fmt: skip
    except sa.exc.IntegrityError:
        found = open_handoff(engine, conversation_id)
        if found is None:
            raise
        return Requested(found, is_new=False)
    return Requested(made, is_new=True)


def request_in(
    session: Session,
    conversation_id: str,
    *,
    reason: Reason,
    about: str,
    now: datetime,
    topic: str | None = None,
    contact_token: str | None = None,
    is_urgent: bool = False,
    kinds: Sequence[Kind] | None = None,
    after: After | None = None,
) -> Handoff:
    """As `request_handoff`, inside the caller's transaction. Raises IntegrityError when one is open already."""
    row = HandoffRow(
        conversation_id=conversation_id, state=HandoffState.REQUESTED.value, reason=reason.value, about=about,
        topic=topic, requested_at=now, waiting_since=now, is_urgent=is_urgent, version=0,
    )  # fmt: skip
    session.add(row)
    session.flush()
    if contact_token:
        session.add(ContactRow(handoff_id=row.id, conversation_id=conversation_id, token=contact_token, at=now))
    handoff = read_row(row, has_contact=bool(contact_token))
    move_id = add_move(session, handoff, Move.REQUEST, by=CAREGIVER, now=now, note=None)
    if after:
        after(session, row, move_id, handoff)
    notify(session, row, Why.URGENT if is_urgent else Why.WAITING, now=now, kinds=kinds)
    return handoff


def claim(engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, now: datetime) -> Handoff:
    """Take a waiting request; the caregiver is told who speaks now, and the bot falls silent.

    Raises ClaimRefused when somebody was faster. A second claim by the same person changes nothing but the lease.
    """
    found = get_handoff(engine, handoff_id)
    if found and found.is_held_by(staff, now):
        return change(engine, handoff_id, Move.RENEW, now=now, by=staff)
    return change(engine, handoff_id, Move.CLAIM, now=now, by=staff, after=announce_taken_over(staff, now=now))


def renew(engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, now: datetime) -> Handoff:
    """Keep the lease while the page is open (call it every few minutes)."""
    return change(engine, handoff_id, Move.RENEW, now=now, by=staff)


def release(
    engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, now: datetime, note: str | None = None
) -> Handoff:
    """Give it back to the queue; the bot answers meanwhile."""
    after = announce(staff_events.back_to_waiting, now=now)
    return change(engine, handoff_id, Move.RELEASE, now=now, by=staff, note=note, after=after)


def transfer(
    engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, to: Staff, now: datetime, note: str | None = None
) -> Handoff:
    """Hand it to a colleague; the caregiver is told who speaks now."""
    after = announce_taken_over(to, now=now)
    return change(engine, handoff_id, Move.TRANSFER, now=now, by=staff, to=to, note=note, after=after)


def decline(engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, now: datetime, note: str) -> Handoff:
    """Say no to a request (spam, not for this team); `note` is for the history. The caregiver is told honestly."""
    after = announce(staff_events.declined, now=now)
    return change(engine, handoff_id, Move.DECLINE, now=now, by=staff, note=note, after=after)


def close(
    engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, outcome: Outcome, now: datetime, note: str | None = None
) -> Handoff:
    """End it; the bot answers again and asks the caregiver whether it helped."""
    after = announce(staff_events.give_back, now=now)
    return change(engine, handoff_id, Move.CLOSE, now=now, by=staff, outcome=outcome, note=note, after=after)


def cancel(engine: sa.engine.Engine, handoff_id: int, *, now: datetime) -> Handoff:
    """The caregiver takes it back; the bot's own action says so in the chat."""
    return change(engine, handoff_id, Move.CANCEL, now=now, by=CAREGIVER)


def record_helped(engine: sa.engine.Engine, conversation_id: str, *, helped: bool) -> bool:
    """Note on the last closed hand-off whether it helped; False when there is none."""
    last = (
        sa.select(sa.func.max(HandoffRow.id))
        .where(HandoffRow.conversation_id == conversation_id, HandoffRow.state == HandoffState.CLOSED.value)
        .scalar_subquery()
    )
    with engine.begin() as connection:
        update = sa.update(HandoffRow).where(HandoffRow.id == last).values(helped=helped)
        return bool(connection.execute(update).rowcount)
