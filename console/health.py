"""Whether Rasa, the action server, the database and the notifications are well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.core.settings import Settings
from bot.store import notifications
from bot.store.handoff_tables import StaffMessage
from bot.store.migrate import is_current
from bot.store.notifications import NotificationState
from bot.store.staff_messages import DeliveryState

ANSWER_WITHIN_S = 1.5
LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True)
class Part:
    """One part of the system and how it is."""

    name: str
    is_well: bool
    what: str


def is_database_well(engine: sa.engine.Engine) -> bool:
    """Whether the database answers and no migration is missing."""
    try:
        return is_current(engine)
    except SQLAlchemyError:
        return False


def examine(engine: sa.engine.Engine, settings: Settings, *, now: datetime) -> list[Part]:
    """All parts; takes no longer than the slowest of them."""
    host = "127.0.0.1" if settings.sma_host in ("0.0.0.0", "::") else settings.sma_host
    rasa = f"http://{host}:{settings.sma_rasa_port}/webhooks/web/health"
    actions = f"http://127.0.0.1:{settings.sma_actions_port}/health"
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(_answers, address) for address in (rasa, actions)]
        database = is_database_well(engine)
        parts = [
            _part("Rasa", answers[0].result(), "answers", "does not answer; caregivers get no replies"),
            _part("Action server", answers[1].result(), "answers", "does not answer; only emergencies are answered"),
            _part("Database", database, "answers and is up to date", "does not answer, or a migration is missing"),
        ]
    return [*parts, _notifications(engine, settings, now), _deliveries(engine, now)] if database else parts


def _part(name: str, is_well: bool, well: str, ill: str) -> Part:
    return Part(name, is_well, well if is_well else ill)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=ANSWER_WITHIN_S).status_code == 200
    except httpx.HTTPError:
        return False


def _notifications(engine: sa.engine.Engine, settings: Settings, now: datetime) -> Part:
    kinds = notifications.configured_kinds(settings)
    if not kinds:
        return Part("Notifications", False, "not set up: nobody is told when a caregiver waits (SMTP_HOST, NOTIFY_…)")
    counts = notifications.counts(engine, since=now - LOOK_BACK)
    failed, pending = counts[NotificationState.FAILED], counts[NotificationState.PENDING]
    text = f"by {' and '.join(kind.value for kind in kinds)}; last 24 hours: {counts[NotificationState.SENT]} sent"
    return Part("Notifications", not failed, f"{text}, {pending} waiting, {failed} failed")


def _deliveries(engine: sa.engine.Engine, now: datetime) -> Part:
    query = (
        sa.select(StaffMessage.state, sa.func.count())
        .where(StaffMessage.at >= now - LOOK_BACK)
        .group_by(StaffMessage.state)
    )
    with engine.connect() as connection:
        counts = {row[0]: int(row[1]) for row in connection.execute(query)}
    failed, pending = counts.get(DeliveryState.FAILED.value, 0), counts.get(DeliveryState.PENDING.value, 0)
    delivered = counts.get(DeliveryState.DELIVERED.value, 0)
    return Part(
        "Staff replies", not failed, f"last 24 hours: {delivered} delivered, {pending} waiting, {failed} failed"
    )
