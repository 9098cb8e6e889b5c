"""`python -m bot.notify`: tells staff who waits, delivers what was left behind, and minds the time of requests.

A process of its own: it must go on when Rasa or the console is down. Everything it does is read from the database and
marked there, so that it may be killed and started at any time, and a second one does no harm.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.core.office_hours import OfficeHours
from bot.core.settings import Settings, load_settings
from bot.logs import configure_logging
from bot.notices import SendError, make_notice, send_email, send_webhook
from bot.store import notifications
from bot.store.database import make_engine, utc_now
from bot.store.delivery import deliver_due
from bot.store.handoff_sweep import escalate_overdue, expire_overdue, lapse_overdue
from bot.store.notifications import Kind, Notification, Why
from bot.store.rasa_api import RasaApi

log = logging.getLogger(__name__)

EVERY_S = 2.0
SWEEP_EVERY_S = 20.0


class Notifier:
    """One round after the other; each looks at the database anew."""

    def __init__(
        self,
        engine: sa.engine.Engine,
        settings: Settings,
        api: RasaApi,
        *,
        office_hours: OfficeHours,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._engine, self._settings, self._api = engine, settings, api
        self._office_hours, self._clock = office_hours, clock

    async def round(self) -> int:
        """Deliver and send what is due; returns how many notices were taken up."""
        await asyncio.to_thread(deliver_due, self._engine, self._api, clock=self._clock)
        due = await asyncio.to_thread(notifications.take_due, self._engine, now=self._clock())
        await asyncio.gather(*(self._send(notification) for notification in due))
        return len(due)

    def sweep(self) -> None:
        """Leases that ran out, requests that nobody has taken."""
        now, settings = self._clock(), self._settings
        escalate = timedelta(minutes=settings.notify_escalate_minutes)
        expire = timedelta(minutes=settings.notify_expire_minutes)
        waited = self._office_hours.open_time
        done = {
            "lapsed": lapse_overdue(self._engine, now=now),
            "expired": expire_overdue(self._engine, now=now, after=expire, attended=escalate, waited=waited),
            "escalated": escalate_overdue(self._engine, now=now, after=escalate, waited=waited),
        }
        for ending, handoffs in done.items():
            for handoff in handoffs:
                log.info("ending=%s handoff=%d", ending, handoff.id)

    async def _send(self, notification: Notification) -> None:
        is_needed = notification.is_open if notification.why is Why.URGENT else notification.is_waiting
        if not is_needed:
            await asyncio.to_thread(notifications.mark_dropped, self._engine, notification.id)
            return
        notice = make_notice(notification, self._settings)
        try:
            if notification.kind is Kind.EMAIL:
                await send_email(notice, self._settings)
            else:
                await send_webhook(notice, self._settings, now=self._clock())
        except SendError as error:
            log.warning(
                "ending=not_sent notification=%d kind=%s why=%s", notification.id, notification.kind.value, error
            )
            await asyncio.to_thread(notifications.mark_failed, self._engine, notification, str(error),
                                    is_permanent=error.is_permanent)  # fmt: skip
            return
        await asyncio.to_thread(notifications.mark_sent, self._engine, notification.id, now=self._clock())
        log.info("ending=sent notification=%d kind=%s", notification.id, notification.kind.value)

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop. A database that is away for a while is waited for."""
        swept = float("-inf")
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            try:
                if loop.time() - swept >= SWEEP_EVERY_S:
                    await asyncio.to_thread(self.sweep)
                    swept = loop.time()
                await self.round()
            except SQLAlchemyError as error:
                log.error("ending=error error=%s", type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), timeout=EVERY_S)
            except asyncio.TimeoutError:
                continue


async def main() -> None:
    """With the settings of the checkout."""
    settings = load_settings()
    configure_logging(settings.sma_log_level)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with RasaApi.from_settings(settings) as api:
        notifier = Notifier(make_engine(settings.database), settings, api, office_hours=OfficeHours.load())
        await notifier.run(stop)


if __name__ == "__main__":
    asyncio.run(main())
