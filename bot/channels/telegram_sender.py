"""Works the outbox: each part of a reply into its chat, in order, once, and for as long as there is hope."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.channels.render_telegram import Key, keyboard, plain, render
from bot.channels.telegram_api import ApiError, FaultKind, TelegramApi, Text
from bot.channels.telegram_lanes import Lanes
from bot.core.replies import Button, Reply
from bot.store.database import utc_now
from bot.store.secrets import decrypt, encrypt
from bot.store.telegram import highest_message_id, set_reachable
from bot.store.telegram_buttons import buttons_of
from bot.store.telegram_outbox import (
    Outgoing,
    Part,
    State,
    begin_sending,
    chats_with_open_parts,
    fail_all,
    next_outgoing,
    put_off,
    remove,
    settle,
)  # fmt: skip

log = logging.getLogger(__name__)

AT_ONCE = 16
WAITS_S = (0.5, 1, 2, 5, 15, 60, 180, 600)
"""Before each further attempt after a passing fault; after the last one the part has failed."""
LONGEST_LIMIT = timedelta(hours=6)
"""For how long a chat's "too many requests" is waited out."""
TOKEN_WAIT_S = 60.0
LOOKED_FOR = 40
"""How many message ids after the last known one are looked at for a part of which it is not certain that it was sent.
Telegram numbers the private messages of a bot through all its chats; so many may come between two of one chat."""
RECEIPT = "receipt:"
"""Begin of the key of a part that leaves no trace once it is sent."""


@dataclass
class HighestId:
    """The highest message id that this bot has met; shared by those who see ids."""

    value: int = 0

    def see(self, message_id: int) -> None:
        """Take note of an id."""
        self.value = max(self.value, message_id)


class Sender:
    """All lanes of the outbox in this process."""

    def __init__(
        self, engine: sa.engine.Engine, api: TelegramApi, *, data_key: str, waits_s: Sequence[float] = WAITS_S
    ) -> None:
        self._engine = engine
        self._api = api
        self._data_key = data_key
        self._waits_s = waits_s
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self.lanes = Lanes("telegram sender", self._empty)
        self.highest = HighestId()

    async def start(self) -> None:
        """Take up what a former process left."""
        self.highest.see(await asyncio.to_thread(highest_message_id, self._engine))
        for sender_id in await asyncio.to_thread(chats_with_open_parts, self._engine):
            self.lanes.wake(sender_id)

    async def _empty(self, sender_id: str) -> None:
        while not self.lanes.is_stopping:
            part = await asyncio.to_thread(next_outgoing, self._engine, sender_id)
            if part is None:
                return
            wait_s = (part.next_at - utc_now()).total_seconds()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            await self._deliver(part)

    async def _deliver(self, part: Outgoing) -> None:
        body = json.loads(decrypt(part.body, data_key=self._data_key))
        chat_id = int(decrypt(part.chat_token, data_key=self._data_key))
        try:
            async with self._at_once:
                message_id = await self._put(part, chat_id, body)
        except ApiError as fault:
            await self._fail(part, fault)
            return
        self.highest.see(message_id)
        if part.key.startswith(RECEIPT):
            await asyncio.to_thread(remove, self._engine, part.id)
        else:
            await asyncio.to_thread(lambda: settle(self._engine, part, now=utc_now(), telegram_message_id=message_id))

    async def _put(self, part: Outgoing, chat_id: int, body: dict[str, str]) -> int:
        """The id of the message in the chat. Raises ApiError."""
        text = Text(body["html"], await self._keys(body))
        if part.state == State.SENDING.value and "card" not in body:
            found = await self._find(chat_id, part.after_id, text)
            if found:
                return found
        await asyncio.to_thread(lambda: begin_sending(self._engine, part.id, after_id=self.highest.value))
        if "card" in body:
            return await self._api.send_card(chat_id, body["name"], body["card"])
        try:
            return await self._api.send_text(chat_id, text)
        except ApiError as fault:
            if fault.kind is not FaultKind.REFUSED:
                raise
            log.warning("telegram: markup refused; sent as plain text")
            return await self._api.send_text(chat_id, replace(text, html=plain(text.html)), is_html=False)

    async def _find(self, chat_id: int, after_id: int, text: Text) -> int | None:
        """The message of a call whose answer never came.

        Sends have no key by which Telegram could tell a repetition. But nothing else of ours can be newer in this
        chat, and showing a message anew with the same text changes nothing.
        """
        if not after_id:
            return None
        for message_id in range(after_id + 1, after_id + 1 + LOOKED_FOR):
            if await self._api.is_in_chat(chat_id, message_id, text):
                return message_id
        return None

    async def _keys(self, body: dict[str, str]) -> list[list[Key]]:
        if not body.get("group"):
            return []
        kept = await asyncio.to_thread(buttons_of, self._engine, body["group"])
        return keyboard([(button.key, Button(button.title, button.payload)) for button in kept])

    async def _fail(self, part: Outgoing, fault: ApiError) -> None:
        """What is to be done about a fault."""
        now = utc_now()
        if fault.kind is FaultKind.UNREACHABLE:
            log.info("telegram: chat unreachable (%s)", fault.reason)
            await asyncio.to_thread(lambda: set_reachable(self._engine, part.sender_id, is_reachable=False))
            await asyncio.to_thread(
                lambda: fail_all(self._engine, part.sender_id, now=now, error="the person has blocked the bot")
            )
            return
        if fault.kind is FaultKind.LIMITED and now < part.at + LONGEST_LIMIT:
            await self._put_off(part, fault, now + timedelta(seconds=fault.retry_after_s), part.attempts)
            return
        if fault.kind is FaultKind.TOKEN:
            log.error("telegram: the token is not accepted; set TELEGRAM_TOKEN and start again")
            await self._put_off(part, fault, now + timedelta(seconds=TOKEN_WAIT_S), part.attempts)
            return
        if fault.kind is FaultKind.PASSING and part.attempts < len(self._waits_s):
            wait_s = self._waits_s[part.attempts]
            log.warning("telegram: %s; attempt %d, again in %.1f s", fault.reason, part.attempts + 1, wait_s)
            await self._put_off(part, fault, now + timedelta(seconds=wait_s), part.attempts + 1)
            return
        log.error("telegram: a message could not be delivered (%s)", fault.kind.value)
        await asyncio.to_thread(
            lambda: settle(self._engine, part, now=now, telegram_message_id=None, error=str(fault)[:200])
        )

    async def _put_off(self, part: Outgoing, fault: ApiError, until: datetime, attempts: int) -> None:
        # A part that may be in the chat stays uncertain until it is looked for, whatever fault comes after.
        is_certain = fault.is_certain and part.state != State.SENDING.value
        await asyncio.to_thread(lambda: put_off(
            self._engine, part.id, until=until, attempts=attempts, is_certain=is_certain, error=str(fault)[:200]
        ))  # fmt: skip


def parts_of(
    reply: Reply, key: str, sender_id: str, chat_token: str, *, data_key: str,
    message_id: int | None = None, client_key: str | None = None,
) -> tuple[list[Part], Sequence[Button]]:  # fmt: skip
    """The calls that put a reply into a chat, and the buttons to keep under its `key`."""
    parts = []
    for number, message in enumerate(render(reply)):
        body = {"html": message.html}
        if message.buttons:
            body["group"] = key
        if message.card:
            body.update(card=message.card.tel, name=message.card.label)
        token = encrypt(json.dumps(body), data_key=data_key)
        # How a card fared is no news: the text with all numbers came before it.
        noted = (message_id, client_key) if not message.card else (None, None)
        parts.append(Part(f"{key}:{number}", sender_id, chat_token, token, *noted))
    return parts, reply.buttons


def shown_keys(
    engine: sa.engine.Engine, group_key: str, *, page: int = 0, chosen: str | None = None
) -> list[list[Key]]:
    """The keyboard of a message, turned to a page or with the chosen button marked."""
    kept = buttons_of(engine, group_key)
    buttons = [(button.key, Button(button.title, button.payload)) for button in kept]
    if chosen is not None:
        page = next((n for n in range(len(buttons)) if chosen in _keys_on(keyboard(buttons, page=n))), 0)
    return keyboard(buttons, page=page, chosen=chosen)


def _keys_on(rows: Sequence[Sequence[Key]]) -> set[str]:
    return {key.data for row in rows for key in row}
