"""The durable inbox of Telegram updates: each number once, in order for each chat, readable only until worked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.store.database import transaction
from bot.store.telegram import TelegramUpdate


@dataclass(frozen=True)
class Waiting:
    """An update that nobody has worked yet."""

    update_id: int
    chat_key: str
    payload: str
    received_at: datetime
    attempts: int


BATCH = 20

_TAKE_IN = sa.insert(TelegramUpdate.__table__)
_NEXT = (
    sa.select(*(getattr(TelegramUpdate, name) for name in Waiting.__dataclass_fields__))
    .where(TelegramUpdate.chat_key == sa.bindparam("key"), TelegramUpdate.payload.is_not(None))
    .order_by(TelegramUpdate.update_id)
    .limit(BATCH)
)


_FINISH = (
    sa.update(TelegramUpdate)
    .where(TelegramUpdate.update_id == sa.bindparam("number"), TelegramUpdate.payload.is_not(None))
    .values(payload=None, chat_key=None)
    .execution_options(synchronize_session=False)
)


def take_in(engine: sa.engine.Engine, update: Waiting) -> bool:
    """Store an update; False when its number was there already."""
    try:
        with engine.begin() as connection:
            connection.execute(_TAKE_IN, vars(update))
    except IntegrityError:
        return False
    return True


def next_waiting(engine: sa.engine.Engine, chat_key: str) -> list[Waiting]:
    """The oldest updates of a chat that are not worked, in order, at most BATCH."""
    with engine.connect() as connection:
        return [Waiting(**row._mapping) for row in connection.execute(_NEXT, {"key": chat_key})]


def waiting_chats(engine: sa.engine.Engine) -> list[str]:
    """Chats with updates that are not worked."""
    query = sa.select(TelegramUpdate.chat_key).where(TelegramUpdate.payload.is_not(None)).distinct()
    with engine.connect() as connection:
        return [key for key in connection.execute(query).scalars() if key]


def count_waiting(engine: sa.engine.Engine) -> int:
    """How many updates are not worked."""
    with engine.connect() as connection:
        query = sa.select(sa.func.count()).where(TelegramUpdate.payload.is_not(None))
        return int(connection.execute(query).scalar_one())


def count_attempt(engine: sa.engine.Engine, update_id: int) -> None:
    """One more attempt has failed."""
    with engine.begin() as connection:
        query = sa.update(TelegramUpdate).where(TelegramUpdate.update_id == update_id)
        connection.execute(query.values(attempts=TelegramUpdate.attempts + 1))


def finish(session: Session, update_id: int) -> bool:
    """The update is worked: what was said and by whom goes, its number stays. False when it was worked already."""
    return bool(session.execute(_FINISH, {"number": update_id}).rowcount)


def drop_worked(engine: sa.engine.Engine, *, before: datetime) -> int:
    """Forget numbers of updates that cannot come again; returns how many."""
    with transaction(engine) as session:
        query = sa.delete(TelegramUpdate).where(TelegramUpdate.received_at < before, TelegramUpdate.payload.is_(None))
        return int(session.execute(query.execution_options(synchronize_session=False)).rowcount)
