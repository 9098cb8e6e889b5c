"""Tables of the Telegram channel, and what is known of a chat. A chat's own id is stored encrypted only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from bot.store.database import SQLITE_BUSY_TIMEOUT_MS, _prepare_sqlite, make_engine, transaction
from bot.store.tables import Base, Conversation

ERASED_BY_SENDER = (
    ("telegram_chats", "sender_id"),
    ("telegram_buttons", "sender_id"),
    ("telegram_outbox", "sender_id"),
)
"""Tables of this module with rows of a conversation. `telegram_updates` is not among them: once an update is worked its
row holds its number alone, so that a second delivery of it is known, and before that it is somebody's open question."""


class TelegramChat(Base):
    """How to reach one caregiver; it goes with the conversation's erasure."""

    __tablename__ = "telegram_chats"

    sender_id = sa.Column(sa.String(80), primary_key=True)
    """Rasa's sender id: `tg-` and an HMAC of the chat id."""
    chat_token = sa.Column(sa.Text, nullable=False)
    """The chat id, encrypted with SMA_DATA_KEY."""
    is_unreachable = sa.Column(sa.Boolean, nullable=False, default=False)
    """The person has blocked the bot or left; nothing is sent until they write again."""
    apologised_at = sa.Column(sa.DateTime)
    """What was written before this has had its apology for coming too late."""
    last_message_id = sa.Column(sa.BigInteger, nullable=False, default=0)
    seen_at = sa.Column(sa.DateTime, nullable=False)


class TelegramUpdate(Base):
    """The inbox. A row without a payload is worked: its number alone is kept for a while, to know a repetition."""

    __tablename__ = "telegram_updates"
    __table_args__ = (sa.Index("ix_telegram_updates_waiting", "chat_key", "update_id"),)

    update_id = sa.Column(sa.BigInteger, primary_key=True, autoincrement=False)
    received_at = sa.Column(sa.DateTime, nullable=False, index=True)
    chat_key = sa.Column(sa.String(80))
    """Whose turn it is in; None once it is worked."""
    payload = sa.Column(sa.Text)
    """What was said, encrypted with SMA_DATA_KEY; None once it is worked."""
    attempts = sa.Column(sa.Integer, nullable=False, default=0)


class TelegramButton(Base):
    """What stands behind the short key of a button."""

    __tablename__ = "telegram_buttons"

    key = sa.Column(sa.String(64), primary_key=True)
    sender_id = sa.Column(sa.String(80), nullable=False, index=True)
    group_key = sa.Column(sa.String(120), nullable=False, index=True)
    """The message that the button hangs on."""
    position = sa.Column(sa.Integer, nullable=False)
    title = sa.Column(sa.Text, nullable=False)
    payload = sa.Column(sa.Text, nullable=False)
    chosen_by = sa.Column(sa.BigInteger)
    """Update id of the last press."""
    chosen_at = sa.Column(sa.DateTime)
    at = sa.Column(sa.DateTime, nullable=False)


class TelegramOutgoing(Base):
    """The outbox: one row for each call that puts something into a chat."""

    __tablename__ = "telegram_outbox"
    __table_args__ = (
        sa.UniqueConstraint("key", name="uq_telegram_outbox_key"),
        sa.Index("ix_telegram_outbox_waiting", "state", "sender_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id = sa.Column(sa.Integer, primary_key=True)
    """Rising; the order within a chat."""
    key = sa.Column(sa.String(120), nullable=False)
    """What it answers and which part of the answer it is: the same is never put in twice."""
    sender_id = sa.Column(sa.String(80), nullable=False, index=True)
    chat_token = sa.Column(sa.Text)
    body = sa.Column(sa.Text)
    """Method and arguments, encrypted; None once it is settled."""
    message_id = sa.Column(sa.Integer)
    """Row of `messages` whose delivery this is."""
    client_key = sa.Column(sa.String(80))
    """The same for a staff message, whose row is stored after it was handed over."""
    state = sa.Column(sa.String(20), nullable=False)
    """waiting | sending | sent | failed"""
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    next_at = sa.Column(sa.DateTime, nullable=False)
    after_id = sa.Column(sa.BigInteger, nullable=False, default=0)
    """Highest message id known when it was first sent: what is newer in this chat can only be this message."""
    telegram_message_id = sa.Column(sa.BigInteger)
    at = sa.Column(sa.DateTime, nullable=False)
    settled_at = sa.Column(sa.DateTime, index=True)
    is_noted = sa.Column(sa.Boolean, nullable=False, default=False)
    """Whether `messages.delivery` says how it went."""
    error = sa.Column(sa.String(200))


@dataclass(frozen=True)
class Chat:
    """What is known of a chat."""

    sender_id: str
    chat_token: str
    is_unreachable: bool
    apologised_at: datetime | None


def make_pooled_engine(url: str) -> sa.engine.Engine:
    """An engine whose SQLite connections stay open.

    Opened and closed for each query they cost ten times as much: the last one to close folds the write-ahead log into
    the file. This channel asks the database several times for each message.
    """
    engine = make_engine(url)
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return engine
    arguments = {"timeout": SQLITE_BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    pooled = sa.create_engine(engine.url, future=True, poolclass=QueuePool, pool_size=8, max_overflow=24,
                              connect_args=arguments)  # fmt: skip
    sa.event.listen(pooled, "connect", _prepare_sqlite)
    return pooled


def read_chat(engine: sa.engine.Engine, sender_id: str) -> Chat | None:
    """A chat, None when it is not known (any more)."""
    columns = [getattr(TelegramChat, name) for name in Chat.__dataclass_fields__]
    with engine.connect() as connection:
        row = connection.execute(sa.select(*columns).where(TelegramChat.sender_id == sender_id)).first()
    return Chat(**row._mapping) if row else None


_SEEN = (
    sa.update(TelegramChat)
    .where(TelegramChat.sender_id == sa.bindparam("who"), TelegramChat.is_unreachable.is_(False))
    .values(
        seen_at=sa.bindparam("now"),
        last_message_id=sa.func.coalesce(sa.bindparam("message", type_=sa.BigInteger), TelegramChat.last_message_id),
        apologised_at=sa.func.coalesce(sa.bindparam("apologised", type_=sa.DateTime), TelegramChat.apologised_at),
    )
    .execution_options(synchronize_session=False)
)
"""Built once: it is said with every message."""


def see_chat(
    session: Session,
    sender_id: str,
    chat_token: str,
    *,
    message_id: int,
    now: datetime,
    apologised_at: datetime | None = None,
) -> None:
    """Somebody wrote: the chat is known, and reachable."""
    told = {"who": sender_id, "now": now, "message": message_id or None, "apologised": apologised_at}
    if session.execute(_SEEN, told).rowcount:
        return
    chat = session.get(TelegramChat, sender_id)
    if chat is None:
        chat = TelegramChat(sender_id=sender_id, chat_token=chat_token, last_message_id=0)
        session.add(chat)
    else:
        _mark_conversation(session, sender_id, False)
    chat.is_unreachable = False
    chat.seen_at = now
    chat.last_message_id = message_id or chat.last_message_id
    chat.apologised_at = apologised_at or chat.apologised_at


def set_reachable(engine: sa.engine.Engine, sender_id: str, *, is_reachable: bool) -> None:
    """The person has blocked the bot, or let it in again; staff see it at the conversation."""
    with transaction(engine) as session:
        session.execute(
            sa.update(TelegramChat).where(TelegramChat.sender_id == sender_id).values(is_unreachable=not is_reachable)
        )
        _mark_conversation(session, sender_id, not is_reachable)


def highest_message_id(engine: sa.engine.Engine) -> int:
    """Of all messages that this bot has seen or sent; Telegram numbers private messages through all chats of a bot."""
    with engine.connect() as connection:
        seen = connection.execute(sa.select(sa.func.max(TelegramChat.last_message_id))).scalar_one()
        sent = connection.execute(sa.select(sa.func.max(TelegramOutgoing.telegram_message_id))).scalar_one()
    return max(seen or 0, sent or 0)


def forget_idle_chats(engine: sa.engine.Engine, *, before: datetime) -> int:
    """Drop chats without a conversation that have been silent since; returns how many."""
    with transaction(engine) as session:
        is_left = TelegramChat.sender_id.not_in(sa.select(Conversation.id))
        query = sa.delete(TelegramChat).where(TelegramChat.seen_at < before, is_left)
        return int(session.execute(query.execution_options(synchronize_session=False)).rowcount)


def _mark_conversation(session: Session, sender_id: str, is_unreachable: bool) -> None:
    session.execute(sa.update(Conversation).where(Conversation.id == sender_id).values(is_unreachable=is_unreachable))
