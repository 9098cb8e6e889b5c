"""Signing in with a password and a code, and what happens after too many failures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Semaphore

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store.database import transaction
from bot.store.secrets import decrypt, hash_password, hash_token, is_password
from bot.store.staff import StaffMember, clean_email, read_user
from bot.store.staff_tables import SignInFailure, StaffUser
from bot.store.totp import matching_step

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=1)
# argon2 takes 64 MiB and a core for a moment: many sign-ins at once must not take the console down.
_AT_ONCE = Semaphore(2)


@dataclass(frozen=True)
class SignIn:
    """How a sign-in ended."""

    member: StaffMember | None
    locked_until: datetime | None = None
    """Set when the address is locked: further attempts are refused unread."""
    tries_left: int = 0


def sign_in(engine: sa.engine.Engine, *, email: str, password: str, code: str, data_key: str, now: datetime) -> SignIn:
    """Check all three at once: nothing says which one was wrong, nor whether the address exists."""
    locked_until = _locked_until(engine, email, now)
    if locked_until:
        return SignIn(None, locked_until)
    with Session(engine, future=True) as session:
        user = session.execute(sa.select(StaffUser).where(StaffUser.email == clean_email(email))).scalar()
    with _AT_ONCE:
        fits = is_password(password[:1000], user.password_hash if user else None)
    if user is None or not fits or not user.is_active or not user.totp_secret:
        return _count_failure(engine, email, now)
    step = matching_step(decrypt(user.totp_secret, data_key=data_key), code, now)
    if step is None or not _use_step(engine, user.id, step, now):
        return _count_failure(engine, email, now)
    forget_failures(engine, email)
    return SignIn(read_user(user))


def change_password(engine: sa.engine.Engine, user_id: int, *, old: str, new: str) -> bool:
    """Whether the old one was right and the new one is set."""
    with transaction(engine) as session:
        user = session.get(StaffUser, user_id)
        if user is None or not is_password(old[:1000], user.password_hash):
            return False
        user.password_hash = hash_password(new)
        return True


def note_sign_in(engine: sa.engine.Engine, user_id: int, *, now: datetime) -> None:
    """Remember when somebody last signed in, by whichever way."""
    with engine.begin() as connection:
        connection.execute(sa.update(StaffUser).where(StaffUser.id == user_id).values(last_sign_in_at=now))


def forget_failures(engine: sa.engine.Engine, email: str) -> None:
    """Unlock an address."""
    with engine.begin() as connection:
        connection.execute(sa.delete(SignInFailure).where(SignInFailure.email_hash == _key(email)))


def _use_step(engine: sa.engine.Engine, user_id: int, step: int, now: datetime) -> bool:
    """Whether this code had not been used before."""
    used = sa.update(StaffUser).where(StaffUser.id == user_id, StaffUser.totp_step < step)
    with engine.begin() as connection:
        return bool(connection.execute(used.values(totp_step=step, last_sign_in_at=now)).rowcount == 1)


def _locked_until(engine: sa.engine.Engine, email: str, now: datetime) -> datetime | None:
    with engine.connect() as connection:
        query = sa.select(SignInFailure.locked_until).where(SignInFailure.email_hash == _key(email))
        found = connection.execute(query).scalar()
    return found if found and found > now else None


def _count_failure(engine: sa.engine.Engine, email: str, now: datetime) -> SignIn:
    key = _key(email)
    with transaction(engine) as session:
        session.execute(sa.delete(SignInFailure).where(SignInFailure.last_at < now - FORGET_AFTER))
        row = session.get(SignInFailure, key, with_for_update=True)
        if row is None:
            row = SignInFailure(email_hash=key, failures=0, last_at=now)
            session.add(row)
        row.failures += 1
        row.last_at = now
        if row.failures >= FAILURES_ALLOWED:
            row.failures, row.locked_until = 0, now + LOCKED_FOR
            return SignIn(None, row.locked_until)
        return SignIn(None, tries_left=FAILURES_ALLOWED - row.failures)


def _key(email: str) -> str:
    return hash_token(clean_email(email))
