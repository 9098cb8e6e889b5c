"""One message of a caregiver on the web: handed to Rasa once, and never met with silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import sqlalchemy as sa
from rasa.core.channels.channel import OutputChannel, UserMessage
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.render_web import iso, render, render_unsaved
from bot.channels.turns import Handler, Outcome, SafetyNet, take_turn, typed
from bot.channels.web_limits import Limits
from bot.channels.web_problems import not_offered, too_fast
from bot.channels.web_requests import Said
from bot.core.composer import BUTTONS
from bot.store.conversation_state import ConversationState, read_state
from bot.store.database import utc_now
from bot.store.messages import StoredMessage, offered_title, turn_of
from bot.store.safe_turns import store_safe_turn

log = logging.getLogger(__name__)
T = TypeVar("T")

CHANNEL = "web"
MENU = {button.payload: button.title for button in BUTTONS.values()}
"""Choices that stand open in every conversation: nobody may be refused who asks for a person."""


@dataclass(frozen=True)
class Heard:
    """What POST /messages answers."""

    messages: Sequence[dict[str, Any]]
    cursor: int
    is_accepted_only: bool = False
    """The turn goes on; what it says comes later."""


@dataclass
class _Attempt:
    """One message on its way through Rasa."""

    is_over: bool = False
    is_left_alone: bool = False
    """The caller was told to come back later."""


class WebTurns:
    """Takes turns, one at a time in each conversation."""

    def __init__(
        self,
        engine: sa.engine.Engine,
        net: SafetyNet,
        limits: Limits,
        handler: Handler,
        *,
        region: str | None,
        patience_s: float,
        wake: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._net = net
        self._limits = limits
        self._handler = handler
        self._default_region = region
        self._patience_s = patience_s
        self._wake = wake
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def lock(self, conversation_id: str) -> asyncio.Lock:
        """Held while a message of that conversation is answered."""
        return self._locks.setdefault(conversation_id, asyncio.Lock())

    def render(self, message: StoredMessage, state: ConversationState | None) -> dict[str, Any]:
        """A stored message as the client gets it."""
        region = (state.region if state else None) or self._default_region
        return render(message, region=region, net=self._net)

    def answer_without_store(self, said: Said) -> Heard:
        """What is said when the database fails: it may not stand between a person and the emergency text."""
        return self._unsaved(said, cursor=0, region=None)

    async def take(self, before: ConversationState, said: Said, output: OutputChannel) -> Heard:
        """Hand a message to Rasa and give it back as it was stored, with the replies.

        Raises Problem for a message that is refused, SQLAlchemyError when the database fails before the turn.
        """
        turn = await self._turn(before.id, said)
        if turn:
            return self._heard(turn, before)
        self._check_rate(before.id, said)
        message = await self._user_message(before.id, said, output)
        attempt = _Attempt()
        outcome = await take_turn(self._once(said, attempt), message, patience_s=self._patience_s)
        if outcome is Outcome.SLOW and not attempt.is_over:
            attempt.is_left_alone = True
        try:
            after, turn = await ask(lambda: (self._read_state(before), self._read_turn(before.id, said)))
        except SQLAlchemyError as error:
            log.error("ending=failed channel=web error=%s", type(error).__name__)
            after, turn = before, []
        region = said.region or after.region
        if len(turn) == 1 and not after.with_staff:
            # Stored, and nothing was said to it: silence is never an answer.
            safe = self._unsaved(said, cursor=turn[0].id, region=region).messages[1:]
            return Heard([*self._heard(turn, after).messages, *safe], turn[0].id)
        if turn:
            return self._heard(turn, after)
        if attempt.is_left_alone and not self._is_urgent(said):
            return Heard([], after.last_id, is_accepted_only=True)
        return self._unsaved(said, cursor=after.last_id, region=region, is_accepted_only=attempt.is_left_alone)

    def _once(self, said: Said, attempt: _Attempt) -> Handler:
        """Rasa's handler, one message of a conversation at a time, and none that is stored already."""

        async def handle(message: UserMessage) -> None:
            async with self.lock(message.sender_id):
                try:
                    # The client may send again while the first try is still being answered.
                    if not await self._turn(message.sender_id, said):
                        await self._handler(message)
                finally:
                    attempt.is_over = True
                    if attempt.is_left_alone:
                        await self._end_late(said, message)
                    self._wake(message.sender_id)

        return handle

    async def _end_late(self, said: Said, message: UserMessage) -> None:
        """Nobody waits for the answer of this turn any more: if it failed, its safe text has to be stored."""
        text = str((message.metadata or {}).get("title") or message.text)
        reply = self._net.reply_to(said.text or "", region=said.region or self._default_region)

        def store() -> bool:
            return store_safe_turn(
                self._engine,
                message.sender_id,
                client_message_id=said.client_message_id,
                text=text,
                reply=reply,
                now=utc_now(),
            )

        try:
            if not await self._turn(message.sender_id, said):
                await ask(store)
        except SQLAlchemyError as error:
            log.error("ending=failed channel=web error=%s", type(error).__name__)

    async def _turn(self, conversation_id: str, said: Said) -> list[StoredMessage]:
        return await ask(lambda: self._read_turn(conversation_id, said))

    def _read_turn(self, conversation_id: str, said: Said) -> list[StoredMessage]:
        return turn_of(self._engine, conversation_id, said.client_message_id)

    def _read_state(self, before: ConversationState) -> ConversationState:
        return read_state(self._engine, before.id) or before

    async def _user_message(self, conversation_id: str, said: Said, output: OutputChannel) -> UserMessage:
        metadata = {"client_message_id": said.client_message_id, "region": said.region, "locale": said.locale}
        if said.payload is None:
            # Of a lone "/" nothing is left, and Rasa says nothing to nothing.
            text = typed(said.text or "") or "?"
        else:
            offered = await ask(lambda: offered_title(self._engine, conversation_id, said.payload or ""))
            title = offered or ((said.title or MENU[said.payload]) if said.payload in MENU else None)
            if title is None:
                raise not_offered()
            text, metadata["title"] = said.payload, title
        known = {key: value for key, value in metadata.items() if value is not None}
        return UserMessage(text, output, conversation_id, input_channel=CHANNEL, metadata=known)

    def _check_rate(self, conversation_id: str, said: Said) -> None:
        wait_s = self._limits.message(conversation_id)
        # Somebody who writes in short bursts about an emergency is answered all the same.
        if wait_s is not None and not self._is_urgent(said):
            raise too_fast(wait_s)

    def _is_urgent(self, said: Said) -> bool:
        return said.text is not None and self._net.rules.find(said.text) is not None

    def _heard(self, turn: Sequence[StoredMessage], state: ConversationState) -> Heard:
        return Heard([self.render(row, state) for row in turn], turn[-1].id)

    def _unsaved(self, said: Said, *, cursor: int, region: str | None, is_accepted_only: bool = False) -> Heard:
        """The safe text of the channel itself, after what the person said."""
        now = utc_now()
        echo = {
            "id": cursor,
            "at": iso(now),
            "sender": "caregiver",
            "text": said.text or said.title or "",
            "client_message_id": said.client_message_id,
            "unsaved": True,
        }
        reply = self._net.reply_to(said.text or "", region=region or said.region or self._default_region)
        safe = render_unsaved(reply, cursor=cursor, now=now, client_message_id=said.client_message_id)
        return Heard([safe] if is_accepted_only else [echo, safe], cursor, is_accepted_only)


async def ask(query: Callable[[], T]) -> T:
    """Ask the database in a thread: a slow answer must not hold up everybody else."""
    return await asyncio.to_thread(query)
