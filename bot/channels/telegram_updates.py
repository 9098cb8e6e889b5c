"""The durable inbox at work: an update is stored before it is acknowledged, and worked once."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Coroutine
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.render_telegram import page_turn, render
from bot.channels.telegram_api import ApiError, TelegramApi, Text
from bot.channels.telegram_incoming import Incoming, What, read_update, sender_id_of
from bot.channels.telegram_lanes import Lanes
from bot.channels.telegram_sender import RECEIPT, Sender, parts_of, shown_keys
from bot.channels.telegram_texts import TelegramTexts
from bot.channels.telegram_turns import Result, Said, Turns
from bot.core.settings import Settings
from bot.store.database import transaction, utc_now
from bot.store.secrets import decrypt, encrypt
from bot.store.telegram import see_chat, set_reachable
from bot.store.telegram_buttons import KeptButton, find_button, keep_buttons, press
from bot.store.telegram_inbox import (
    BATCH,
    Waiting,
    count_attempt,
    finish,
    next_waiting,
    take_in,
    waiting_chats,
)
from bot.store.telegram_outbox import put_in

log = logging.getLogger(__name__)

TURNS_AT_ONCE = 8
ATTEMPTS = 3
"""After so many failures of our own an update gets the safe text, and the next one its turn."""
REMEMBERED = 1_000
TYPING_AFTER_S = 0.4


class Accepted(str, Enum):
    """What became of a delivered update."""

    STORED = "stored"
    REPEATED = "repeated"
    IGNORED = "ignored"
    MALFORMED = "malformed"


class Inbox:
    """All lanes of the inbox in this process."""

    def __init__(
        self, engine: sa.engine.Engine, settings: Settings, api: TelegramApi, *, sender: Sender, turns: Turns,
        texts: TelegramTexts,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._data_key: str = settings.sma_data_key
        self._secret_key: str = settings.sma_secret_key
        self._api = api
        self._sender = sender
        self._turns = turns
        self._texts = texts
        self._at_once = asyncio.Semaphore(TURNS_AT_ONCE)
        self._asides: set[asyncio.Task[None]] = set()
        self._answered_unstored: OrderedDict[int, None] = OrderedDict()
        self._left: OrderedDict[int, None] = OrderedDict()
        self._arriving: Counter[str] = Counter()
        self._only_one: dict[str, Waiting] = {}
        """Of a chat in which nothing else waits: it need not be read again."""
        self.lanes = Lanes("telegram inbox", self._empty)

    async def start(self) -> None:
        """Take up what a former process left."""
        for key in await asyncio.to_thread(waiting_chats, self._engine):
            self.lanes.wake(key)

    async def stop(self, within_s: float) -> None:
        """Let turns that are under way come to their end."""
        await self.lanes.stop(within_s)
        for task in list(self._asides):
            task.cancel()

    async def accept(self, raw: object) -> Accepted:
        """Store an update, so that it may be acknowledged. Raises SQLAlchemyError when that is not possible now."""
        incoming = read_update(raw)
        if incoming is None:
            log.warning("telegram: malformed update")
            return Accepted.MALFORMED
        if incoming.what is What.IGNORED:
            return Accepted.IGNORED
        self._sender.highest.see(incoming.message_id)
        sender_id = sender_id_of(incoming.chat_id, self._secret_key)
        payload = encrypt(incoming.to_json(), data_key=self._data_key)
        waiting = Waiting(incoming.update_id, sender_id, payload, utc_now(), attempts=0)
        self._arriving[sender_id] += 1
        # Two that arrive at once may be stored in the other order: then both are read in theirs.
        is_alone = self._arriving[sender_id] == 1
        try:
            is_new = await asyncio.to_thread(take_in, self._engine, waiting)
        except SQLAlchemyError:
            await self._answer_unstored(incoming)
            raise
        finally:
            is_alone = is_alone and self._arriving[sender_id] == 1
            self._arriving -= Counter([sender_id])
        if not is_new:
            return Accepted.REPEATED
        self._turns.note_first_time(incoming.update_id)
        if is_alone and not self.lanes.is_at_work(sender_id):
            self._only_one[sender_id] = waiting
        self.lanes.wake(sender_id)
        return Accepted.STORED

    async def _empty(self, sender_id: str) -> None:
        while not self.lanes.is_stopping:
            known = self._only_one.pop(sender_id, None)
            batch = [known] if known else await asyncio.to_thread(next_waiting, self._engine, sender_id)
            for waiting in batch:
                if self.lanes.is_stopping:
                    return
                async with self._at_once:
                    await self._work(waiting)
            if len(batch) < BATCH:
                return  # what came meanwhile has woken the lane again

    async def _work(self, waiting: Waiting) -> None:
        incoming = Incoming.from_json(decrypt(waiting.payload, data_key=self._data_key))
        sender_id = waiting.chat_key
        try:
            result = await self._result(incoming, sender_id, waiting)
        except SQLAlchemyError:
            raise  # the lane tries again, for as long as the database is away
        except Exception as error:
            log.error("telegram: update failed: %s (attempt %d)", type(error).__name__, waiting.attempts + 1)
            if waiting.attempts + 1 < ATTEMPTS:
                await asyncio.to_thread(count_attempt, self._engine, waiting.update_id)
                raise
            result = Result([Said(self._turns.safe_reply(incoming))])
        await asyncio.to_thread(self._finish, incoming, sender_id, result)
        self._turns.drop_note(waiting.update_id)
        self._sender.lanes.wake(sender_id)

    async def _result(self, incoming: Incoming, sender_id: str, waiting: Waiting) -> Result:
        if incoming.what is What.GROUP:
            await self._leave(incoming)
            return Result(forgets=True)
        if incoming.what in (What.BLOCKED, What.UNBLOCKED):
            is_reachable = incoming.what is What.UNBLOCKED
            await asyncio.to_thread(lambda: set_reachable(self._engine, sender_id, is_reachable=is_reachable))
            return Result(forgets=True)
        if incoming.what is not What.BUTTON:
            return await self._work_while_typing(incoming, sender_id)
        return await self._press(incoming, sender_id, waiting)

    async def _press(self, incoming: Incoming, sender_id: str, waiting: Waiting) -> Result:
        turned = page_turn(incoming.data or "")
        if turned:
            page, key = turned
            button = await asyncio.to_thread(find_button, self._engine, key, sender_id)
            self._answer(incoming, None if button else "stale")
            if button:
                self._aside(self._show(incoming, button, page))
            return Result(forgets=button is None)
        found = await asyncio.to_thread(lambda: press(
            self._engine, incoming.data or "", sender_id, update_id=incoming.update_id, at=waiting.received_at
        ))  # fmt: skip
        if found is None:
            self._answer(incoming, "stale")
            return Result(forgets=True)  # perhaps a chat that was erased: a press is no reason to know it again
        button, is_again = found
        self._answer(incoming, "again" if is_again else None)
        if is_again:
            return Result()
        self._aside(self._show(incoming, button, None))
        return await self._work_while_typing(incoming, sender_id, button)

    async def _work_while_typing(self, incoming: Incoming, sender_id: str, pressed: KeptButton | None = None) -> Result:
        """A turn; the chat shows that somebody types where it takes long enough to be seen, as Telegram advises."""
        later = asyncio.get_running_loop().call_later(
            TYPING_AFTER_S, lambda: self._aside(self._api.show_typing(incoming.chat_id))
        )
        try:
            return await self._turns.work(incoming, sender_id, pressed)
        finally:
            later.cancel()

    def _answer(self, incoming: Incoming, toast: str | None) -> None:
        self._aside(self._api.answer_press(str(incoming.callback_id), self._texts.toasts[toast] if toast else None))

    def _finish(self, incoming: Incoming, sender_id: str, result: Result) -> None:
        """In one transaction: the replies are in the outbox, and the update is worked."""
        now = utc_now()
        token = encrypt(str(incoming.chat_id), data_key=self._data_key)
        base = (RECEIPT if result.forgets else "") + f"tg:{incoming.update_id}"
        with transaction(self._engine) as session:
            if not finish(session, incoming.update_id):
                return
            if not result.forgets:
                apologised_at = now if result.apologises else None
                see_chat(
                    session, sender_id, token, message_id=incoming.message_id, now=now, apologised_at=apologised_at
                )
            for number, said in enumerate(result.said):
                key = f"{result.once_key or base}:{number}"
                parts, buttons = parts_of(
                    said.reply, key, sender_id, token, data_key=self._data_key, message_id=said.message_id
                )
                # What only this update says cannot be there: the update was not worked until now.
                is_new = result.once_key is None
                if put_in(session, parts, now=now, are_new=is_new) and buttons:
                    keep_buttons(session, sender_id, key, buttons, now=now, are_new=is_new)

    async def _show(self, incoming: Incoming, button: KeptButton, page: int | None) -> None:
        if not incoming.message_id:
            return
        chosen = button.key if page is None else None
        keys = await asyncio.to_thread(
            lambda: shown_keys(self._engine, button.group_key, page=page or 0, chosen=chosen)
        )
        await self._api.show_keys(incoming.chat_id, incoming.message_id, keys)

    async def _leave(self, incoming: Incoming) -> None:
        """Say why, once, and leave; in a group that is gone or that forbids it there is nothing more to do."""
        farewell = Text(render(self._texts.reply("group"))[0].html)
        is_told = incoming.chat_id in self._left
        _remember(self._left, incoming.chat_id)
        try:
            if not is_told:
                await self._api.send_text(incoming.chat_id, farewell)
        except ApiError as fault:
            log.info("telegram: a group cannot be told: %s", fault.kind.value)
        try:
            await self._api.leave(incoming.chat_id)
        except ApiError as fault:
            log.info("telegram: a group cannot be left: %s", fault.kind.value)

    async def _answer_unstored(self, incoming: Incoming) -> None:
        """The database is away, and Telegram will deliver this again: an emergency must not wait for that."""
        if not self._turns.is_urgent(incoming) or incoming.update_id in self._answered_unstored:
            return
        _remember(self._answered_unstored, incoming.update_id)
        for message in render(self._turns.safe_reply(incoming)):
            if message.card is None:
                self._aside(self._api.send_text(incoming.chat_id, Text(message.html)))

    def _aside(self, call: Coroutine[Any, Any, object]) -> None:
        """A call that nothing waits for: it may fail, and is not made again."""

        async def run() -> None:
            try:
                await call
            except (ApiError, SQLAlchemyError) as fault:
                log.debug("telegram: aside failed: %s", type(fault).__name__)

        task = asyncio.ensure_future(run())
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)


def _remember(memory: OrderedDict[int, None], number: int) -> None:
    memory[number] = None
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)
