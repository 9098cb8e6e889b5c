"""A red flag that puts a conversation into the queue by itself (`handoff: create` in content/red_flags.yml)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.core import staff_events
from bot.core.handoffs import Reason
from bot.store.handoff_tables import HandoffRow
from bot.store.handoffs import request_in
from bot.store.staff_messages import enqueue


def calls_staff(payload: Mapping[str, Any]) -> bool:
    """Whether the reply to a red flag says that staff are to look in."""
    return payload.get("handoff") == "create"


def call_staff(session: Session, conversation_id: str, payload: Mapping[str, Any], *, now: datetime) -> None:
    """Ask for a person on the caregiver's behalf, and tell them so, inside the caller's transaction.

    It must be stored with the emergency in any case: another process that asks for a person at this moment wins.
    """
    about = str(payload.get("title") or "An emergency was answered.")
    with suppress(IntegrityError), session.begin_nested():
        made = request_in(session, conversation_id, reason=Reason.RED_FLAG, about=about, now=now, is_urgent=True)
        events = staff_events.called(key=f"handoff-{made.id}-called")
        text = str(events[0]["text"])
        enqueue(session, session.get(HandoffRow, made.id), key=f"handoff-{made.id}-called", kind="switch",
                events=events, text=text, now=now)  # fmt: skip
