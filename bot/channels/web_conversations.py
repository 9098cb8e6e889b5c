"""What a caller may do with a conversation, without HTTP: say, hear, rate, keep, erase."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import sqlalchemy as sa
from rasa.core.channels.channel import OutputChannel, UserMessage
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.render_web import iso, render, render_unsaved
from bot.channels.turns import Handler, Outcome, SafetyNet, take_turn, typed
from bot.channels.web_events import Feed
from bot.channels.web_limits import Limits
from bot.channels.web_problems import no_token, not_found, not_offered, not_ready, too_fast
from bot.channels.web_requests import Said
from bot.channels.web_tokens import Claim, new_conversation_id
from bot.core.composer import BUTTONS
from bot.core.settings import Settings
from bot.store.conversation_state import ConversationState, read_state, read_states, start_conversation
from bot.store.database import utc_now
from bot.store.erasure import Receipt, erase
from bot.store.feedback import feedback_of, give_feedback
from bot.store.messages import StoredMessage, messages_since, news, offered_title, turn_of

log = logging.getLogger(__name__)
T = TypeVar("T")

CHANNEL = "web"
PAGE = 1000
"""Messages in one answer of GET /messages; the rest comes with the next cursor."""
ERASE_WAIT_S = 20.0
MENU = {button.payload: button.title for button in BUTTONS.values()}
"""Choices that stand open in every conversation: nobody may be refused who asks for a person."""


@dataclass(frozen=True)
class Heard:
    """What POST /messages answers."""

    messages: Sequence[dict[str, Any]]
    cursor: int
    is_accepted_only: bool = False
    """The turn goes on; what it says comes later."""


class Conversations:
    """All conversations of the web channel in this process."""

    def __init__(
        self, engine: sa.engine.Engine, settings: Settings, net: SafetyNet, limits: Limits, handler: Handler
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._net = net
        self._limits = limits
        self._handler = handler
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.feed = Feed(
            lambda ids: read_states(engine, ids), lambda cursors: news(engine, cursors), self._render
        )  # fmt: skip

    async def start(self, region: str | None) -> tuple[str, datetime]:
        """A new conversation: its id and when it began."""
        conversation_id, now = new_conversation_id(), utc_now()
        await self._ask(lambda: start_conversation(
            self._engine, conversation_id, channel=CHANNEL, region=region, now=now))  # fmt: skip
        return conversation_id, now

    async def state(self, claim: Claim) -> ConversationState:
        """The state of the conversation that a token is for. Raises Problem when it was erased."""
        state = await self._ask(lambda: read_state(self._engine, claim.conversation_id))
        # A turn that was under way during the erasure may have stored itself: that is a new conversation.
        if state is None or state.started_at > claim.issued_at:
            raise no_token()
        return state

    async def say(self, claim: Claim, said: Said, output: OutputChannel) -> Heard:
        """Hand a message to Rasa, once, and give it back as it was stored, with the replies. Raises Problem."""
        try:
            before = await self.state(claim)
            turn = await self._turn(claim, said)
            if turn:
                return self._heard(turn, before)
            self._check_rate(claim, said)
            message = await self._user_message(claim, said, output)
        except SQLAlchemyError as error:
            # No database may stand between a person and the emergency text.
            log.error("ending=failed channel=web error=%s", type(error).__name__)
            return self._unsaved(said, cursor=0, region=None)
        outcome = await take_turn(self._once(claim, said), message)
        try:
            after = await self._ask(lambda: read_state(self._engine, claim.conversation_id)) or before
            turn = await self._turn(claim, said)
        except SQLAlchemyError as error:
            log.error("ending=failed channel=web error=%s", type(error).__name__)
            after, turn = before, []
        if len(turn) == 1 and not after.with_staff:
            # Stored, and nothing was said to it: silence is never an answer.
            safe = self._unsaved(said, cursor=turn[0].id, region=self._region(after, said)).messages[1:]
            return Heard([*self._heard(turn, after).messages, *safe], turn[0].id)
        if turn:
            return self._heard(turn, after)
        cursor, region = after.last_id, self._region(after, said)
        if outcome is Outcome.SLOW:
            if self._is_urgent(said):
                return self._unsaved(said, cursor=cursor, region=region, is_accepted_only=True)
            return Heard([], cursor, is_accepted_only=True)
        return self._unsaved(said, cursor=cursor, region=region)

    async def since(self, claim: Claim, cursor: int) -> dict[str, Any]:
        """Everything after a cursor. Raises Problem."""
        state = await self.state(claim)
        rows = await self._ask(lambda: messages_since(self._engine, claim.conversation_id, cursor, limit=PAGE))
        return {
            "messages": [self._render(row, state) for row in rows],
            "cursor": rows[-1].id if rows else min(cursor, state.last_id),
            "with_staff": state.with_staff,
            "waiting": state.waiting,
        }

    async def rate(self, claim: Claim, message_id: int, *, is_helpful: bool, reason: str | None) -> None:
        """A thumb for a message of the bot. Raises Problem."""
        await self.state(claim)
        is_ours = await self._ask(lambda: give_feedback(
            self._engine, claim.conversation_id, message_id, is_helpful=is_helpful, reason=reason, now=utc_now()
        ))  # fmt: skip
        if not is_ours:
            raise not_found("There is no such message of mine in this chat.")

    async def transcript(self, claim: Claim) -> dict[str, Any]:
        """The whole chat, to keep. Raises Problem."""
        state = await self.state(claim)
        rows = await self._ask(lambda: messages_since(self._engine, claim.conversation_id, 0))
        thumbs = await self._ask(lambda: feedback_of(self._engine, claim.conversation_id))
        messages = [self._render(row, state) for row in rows]
        for message in messages:
            if message["id"] in thumbs:
                helpful, reason = thumbs[message["id"]]
                message["feedback"] = {"helpful": helpful, **({"reason": reason} if reason else {})}
        return {
            "format": "sma-companion-transcript/1",
            "organisation": self._settings.sma_organisation,
            "started_at": iso(state.started_at),
            "exported_at": iso(utc_now()),
            "messages": messages,
        }

    async def erase(self, claim: Claim, rasa_lock: Callable[[str], AbstractAsyncContextManager[object]]) -> Receipt:
        """Erase the conversation, after the turn that may be under way. Raises Problem."""
        await self.state(claim)

        async def locked() -> Receipt:
            async with self._lock(claim.conversation_id), rasa_lock(claim.conversation_id):
                return await self._ask(lambda: erase(self._engine, claim.conversation_id))

        try:
            receipt = await asyncio.wait_for(locked(), ERASE_WAIT_S)
        except asyncio.TimeoutError:
            raise not_ready() from None
        self.feed.wake(claim.conversation_id)
        return receipt

    def _once(self, claim: Claim, said: Said) -> Handler:
        """Rasa's handler, one message of a conversation at a time, and none that is stored already."""

        async def handle(message: UserMessage) -> None:
            async with self._lock(claim.conversation_id):
                try:
                    # The client may send again while the first try is still being answered.
                    if not await self._turn(claim, said):
                        await self._handler(message)
                finally:
                    self.feed.wake(claim.conversation_id)

        return handle

    async def _turn(self, claim: Claim, said: Said) -> list[StoredMessage]:
        return await self._ask(lambda: turn_of(self._engine, claim.conversation_id, said.client_message_id))

    async def _user_message(self, claim: Claim, said: Said, output: OutputChannel) -> UserMessage:
        metadata = {"client_message_id": said.client_message_id, "region": said.region, "locale": said.locale}
        if said.payload is None:
            # Of a lone "/" nothing is left, and Rasa says nothing to nothing.
            text = typed(said.text or "") or "?"
        else:
            offered = await self._ask(lambda: offered_title(self._engine, claim.conversation_id, said.payload or ""))
            title = offered or ((said.title or MENU[said.payload]) if said.payload in MENU else None)
            if title is None:
                raise not_offered()
            text, metadata["title"] = said.payload, title
        known = {key: value for key, value in metadata.items() if value is not None}
        return UserMessage(text, output, claim.conversation_id, input_channel=CHANNEL, metadata=known)

    def _check_rate(self, claim: Claim, said: Said) -> None:
        wait_s = self._limits.message(claim.conversation_id)
        # Somebody who writes in short bursts about an emergency is answered all the same.
        if wait_s is not None and not self._is_urgent(said):
            raise too_fast(wait_s)

    def _is_urgent(self, said: Said) -> bool:
        return said.text is not None and self._net.rules.find(said.text) is not None

    def _heard(self, turn: Sequence[StoredMessage], state: ConversationState | None) -> Heard:
        return Heard([self._render(row, state) for row in turn], turn[-1].id)

    def _unsaved(self, said: Said, *, cursor: int, region: str | None, is_accepted_only: bool = False) -> Heard:
        """The safe text of the channel itself, after what the person said."""
        now = utc_now()
        echo = {"id": cursor, "at": iso(now), "sender": "caregiver", "text": said.text or said.title or "",
                "client_message_id": said.client_message_id, "unsaved": True}  # fmt: skip
        reply = self._net.reply_to(said.text or "", region=region or said.region or self._settings.region)
        safe = render_unsaved(reply, cursor=cursor, now=now, client_message_id=said.client_message_id)
        return Heard([safe] if is_accepted_only else [echo, safe], cursor, is_accepted_only)

    def _render(self, message: StoredMessage, state: ConversationState | None) -> dict[str, Any]:
        return render(message, region=self._region(state, None), net=self._net)

    def _region(self, state: ConversationState | None, said: Said | None) -> str | None:
        return (said and said.region) or (state and state.region) or self._settings.region

    def _lock(self, conversation_id: str) -> asyncio.Lock:
        return self._locks.setdefault(conversation_id, asyncio.Lock())

    @staticmethod
    async def _ask(query: Callable[[], T]) -> T:
        """A question to the database, in a thread: a slow one must not hold up everybody else."""
        answer: Awaitable[T] = asyncio.to_thread(query)
        return await answer
