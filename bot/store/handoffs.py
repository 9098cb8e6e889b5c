"""Hand-offs in the database: ask for a person, claim, answer, let go, end, look back.

Every function takes the engine and the time. Moves raise MoveRefused (its text is for the member of staff who tried;
`refusal` says why, `holder` who has it) and LookupError when there is no such hand-off. What the caregiver is told of
a switch is written into `staff_messages` in the same transaction: call `bot.store.delivery.deliver` afterwards, and
if that does not happen any more, `python -m bot.notify` does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.core import staff_events
from bot.core.handoffs import OPEN_STATES, Handoff, HandoffState, Move, Outcome, Reason, Staff
from bot.core.staff_events import Events
from bot.store.database import transaction
from bot.store.handoff_moves import CAREGIVER, After, add_move, change, read_in, read_row
from bot.store.handoff_tables import ContactRow, HandoffMove, HandoffRow
from bot.store.notifications import Kind, Why, notify
from bot.store.staff_messages import enqueue
from bot.store.tables import Conversation


@dataclass(frozen=True)
class Requested:
    """What became of a request."""

    handoff: Handoff
    is_new: bool
    """False when one was open already; nothing was changed then."""


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue."""

    handoff: Handoff
    channel: str
    last_at: datetime
    """When something was last said in the conversation."""
    turns: int


@dataclass(frozen=True)
class HistoryRow:
    """One line of a hand-off's history."""

    handoff_id: int
    at: datetime
    move: Move
    state: HandoffState
    by_id: str
    """A staff id, `caregiver` or `system`."""
    by_name: str
    note: str | None


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
            return Requested(
                request_in(session, conversation_id, reason=reason, about=about, now=now, topic=topic,
                           contact_token=contact_token, is_urgent=is_urgent, kinds=kinds), is_new=True
            )  # fmt: skip
    except sa.exc.IntegrityError:
        found = open_handoff(engine, conversation_id)
        if found is None:
            raise
        return Requested(found, is_new=False)


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
) -> Handoff:
    """As `request_handoff`, inside the caller's transaction. Raises IntegrityError when one is open already."""
    row = HandoffRow(
        conversation_id=conversation_id, state=HandoffState.REQUESTED.value, reason=reason.value, about=about,
        topic=topic, requested_at=now, is_urgent=is_urgent, version=0,
    )  # fmt: skip
    session.add(row)
    session.flush()
    if contact_token:
        session.add(ContactRow(handoff_id=row.id, conversation_id=conversation_id, token=contact_token, at=now))
    handoff = read_row(row, has_contact=bool(contact_token))
    add_move(session, handoff, Move.REQUEST, by=CAREGIVER, now=now, note=None)
    notify(session, row, Why.URGENT if is_urgent else Why.WAITING, now=now, kinds=kinds)
    return handoff


def get_handoff(engine: sa.engine.Engine, handoff_id: int) -> Handoff | None:
    """One hand-off by its id."""
    with Session(engine, future=True) as session:
        return read_in(session, handoff_id)


def open_handoff(engine: sa.engine.Engine, conversation_id: str) -> Handoff | None:
    """The hand-off of a conversation that is not over; None without one."""
    with Session(engine, future=True) as session:
        return open_in(session, conversation_id)


def open_in(session: Session, conversation_id: str) -> Handoff | None:
    """As `open_handoff`, inside the caller's transaction."""
    query = sa.select(HandoffRow.id).where(HandoffRow.conversation_id == conversation_id, _is_open())
    found = session.execute(query).scalar()
    return read_in(session, found) if found is not None else None


def handoffs_of(engine: sa.engine.Engine, conversation_id: str) -> list[Handoff]:
    """All hand-offs of a conversation, newest first."""
    query = sa.select(HandoffRow.id).where(HandoffRow.conversation_id == conversation_id).order_by(HandoffRow.id.desc())
    with Session(engine, future=True) as session:
        found = [read_in(session, handoff_id) for handoff_id in session.execute(query).scalars().all()]
        return [handoff for handoff in found if handoff]


def queue(engine: sa.engine.Engine) -> list[QueueRow]:
    """All open hand-offs: urgent ones first, then those that nobody holds, then by how long they wait."""
    query = (
        sa.select(HandoffRow, ContactRow.id.label("contact"), Conversation)
        .outerjoin(ContactRow, ContactRow.handoff_id == HandoffRow.id)
        .outerjoin(Conversation, Conversation.id == HandoffRow.conversation_id)
        .where(_is_open())
        .order_by(
            HandoffRow.is_urgent.desc(),
            sa.case((HandoffRow.state == HandoffState.REQUESTED.value, 0), else_=1),
            HandoffRow.requested_at,
            HandoffRow.id,
        )
    )
    rows = []
    with Session(engine, future=True) as session:
        for row, contact, conversation in session.execute(query):
            handoff = read_row(row, has_contact=contact is not None)
            channel = conversation.channel if conversation else "unknown"
            last_at = conversation.last_at if conversation else row.requested_at
            rows.append(QueueRow(handoff, channel, last_at, conversation.turns if conversation else 0))
    return rows


def claim(engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, now: datetime) -> Handoff:
    """Take a waiting request; the caregiver is told who speaks now, and the bot falls silent.

    Raises ClaimRefused when somebody was faster. A second claim by the same person changes nothing but the lease.
    """
    found = get_handoff(engine, handoff_id)
    if found and found.is_held_by(staff, now):
        return change(engine, handoff_id, Move.RENEW, now=now, by=staff)
    return change(engine, handoff_id, Move.CLAIM, now=now, by=staff, after=_tell_taken_over(staff, now))


def renew(engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, now: datetime) -> Handoff:
    """Keep the lease while the page is open (call it every few minutes)."""
    return change(engine, handoff_id, Move.RENEW, now=now, by=staff)


def release(engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, now: datetime, note: str | None = None) -> Handoff:
    """Give it back to the queue; the bot answers meanwhile."""
    after = _tell("released", staff_events.back_to_waiting, now)
    return change(engine, handoff_id, Move.RELEASE, now=now, by=staff, note=note, after=after)


def transfer(
    engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, to: Staff, now: datetime, note: str | None = None
) -> Handoff:
    """Hand it to a colleague; the caregiver is told who speaks now."""
    after = _tell_taken_over(to, now)
    return change(engine, handoff_id, Move.TRANSFER, now=now, by=staff, to=to, note=note, after=after)


def decline(engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, now: datetime, note: str) -> Handoff:
    """Say no to a request (spam, not for this team); `note` is for the history. The caregiver is told honestly."""
    after = _tell_ended("declined", now)
    return change(engine, handoff_id, Move.DECLINE, now=now, by=staff, note=note, after=after)


def close(
    engine: sa.engine.Engine, handoff_id: int, staff: Staff, *, outcome: Outcome, now: datetime, note: str | None = None
) -> Handoff:
    """End it; the bot answers again and asks the caregiver whether it helped."""
    after = _tell("closed", staff_events.give_back, now)
    return change(engine, handoff_id, Move.CLOSE, now=now, by=staff, outcome=outcome, note=note, after=after)


def cancel(engine: sa.engine.Engine, handoff_id: int, *, now: datetime, after: After | None = None) -> Handoff:
    """The caregiver takes it back; the one who says so in the chat is the bot's action."""
    return change(engine, handoff_id, Move.CANCEL, now=now, by=CAREGIVER, after=after)


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


def history(engine: sa.engine.Engine, conversation_id: str) -> list[HistoryRow]:
    """Every move of every hand-off of a conversation, oldest first."""
    query = sa.select(HandoffMove).where(HandoffMove.conversation_id == conversation_id).order_by(HandoffMove.id)
    with Session(engine, future=True) as session:
        return [
            HistoryRow(r.handoff_id, r.at, Move(r.move), HandoffState(r.state), r.by_id, r.by_name, r.note)
            for r in session.execute(query).scalars()
        ]


def tell(session: Session, row: HandoffRow, move_id: int, *, events: Events, now: datetime) -> None:
    """Write what the caregiver is told of a switch."""
    said = next(event for event in events if event["event"] == "bot")
    enqueue(session, row, key=switch_key(row.id, move_id), kind="switch", events=events, text=said["text"], now=now)


def switch_key(handoff_id: int, move_id: int) -> str:
    """The key of what is said at a move: the same move never says it twice."""
    return f"handoff-{handoff_id}-{move_id}"


def _tell_taken_over(staff: Staff, now: datetime) -> After:
    def after(session: Session, row: HandoffRow, move_id: int) -> None:
        tell(session, row, move_id, events=staff_events.take_over(staff, key=switch_key(row.id, move_id)), now=now)

    return after


def _tell(_why: str, make, now: datetime) -> After:  # type: ignore[no-untyped-def]
    def after(session: Session, row: HandoffRow, move_id: int) -> None:
        tell(session, row, move_id, events=make(key=switch_key(row.id, move_id)), now=now)

    return after


def _tell_ended(why: str, now: datetime) -> After:
    return _tell(why, lambda *, key: staff_events.ended(f"handoff/{why}", key=key), now)


def _is_open() -> sa.sql.ColumnElement[bool]:
    return HandoffRow.state.in_([state.value for state in OPEN_STATES])
