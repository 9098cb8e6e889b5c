"""How to reach a caregiver: stored encrypted, shown only to the one who holds the hand-off, every view on record."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.orm import Session

from bot.core.contact import Contact, ContactKind
from bot.core.errors import FaultsError, fail
from bot.core.handoffs import Handoff, Staff
from bot.store.database import transaction
from bot.store.handoff_moves import read_in
from bot.store.handoff_tables import ContactRow

TOKEN_PREFIX = "gAAAA"
"""How every Fernet token begins: its version and the high bytes of its time."""


class ContactRefused(Exception):  # noqa: N818 - named like MoveRefused
    """This person may not see it; `str()` says why, for the person who tried."""


@dataclass(frozen=True)
class ContactView:
    """Somebody is about to see a contact: what the audit writes down. It does not hold the contact."""

    handoff_id: int
    conversation_id: str
    staff: Staff
    at: datetime


def encrypt(contact: Contact, *, key: str) -> str:
    """The contact as a Fernet token. Raises FaultsError when the key is missing or malformed."""
    data = json.dumps({"kind": contact.kind.value, "value": contact.value})
    return _fernet(key).encrypt(data.encode()).decode()


def decrypt(token: str, *, key: str) -> Contact:
    """Read it back. Raises FaultsError when the key is not the one that it was written with."""
    try:
        data = json.loads(_fernet(key).decrypt(token.encode()))
    except InvalidToken as error:
        cure = "set SMA_DATA_KEY to the key that was in use when the request was made"
        raise fail("contacts", "this contact was encrypted with another key", cure) from error
    return Contact(ContactKind(data["kind"]), data["value"])


def is_token(value: str | None) -> bool:
    """Whether a text is an encrypted contact and not one in the clear."""
    return bool(value) and str(value).startswith(TOKEN_PREFIX)


def can_encrypt(key: str) -> bool:
    """Whether contacts can be kept at all; without a key nobody is asked for one."""
    try:
        _fernet(key)
    except FaultsError:
        return False
    return True


def reveal(
    engine: sa.engine.Engine,
    handoff_id: int,
    staff: Staff,
    *,
    key: str,
    now: datetime,
    on_view: Callable[[Session, ContactView], None],
) -> Contact | None:
    """The contact of a hand-off, for the one who holds it; None when the caregiver left none.

    `on_view` writes the audit, in the same transaction and before anything is shown: when it raises, nothing is.
    Raises ContactRefused for anybody else and when the hand-off is over, LookupError when there is none.
    """
    with transaction(engine) as session:
        handoff: Handoff | None = read_in(session, handoff_id)
        if handoff is None:
            raise LookupError(f"there is no hand-off {handoff_id}")
        if not handoff.is_held_by(staff, now):
            raise ContactRefused("Only the person who holds this conversation can see how to reach the caregiver.")
        token = session.execute(sa.select(ContactRow.token).where(ContactRow.handoff_id == handoff_id)).scalar()
        if token is None:
            return None
        contact = decrypt(token, key=key)
        on_view(session, ContactView(handoff_id, handoff.conversation_id, staff, now))
        session.flush()
    return contact


def _fernet(key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError as error:
        cure = "run 'make run' once, which makes one, or set a key of 32 bytes in URL-safe base64"
        raise fail("SMA_DATA_KEY", "it is missing or not a Fernet key", cure) from error
