"""One-time links: made here, used in bot/store/set_up.py."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.store.database import transaction
from bot.store.secrets import hash_token, new_token
from bot.store.staff_tables import OneTimeLink

GOOD_FOR = timedelta(hours=24)


def make_link(engine: sa.engine.Engine, base_url: str, *, user_id: int | None, now: datetime) -> str:
    """A new link to choose a password and a second factor; earlier ones of the same person end.

    `user_id` None: for the first administrator.
    """
    token = new_token()
    with transaction(engine) as session:
        if user_id is not None:
            session.execute(sa.delete(OneTimeLink).where(OneTimeLink.user_id == user_id))
        session.execute(sa.delete(OneTimeLink).where(OneTimeLink.expires_at < now))
        session.add(
            OneTimeLink(token_hash=hash_token(token), user_id=user_id, created_at=now, expires_at=now + GOOD_FOR)
        )
    return f"{base_url.rstrip('/')}/setup/{token}"
