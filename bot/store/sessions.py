"""Who is signed in: sessions kept by the server, so that they can be ended."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store.database import transaction
from bot.store.secrets import hash_token, new_token
from bot.store.staff import StaffMember, read_user
from bot.store.staff_tables import StaffSession, StaffUser

IDLE = timedelta(minutes=30)
"""Without a click. A page left open does not count as one."""
ABSOLUTE = timedelta(hours=12)
WRITE_EVERY = timedelta(seconds=30)


def start_session(engine: sa.engine.Engine, user_id: int, *, now: datetime) -> str:
    """Sign somebody in; returns the cookie's value. Sessions that have run out are swept away."""
    token = new_token()
    with transaction(engine) as session:
        session.execute(sa.delete(StaffSession).where(_is_over(now)))
        session.add(StaffSession(token_hash=hash_token(token), user_id=user_id, created_at=now, seen_at=now))
    return token


def read_session(engine: sa.engine.Engine, token: str, *, now: datetime, is_click: bool = True) -> StaffMember | None:
    """Who is signed in with this cookie; None when nobody (any more), or the account was disabled.

    `is_click=False`: a page asks by itself, which does not keep a session alive.
    """
    key = hash_token(token)
    query = (
        sa.select(StaffSession, StaffUser)
        .join(StaffUser, StaffUser.id == StaffSession.user_id)
        .where(StaffSession.token_hash == key, StaffUser.is_active, ~_is_over(now))
    )
    with Session(engine, future=True) as session:
        found = session.execute(query).first()
        if found is None:
            return None
        row, user = found
        if is_click and now - row.seen_at > WRITE_EVERY:
            row.seen_at = now
            session.commit()
            session.refresh(user)
        return read_user(user)


def end_session(engine: sa.engine.Engine, token: str) -> None:
    """Sign out."""
    with engine.begin() as connection:
        connection.execute(sa.delete(StaffSession).where(StaffSession.token_hash == hash_token(token)))


def end_sessions_of(engine: sa.engine.Engine, user_id: int, *, keep: str | None = None) -> int:
    """Sign somebody out everywhere, but for the session `keep`; returns how many ended."""
    query = sa.delete(StaffSession).where(StaffSession.user_id == user_id)
    if keep:
        query = query.where(StaffSession.token_hash != hash_token(keep))
    with engine.begin() as connection:
        return int(connection.execute(query).rowcount)


def _is_over(now: datetime) -> sa.sql.ColumnElement[bool]:
    return sa.or_(StaffSession.seen_at < now - IDLE, StaffSession.created_at < now - ABSOLUTE)
