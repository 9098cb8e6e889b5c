"""The durable outbox of the Telegram channel: each part of a reply once, in order for each chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store.database import transaction
from bot.store.tables import Message
from bot.store.telegram import TelegramOutgoing

NOTE_WITHIN = timedelta(minutes=10)
"""A staff message's own row is stored right after it was handed over; later it will not come any more."""


class State(str, Enum):
    """How far a part of a reply has come."""

    WAITING = "waiting"
    SENDING = "sending"
    """Handed to Telegram, and its answer has not come (yet)."""
    SENT = "sent"
    FAILED = "failed"


OPEN = (State.WAITING.value, State.SENDING.value)


@dataclass(frozen=True)
class Part:
    """One call that puts something into a chat."""

    key: str
    sender_id: str
    chat_token: str
    body: str
    """Encrypted."""
    message_id: int | None = None
    client_key: str | None = None


@dataclass(frozen=True)
class Outgoing:
    """A part that is not settled."""

    id: int
    key: str
    sender_id: str
    chat_token: str
    body: str
    state: str
    attempts: int
    next_at: datetime
    after_id: int
    message_id: int | None
    client_key: str | None
    at: datetime


def put_in(session: Session, parts: Sequence[Part], *, now: datetime, are_new: bool = False) -> int:
    """Add what is not there yet; returns how many parts were new. `are_new`: the caller knows that none is there."""
    keys = [part.key for part in parts]
    known = set() if are_new else set(session.execute(_KNOWN, {"keys": keys}).scalars())
    new = [part for part in parts if part.key not in known]
    if new:
        started = {
            "state": State.WAITING.value,
            "attempts": 0,
            "next_at": now,
            "after_id": 0,
            "at": now,
            "is_noted": False,
        }
        session.execute(_ADD, [{**vars(part), **started} for part in new])
    return len(new)


_KNOWN = sa.select(TelegramOutgoing.key).where(TelegramOutgoing.key.in_(sa.bindparam("keys", expanding=True)))
_ADD = sa.insert(TelegramOutgoing.__table__)
_NEXT = (
    sa.select(*(getattr(TelegramOutgoing, name) for name in Outgoing.__dataclass_fields__))
    .where(TelegramOutgoing.sender_id == sa.bindparam("sender"), TelegramOutgoing.state.in_(OPEN))
    .order_by(TelegramOutgoing.id)
    .limit(1)
)


def next_outgoing(engine: sa.engine.Engine, sender_id: str) -> Outgoing | None:
    """The oldest open part of a chat; it comes first however long it has to wait, so that the order holds."""
    with engine.connect() as connection:
        row = connection.execute(_NEXT, {"sender": sender_id}).first()
    return Outgoing(**row._mapping) if row else None


def chats_with_open_parts(engine: sa.engine.Engine) -> list[str]:
    """Senders to whom something is still to be sent."""
    query = sa.select(TelegramOutgoing.sender_id).where(TelegramOutgoing.state.in_(OPEN)).distinct()
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


def count_open(engine: sa.engine.Engine) -> int:
    """How many parts are still to be sent."""
    with engine.connect() as connection:
        query = sa.select(sa.func.count()).where(TelegramOutgoing.state.in_(OPEN))
        return int(connection.execute(query).scalar_one())


def begin_sending(engine: sa.engine.Engine, part_id: int, *, after_id: int) -> None:
    """From now on it is not certain whether the part is in the chat."""
    _set(engine, part_id, state=State.SENDING.value, after_id=after_id)


def put_off(
    engine: sa.engine.Engine, part_id: int, *, until: datetime, attempts: int, is_certain: bool, error: str
) -> None:
    """Try again later. `is_certain` says that Telegram has not taken it."""
    state = State.WAITING if is_certain else State.SENDING
    _set(engine, part_id, state=state.value, next_at=until, attempts=attempts, error=error)


def settle(
    engine: sa.engine.Engine,
    part: Outgoing,
    *,
    now: datetime,
    telegram_message_id: int | None,
    error: str | None = None,
) -> None:
    """Sent (`error` is None) or given up. What it said and to whom is removed."""
    state = State.FAILED if error else State.SENT
    with transaction(engine) as session:
        is_noted = _note(session, part.message_id, part.client_key, error)
        session.execute(
            sa.update(TelegramOutgoing).where(TelegramOutgoing.id == part.id).values(
                state=state.value, settled_at=now, error=error, body=None, chat_token=None,
                telegram_message_id=telegram_message_id, is_noted=is_noted,
            )
        )  # fmt: skip


def remove(engine: sa.engine.Engine, part_id: int) -> None:
    """Leave no trace of a part, for example of the receipt of an erasure."""
    with engine.begin() as connection:
        connection.execute(sa.delete(TelegramOutgoing).where(TelegramOutgoing.id == part_id))


def fail_all(engine: sa.engine.Engine, sender_id: str, *, now: datetime, error: str) -> None:
    """Nothing reaches this chat any more: all its open parts have failed."""
    while (part := next_outgoing(engine, sender_id)) is not None:
        settle(engine, part, now=now, telegram_message_id=None, error=error)


def note_settled(engine: sa.engine.Engine, *, now: datetime) -> None:
    """Write into `messages` how parts went whose message was stored only after they were sent."""
    query = sa.select(TelegramOutgoing).where(
        TelegramOutgoing.is_noted.is_(False), TelegramOutgoing.settled_at.is_not(None)
    )
    with transaction(engine) as session:
        for row in session.execute(query.limit(200)).scalars():
            row.is_noted = (
                _note(session, row.message_id, row.client_key, row.error) or row.settled_at < now - NOTE_WITHIN
            )


def drop_settled(engine: sa.engine.Engine, *, before: datetime) -> int:
    """Forget parts that were settled long ago; returns how many."""
    with transaction(engine) as session:
        query = sa.delete(TelegramOutgoing).where(TelegramOutgoing.settled_at < before)
        return int(session.execute(query.execution_options(synchronize_session=False)).rowcount)


def _note(session: Session, message_id: int | None, client_key: str | None, error: str | None) -> bool:
    """How the delivery went, where staff see it; False when the message's row is not there yet."""
    if message_id is None and client_key is None:
        return True
    which = Message.id == message_id if message_id is not None else Message.client_message_id == client_key
    values = {"delivery": "failed", "delivery_error": error} if error else {"delivery": "delivered"}
    query = sa.update(Message).where(which, sa.true() if error else Message.delivery != "failed")
    found = session.execute(query.values(**values).execution_options(synchronize_session=False)).rowcount
    if found or error:
        return bool(found)
    return session.execute(sa.select(Message.id).where(which)).first() is not None


def _set(engine: sa.engine.Engine, part_id: int, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(sa.update(TelegramOutgoing).where(TelegramOutgoing.id == part_id).values(**values))
