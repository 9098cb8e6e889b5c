"""Using a one-time link: choose a password and a second factor, once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.core.errors import fail
from bot.core.passwords import password_fault
from bot.core.roles import Role
from bot.store.database import transaction
from bot.store.secrets import decrypt, encrypt, hash_password, hash_token
from bot.store.sign_in import forget_failures
from bot.store.staff import StaffMember, new_user, read_user
from bot.store.staff_tables import OneTimeLink, StaffSession, StaffUser
from bot.store.totp import matching_step

ISSUER = "SMA Companion"


@dataclass(frozen=True)
class OpenLink:
    """A link that can still be used."""

    member: StaffMember | None
    """None: it makes the first administrator."""
    totp_secret: str

    def otpauth(self, email: str) -> str:
        """What the QR code holds."""
        return pyotp.TOTP(self.totp_secret).provisioning_uri(name=email, issuer_name=ISSUER)


def open_link(engine: sa.engine.Engine, token: str, *, data_key: str, now: datetime) -> OpenLink | None:
    """The link behind a token; None when it is unknown, used, too old, or no longer needed."""
    with transaction(engine) as session:
        row = _usable(session, token, now)
        if row is None:
            return None
        member = session.get(StaffUser, row.user_id) if row.user_id is not None else None
        if not row.totp_secret:
            row.totp_secret = encrypt(pyotp.random_base32(), data_key=data_key)
        return OpenLink(read_user(member) if member else None, decrypt(row.totp_secret, data_key=data_key))


def use_link(
    engine: sa.engine.Engine,
    token: str,
    *,
    password: str,
    code: str,
    data_key: str,
    now: datetime,
    email: str = "",
    name: str = "",
    title: str = "",
    roles: Iterable[Role] = (),
) -> StaffMember:
    """Set password and second factor; for the first administrator also who that is.

    Raises FaultsError with what does not do; the link then stays good. All sessions of that person end.
    """
    with transaction(engine) as session:
        row = _usable(session, token, now)
        if row is None or not row.totp_secret:
            raise fail("link", "it has been used or is too old", "ask an administrator for a new one")
        if row.user_id is None:
            user = new_user(email=email, name=name, title=title, roles={Role.ADMIN, *roles})
            session.add(user)
        else:
            user = session.get(StaffUser, row.user_id)
        fault = password_fault(password, email=user.email)
        if fault:
            raise fail("password", fault.rstrip("."), "choose another one")
        step = matching_step(decrypt(row.totp_secret, data_key=data_key), code, now)
        if step is None:
            raise fail("code", "it does not fit", "check the time of your phone and type the present six digits")
        user.password_hash, user.totp_secret, user.totp_step = hash_password(password), row.totp_secret, step
        # Written as a condition: two that use the link at the same moment must not both succeed.
        used = (
            sa.update(OneTimeLink)
            .where(OneTimeLink.token_hash == row.token_hash, OneTimeLink.used_at.is_(None))
            .values(used_at=now, totp_secret=None)
            .execution_options(synchronize_session=False)
        )
        if session.execute(used).rowcount != 1:
            raise fail("link", "it has just been used", "sign in instead")
        session.flush()
        session.execute(sa.delete(StaffSession).where(StaffSession.user_id == user.id))
        member = read_user(user)
    forget_failures(engine, member.email)
    return member


def _usable(session: Session, token: str, now: datetime) -> OneTimeLink | None:
    row = session.get(OneTimeLink, hash_token(token), with_for_update=True)
    if row is None or row.used_at is not None or row.expires_at <= now:
        return None
    if row.user_id is None:
        exists = session.execute(sa.select(StaffUser.id).limit(1)).first() is not None
        return None if exists else row
    user = session.get(StaffUser, row.user_id)
    return row if user is not None and user.is_active else None
