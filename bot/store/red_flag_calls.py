"""What an emergency does to its conversation, in the transaction that stores it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.core import staff_events
from bot.core.handoffs import Reason
from bot.store.handoff_sweep import mark_urgent
from bot.store.handoffs import request_in
from bot.store.staff_messages import announce
from bot.store.tables import Conversation


def note_emergency(session: Session, conversation: Conversation, payload: Mapping[str, Any], *, now: datetime) -> None:
    """The conversation is urgent, and an open hand-off goes to the top of the queue.

    Without one, none is made unless the red flag's content says so (`handoff: create` in content/red_flags.yml); then
    the caregiver is told. `payload` is that of the reply.
    """
    conversation.is_urgent = True
    if mark_urgent(session, conversation.id, now=now) is None and payload.get("handoff") == "create":
        about = str(payload.get("title") or "An emergency was answered.")
        # Another process may ask for a person at this moment; the emergency must be stored in any case.
        with suppress(IntegrityError), session.begin_nested():
            request_in(session, conversation.id, reason=Reason.RED_FLAG, about=about, now=now, is_urgent=True,
                       after=announce(staff_events.called, now=now))  # fmt: skip
