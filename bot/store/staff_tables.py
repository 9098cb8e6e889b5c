"""The tables of the staff console: people, sessions, one-time links, failed sign-ins, notes, the audit."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.tables import Base


class StaffUser(Base):
    """A member of staff who may sign in."""

    __tablename__ = "staff_users"

    id = sa.Column(sa.Integer, primary_key=True)
    email = sa.Column(sa.String(254), nullable=False, unique=True)
    """In lower case."""
    name = sa.Column(sa.String(120), nullable=False)
    title = sa.Column(sa.String(120), nullable=False)
    """In words for caregivers, for example "nurse"."""
    roles = sa.Column(sa.JSON, nullable=False)
    password_hash = sa.Column(sa.String(255))
    """argon2id; None until the one-time link has been used."""
    totp_secret = sa.Column(sa.Text)
    """Fernet, with SMA_DATA_KEY."""
    totp_step = sa.Column(sa.BigInteger, nullable=False, default=0)
    """The last 30-second step whose code was used: a code is good once."""
    is_active = sa.Column(sa.Boolean, nullable=False, default=True)
    created_at = sa.Column(sa.DateTime, nullable=False)
    last_sign_in_at = sa.Column(sa.DateTime)


class StaffSession(Base):
    """Somebody is signed in."""

    __tablename__ = "staff_sessions"

    token_hash = sa.Column(sa.String(64), primary_key=True)
    """SHA-256 of the cookie: who reads the database cannot sign in with it."""
    user_id = sa.Column(sa.Integer, nullable=False, index=True)
    created_at = sa.Column(sa.DateTime, nullable=False)
    seen_at = sa.Column(sa.DateTime, nullable=False)


class OneTimeLink(Base):
    """A link that lets somebody choose a password and a second factor, once."""

    __tablename__ = "one_time_links"

    token_hash = sa.Column(sa.String(64), primary_key=True)
    user_id = sa.Column(sa.Integer, index=True)
    """None: for the first administrator, who does not exist yet."""
    totp_secret = sa.Column(sa.Text)
    """Shown as a QR code while the link is open; Fernet."""
    created_at = sa.Column(sa.DateTime, nullable=False)
    expires_at = sa.Column(sa.DateTime, nullable=False)
    used_at = sa.Column(sa.DateTime)


class SignInFailure(Base):
    """Failed sign-ins for one e-mail address, whether it exists or not: nothing is given away."""

    __tablename__ = "sign_in_failures"

    email_hash = sa.Column(sa.String(64), primary_key=True)
    failures = sa.Column(sa.Integer, nullable=False)
    last_at = sa.Column(sa.DateTime, nullable=False)
    locked_until = sa.Column(sa.DateTime)


class StaffNote(Base):
    """A note among staff about a conversation; caregivers never see it."""

    __tablename__ = "staff_notes"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id = sa.Column(sa.Integer, primary_key=True)
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    at = sa.Column(sa.DateTime, nullable=False)
    staff_id = sa.Column(sa.String(120), nullable=False)
    staff_name = sa.Column(sa.String(120), nullable=False)
    text = sa.Column(sa.Text, nullable=False)


class AuditRow(Base):
    """One act or view; rows are only ever added, and each carries the hash of the one before."""

    __tablename__ = "audit"

    number = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
    """1, 2, 3 … without a gap."""
    at = sa.Column(sa.DateTime, nullable=False, index=True)
    actor = sa.Column(sa.String(120), nullable=False, index=True)
    """A staff id, `command line` or `nobody` (not signed in)."""
    act = sa.Column(sa.String(60), nullable=False, index=True)
    object = sa.Column(sa.String(300), nullable=False)
    detail = sa.Column(sa.Text, nullable=False)
    """JSON; ids and endings only, never what a person wrote."""
    previous = sa.Column(sa.String(64), nullable=False, unique=True)
    # Unique: two that were added at the same moment cannot both follow the same one.
    hash = sa.Column(sa.String(64), nullable=False, unique=True)
