"""Buttons that hang on messages: Telegram carries 64 bytes with a press, so what they mean is kept here."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.core.replies import Button
from bot.store.database import transaction
from bot.store.telegram import TelegramButton

KEY_BYTES = 15
DOUBLE_TAP = timedelta(seconds=3)


@dataclass(frozen=True)
class KeptButton:
    """One button of a message."""

    key: str
    sender_id: str
    group_key: str
    position: int
    title: str
    payload: str
    chosen_by: int | None
    chosen_at: datetime | None


_COLUMNS = tuple(getattr(TelegramButton, name) for name in KeptButton.__dataclass_fields__)


def button_key(group_key: str, position: int) -> str:
    """The 20 characters that a press carries; the same for the same button, so that a repetition changes nothing."""
    digest = hashlib.sha256(f"{group_key}\0{position}".encode()).digest()[:KEY_BYTES]
    return base64.urlsafe_b64encode(digest).decode()


def keep_buttons(
    session: Session, sender_id: str, group_key: str, buttons: Sequence[Button], *, now: datetime, are_new: bool = False
) -> None:
    """Keep what stands behind the buttons of one message, unless it is kept already (`are_new`: it is not)."""
    known = sa.select(TelegramButton.key).where(TelegramButton.group_key == group_key).limit(1)
    if not are_new and session.execute(known).first():
        return
    rows = [
        {"key": button_key(group_key, position), "sender_id": sender_id, "group_key": group_key, "position": position,
         "title": button.title, "payload": button.payload, "at": now}
        for position, button in enumerate(buttons)
    ]  # fmt: skip
    session.execute(sa.insert(TelegramButton.__table__), rows)


def press(
    engine: sa.engine.Engine, key: str, sender_id: str, *, update_id: int, at: datetime
) -> tuple[KeptButton, bool] | None:
    """Press the button behind a key of this chat; None when there is none (any more).

    The flag says that this is the second of a double tap, which counts as none.
    """
    with transaction(engine) as session:
        row = session.execute(
            sa.select(*_COLUMNS).where(TelegramButton.key == key, TelegramButton.sender_id == sender_id)
        ).first()
        if row is None:
            return None
        button = KeptButton(**row._mapping)
        is_again = (
            button.chosen_at is not None
            and button.chosen_by not in (None, update_id)
            and abs(at - button.chosen_at) < DOUBLE_TAP
        )
        if not is_again:
            session.execute(
                sa.update(TelegramButton).where(TelegramButton.key == key).values(chosen_by=update_id, chosen_at=at)
            )
        return button, is_again


def find_button(engine: sa.engine.Engine, key: str, sender_id: str) -> KeptButton | None:
    """The button behind a key of this chat, without pressing it."""
    query = sa.select(*_COLUMNS).where(TelegramButton.key == key, TelegramButton.sender_id == sender_id)
    with engine.connect() as connection:
        row = connection.execute(query).first()
    return KeptButton(**row._mapping) if row else None


def buttons_of(engine: sa.engine.Engine, group_key: str) -> list[KeptButton]:
    """All buttons of one message, in their order."""
    query = sa.select(*_COLUMNS).where(TelegramButton.group_key == group_key).order_by(TelegramButton.position)
    with engine.connect() as connection:
        return [KeptButton(**row._mapping) for row in connection.execute(query)]
