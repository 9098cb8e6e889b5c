"""The Telegram channel as it runs: what is started with the server, what is done now and then, and how it stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from limits import RateLimitItemPerMinute
from limits.strategies import MovingWindowRateLimiter

from bot.channels.counting import CalmStorage
from bot.channels.telegram_api import ApiError, TelegramApi, webhook_url
from bot.channels.telegram_polling import Polling
from bot.channels.telegram_sender import Sender, parts_of
from bot.channels.telegram_texts import TelegramTexts
from bot.channels.telegram_turns import RasaLock, Turns
from bot.channels.telegram_updates import Inbox
from bot.channels.turns import Handler, SafetyNet
from bot.core.errors import FaultsError
from bot.core.replies import Reply
from bot.core.settings import Settings
from bot.store.database import transaction, utc_now
from bot.store.telegram import forget_idle_chats, read_chat
from bot.store.telegram_buttons import keep_buttons
from bot.store.telegram_inbox import count_waiting, drop_worked
from bot.store.telegram_outbox import count_open, drop_settled, fail_all, note_settled, put_in

log = logging.getLogger(__name__)

STOP_WITHIN_S = 6.0
"""The supervisor waits ten seconds before it kills."""
NOTE_EVERY_S = 2.0
TIDY_EVERY_S = 3600.0
KEPT_FOR = timedelta(days=7)
"""Telegram keeps an update for a day; a number older than a week cannot come again."""
SET_UP_WAITS_S = (2.0, 10.0, 60.0, 300.0)


class TelegramService:
    """Inbox, sender and, where wanted, polling."""

    def __init__(
        self, engine: sa.engine.Engine, settings: Settings, net: SafetyNet, texts: TelegramTexts, handler: Handler,
        *, rasa_lock: RasaLock, api: TelegramApi | None = None,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._settings = settings
        self._texts = texts
        self.api = api or TelegramApi.of(settings)
        self.sender = Sender(engine, self.api, data_key=settings.sma_data_key)
        turns = Turns(engine, settings, net, texts, handler,
                      is_too_fast=_limit(settings.telegram_messages_per_minute), rasa_lock=rasa_lock)  # fmt: skip
        self.inbox = Inbox(engine, settings, self.api, sender=self.sender, turns=turns, texts=texts)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take up what is left, and begin."""
        await self.sender.start()
        await self.inbox.start()
        self._begin(self._set_up())
        self._begin(self._keep_house())
        if self._settings.telegram_mode == "polling":
            self._begin(Polling(self.api, self.inbox.accept).run())

    async def stop(self) -> None:
        """No new updates, then the turns that are under way, then what they said; the rest after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.inbox.stop(STOP_WITHIN_S)
        await self.sender.lanes.stop(STOP_WITHIN_S / 3)
        await self.api.close()

    async def say(self, sender_id: str, reply: Reply, key: str) -> bool:
        """Put a message of staff into the outbox; False when it cannot be known where to send it.

        `key` is the message's own (`client_message_id`): said twice, it is sent once.
        """
        return await asyncio.to_thread(self._say, sender_id, reply, key)

    async def counts(self) -> dict[str, int]:
        """What is waiting."""
        return {
            "updates": await asyncio.to_thread(count_waiting, self._engine),
            "messages": await asyncio.to_thread(count_open, self._engine),
        }

    def _say(self, sender_id: str, reply: Reply, key: str) -> bool:
        chat = read_chat(self._engine, sender_id)
        if chat is None:
            log.error("telegram: a message for a chat that is not known (any more)")
            return False
        now, base = utc_now(), f"say:{key}"
        parts, buttons = parts_of(reply, base, sender_id, chat.chat_token, data_key=self._settings.sma_data_key,
                                  client_key=key)  # fmt: skip
        with transaction(self._engine) as session:
            if put_in(session, parts, now=now) and buttons:
                keep_buttons(session, sender_id, base, buttons, now=now)
        if chat.is_unreachable:
            fail_all(self._engine, sender_id, now=now, error="the person has blocked the bot")
        return True

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    async def _set_up(self) -> None:
        """The menu and, in webhook mode, the webhook; tried again, since it matters only once."""
        for wait_s in (*SET_UP_WAITS_S, None):
            try:
                if self._settings.telegram_mode == "webhook" and self._settings.telegram_webhook_url:
                    await self.api.set_webhook(webhook_url(self._settings), self._settings.telegram_webhook_secret)
                await self.api.set_commands(list(self._texts.commands.items()))
                return
            except FaultsError as error:
                log.error("%s", error)
                return
            except ApiError as fault:
                log.warning("telegram: setting up failed: %s", fault)
            if wait_s is not None:
                await asyncio.sleep(wait_s)

    async def _keep_house(self) -> None:
        """Note how deliveries went, and forget what is not needed any more."""
        next_tidy_s = 0.0
        while True:
            try:
                await asyncio.to_thread(lambda: note_settled(self._engine, now=utc_now()))
                if next_tidy_s <= 0:
                    await asyncio.to_thread(self._tidy)
                    next_tidy_s = TIDY_EVERY_S
            except Exception as error:  # noqa: BLE001 - the next round may work
                log.error("telegram: keeping house failed: %s", type(error).__name__)
            next_tidy_s -= NOTE_EVERY_S
            await asyncio.sleep(NOTE_EVERY_S)

    def _tidy(self) -> None:
        before = utc_now() - KEPT_FOR
        drop_worked(self._engine, before=before)
        drop_settled(self._engine, before=before)
        days = self._settings.sma_retention_days
        if days:
            forget_idle_chats(self._engine, before=utc_now() - timedelta(days=days))


def _limit(messages_per_minute: float) -> Any:
    """Counts messages of a sender within the last minute; whether this is one too many."""
    storage = CalmStorage()
    limiter = MovingWindowRateLimiter(storage)
    item = RateLimitItemPerMinute(max(1, int(messages_per_minute)))

    def is_too_fast(sender_id: str) -> bool:
        _ = storage  # the limiter holds it by a weak reference only
        return not limiter.hit(item, sender_id)

    return is_too_fast
