"""What becomes of one update: the replies to it, without sending anything."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timezone

import sqlalchemy as sa
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.render_web import render as render_stored
from bot.channels.telegram_commands import PAYLOADS, Command, command_in
from bot.channels.telegram_incoming import Incoming, What
from bot.channels.telegram_texts import TelegramTexts
from bot.channels.turns import Handler, Outcome, SafetyNet, take_turn, typed
from bot.core.emergency_reply import emergency_reply
from bot.core.replies import Reply, ReplyKind, reply_from_payload
from bot.core.settings import Settings
from bot.store.conversation_state import ConversationState, read_state
from bot.store.database import utc_now
from bot.store.erasure import erase
from bot.store.messages import StoredMessage, turn_of
from bot.store.telegram import Chat, read_chat
from bot.store.telegram_buttons import KeptButton

log = logging.getLogger(__name__)

CHANNEL = "telegram"
SLOW_TURN_S = 45.0
"""How long a turn may still go on after the time in which people expect an answer."""
LOOK_EVERY_S = 0.3

URGENT = (ReplyKind.EMERGENCY.value, ReplyKind.CRISIS.value)

RasaLock = Callable[[str], AbstractAsyncContextManager[object]]
Limit = Callable[[str], bool]
"""Counts a message of a sender; whether it is one too many."""


@dataclass(frozen=True)
class Said:
    """A reply, and the row of `messages` that holds it."""

    reply: Reply
    message_id: int | None = None


@dataclass(frozen=True)
class Result:
    """What an update leads to."""

    said: Sequence[Said] = ()
    forgets: bool = False
    """The chat was erased: nothing may be kept about it but the receipt until it is sent."""
    apologises: bool = False
    once_key: str | None = None
    """Replies under this key are said once, whatever update they come from."""


class Turns:
    """Works updates of private chats, one at a time for each chat."""

    def __init__(
        self, engine: sa.engine.Engine, settings: Settings, net: SafetyNet, texts: TelegramTexts, handler: Handler,
        *, is_too_fast: Limit, rasa_lock: RasaLock,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._settings = settings
        self._net = net
        self._texts = texts
        self._handler = handler
        self._is_too_fast = is_too_fast
        self._rasa_lock = rasa_lock
        self._first_time: set[int] = set()

    def note_first_time(self, update_id: int) -> None:
        """This update came just now: no former process can have begun to answer it."""
        self._first_time.add(update_id)

    def drop_note(self, update_id: int) -> None:
        """The update is worked."""
        self._first_time.discard(update_id)

    async def work(self, incoming: Incoming, sender_id: str, pressed: KeptButton | None = None) -> Result:
        """Everything that is to be said to an update. Raises SQLAlchemyError when the database is away."""
        command = command_in(incoming.text) if incoming.what is What.TEXT else None
        # An emergency is no command, and is never refused. Looked for only where it matters: Rasa's turn looks as well.
        if command is not None and self.is_urgent(incoming):
            command = None
        if command is Command.FORGET:
            return await self._forget(sender_id)
        if command is not Command.EMERGENCY:
            refused = await self._late_or_too_fast(incoming, sender_id)
            if refused is not None and not self.is_urgent(incoming):
                return refused
        if command is Command.START:
            return Result([Said(self._texts.reply("start"))])
        if command is not None:
            said = await self._turn(incoming, sender_id, payload=PAYLOADS[command], title=f"/{command.value}")
            return Result(said)
        if pressed is not None:
            return Result(await self._turn(incoming, sender_id, payload=pressed.payload, title=pressed.title))
        if incoming.what is What.MEDIA:
            note = Said(self._texts.unreadable(incoming.media or "other", has_words=bool(incoming.text)))
            return Result([note, *(await self._turn(incoming, sender_id) if incoming.text else ())])
        return Result(await self._turn(incoming, sender_id))

    def is_urgent(self, incoming: Incoming) -> bool:
        """Whether the words call for the emergency text, by the rules alone."""
        return bool(incoming.text) and self._net.rules.find(incoming.text) is not None

    def safe_reply(self, incoming: Incoming, *, region: str | None = None) -> Reply:
        """What is said when everything else failed."""
        if PAYLOADS[Command.EMERGENCY] == _payload_of(incoming):
            return emergency_reply(self._net.texts.compose(None, region=region or self._settings.region))
        return self._net.reply_to(incoming.text, region=region or self._settings.region)

    async def _late_or_too_fast(self, incoming: Incoming, sender_id: str) -> Result | None:
        now = utc_now()
        written = _written(incoming)
        is_late = written is not None and (now - written).total_seconds() > self._settings.telegram_max_age_s
        is_too_fast = not is_late and self._is_too_fast(sender_id)
        if not (is_late or is_too_fast):
            return None
        state = await asyncio.to_thread(read_state, self._engine, sender_id)
        if state and state.with_staff:
            return None  # nothing that is meant for a person may get lost
        if is_too_fast:
            minute = int(now.timestamp() // 60)
            return Result([Said(self._texts.reply("flood"))], once_key=f"flood:{sender_id}:{minute}")
        chat: Chat | None = await asyncio.to_thread(read_chat, self._engine, sender_id)
        if chat and chat.apologised_at and written and written <= chat.apologised_at:
            return Result()
        return Result([Said(self._texts.reply("late"))], apologises=True)

    async def _forget(self, sender_id: str) -> Result:
        async with self._rasa_lock(sender_id):
            receipt = await asyncio.to_thread(erase, self._engine, sender_id)
        log.info("ending=forgotten channel=telegram rows=%d", sum(receipt.rows.values()))
        return Result([Said(self._texts.forgotten(receipt.at))], forgets=True)

    async def _turn(
        self, incoming: Incoming, sender_id: str, *, payload: str | None = None, title: str | None = None
    ) -> list[Said]:
        """One turn of Rasa; the replies as they were stored, or the safe text."""
        key = f"tg:{incoming.update_id}"
        is_first_time = incoming.update_id in self._first_time
        self._first_time.discard(incoming.update_id)
        stored = () if is_first_time else await self._stored(sender_id, key)
        if not stored:
            # Of a lone "/" nothing is left, and Rasa says nothing to nothing.
            text = payload or typed(incoming.text) or "?"
            metadata = {"client_message_id": key, **({"title": title} if title else {})}
            output = CollectingOutputChannel()
            message = UserMessage(text, output, sender_id, input_channel=CHANNEL, metadata=metadata)
            stored = await self._heard(message, sender_id, key)
        replies = stored[1:]
        state: ConversationState | None = None
        if not replies or any(reply.kind in URGENT for reply in replies):
            state = await asyncio.to_thread(read_state, self._engine, sender_id)
        region = (state.region if state else None) or self._settings.region
        if not stored:
            return [Said(self.safe_reply(incoming, region=region))]
        if not replies and payload == PAYLOADS[Command.EMERGENCY]:
            # Staff hold the conversation, and the bot is silent: not when somebody asks for these numbers.
            return [Said(emergency_reply(self._net.texts.compose(None, region=region)))]
        if not replies and not (state and state.with_staff):
            return [Said(self.safe_reply(incoming, region=region))]
        return [self._said(message, region) for message in replies]

    async def _heard(self, message: UserMessage, sender_id: str, key: str) -> Sequence[StoredMessage]:
        outcome = await take_turn(self._handler, message, patience_s=self._settings.sma_turn_timeout_s)
        try:
            stored = await self._stored(sender_id, key)
            waited_s = 0.0
            while outcome is Outcome.SLOW and not stored and waited_s < SLOW_TURN_S:
                await asyncio.sleep(LOOK_EVERY_S)
                waited_s += LOOK_EVERY_S
                stored = await self._stored(sender_id, key)
        except SQLAlchemyError:
            return []  # it cannot be read whether anything was said: the safe text is said in any case
        return stored

    async def _stored(self, sender_id: str, key: str) -> Sequence[StoredMessage]:
        stored: Awaitable[Sequence[StoredMessage]] = asyncio.to_thread(turn_of, self._engine, sender_id, key)
        return await stored

    def _said(self, message: StoredMessage, region: str | None) -> Said:
        data = render_stored(message, region=region, net=self._net)
        return Said(reply_from_payload(data["payload"], text=data["text"]), message.id)


def _written(incoming: Incoming) -> datetime | None:
    if incoming.at is None:
        return None
    return datetime.fromtimestamp(max(0, min(incoming.at, 2**33)), tz=timezone.utc).replace(tzinfo=None)


def _payload_of(incoming: Incoming) -> str | None:
    command = command_in(incoming.text) if incoming.what is What.TEXT else None
    return PAYLOADS.get(command) if command else None
