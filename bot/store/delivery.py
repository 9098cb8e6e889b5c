"""Delivers what the staff side says: from `staff_messages` into the conversation, in order, each once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from bot.store import staff_messages
from bot.store.database import utc_now
from bot.store.rasa_api import Delivered, RasaApi
from bot.store.staff_messages import DeliveryState, Outgoing


def deliver(
    engine: sa.engine.Engine, api: RasaApi, conversation_id: str, *, clock: Callable[[], datetime] = utc_now
) -> list[Outgoing]:
    """Send what waits for one conversation, oldest first; returns those messages as they stand afterwards.

    Call it right after an act (`claim`, `close`, `queue_reply` …). It stops at a message that cannot go out now, so
    that nothing is overtaken; `python -m bot.notify` tries again. Errors are in the messages' `state` and `error`.
    """
    waiting = staff_messages.messages_of(engine, conversation_id, only_pending=True)
    for message in waiting:
        if _send(engine, api, message, clock) is DeliveryState.PENDING:
            break
    found = (staff_messages.find(engine, message.key) for message in waiting)
    return [message for message in found if message]


def deliver_due(engine: sa.engine.Engine, api: RasaApi, *, clock: Callable[[], datetime] = utc_now) -> int:
    """Send what others left behind; returns how many conversations were looked at."""
    due = staff_messages.conversations_due(engine, now=clock())
    for conversation_id in due:
        deliver(engine, api, conversation_id, clock=clock)
    return len(due)


def _send(engine: sa.engine.Engine, api: RasaApi, message: Outgoing, clock: Callable[[], datetime]) -> DeliveryState:
    if not staff_messages.take(engine, message, now=clock()):
        return DeliveryState.PENDING  # another process is at it, or its next attempt is not due
    if staff_messages.is_stored(engine, message):
        staff_messages.mark_delivered(engine, message.id, now=clock())
        return DeliveryState.DELIVERED
    result = api.post_events(message.conversation_id, list(message.events))
    if isinstance(result, Delivered):
        staff_messages.mark_delivered(engine, message.id, now=clock())
        return DeliveryState.DELIVERED
    return staff_messages.mark_failed(engine, message, result.why, is_permanent=result.is_permanent)
