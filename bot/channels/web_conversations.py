"""What a caller may do with a conversation, without HTTP: start, say, hear, rate, keep, erase."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from rasa.core.channels.channel import OutputChannel
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.render_web import iso
from bot.channels.turns import Handler, SafetyNet
from bot.channels.web_events import Feed
from bot.channels.web_limits import Limits
from bot.channels.web_problems import no_token, not_found, not_ready
from bot.channels.web_requests import Said
from bot.channels.web_tokens import Claim, new_conversation_id
from bot.channels.web_turns import CHANNEL, Heard, WebTurns, ask
from bot.core.settings import Settings
from bot.store.conversation_state import ConversationState, read_state, read_states, start_conversation
from bot.store.database import utc_now
from bot.store.erasure import Receipt, erase
from bot.store.feedback import feedback_of, give_feedback
from bot.store.messages import messages_since, news

log = logging.getLogger(__name__)

PAGE = 1000
"""Messages in one answer of GET /messages; the rest comes with the next cursor."""
ERASE_WAIT_S = 20.0


class Conversations:
    """All conversations of the web channel in this process."""

    def __init__(
        self, engine: sa.engine.Engine, settings: Settings, net: SafetyNet, limits: Limits, handler: Handler
    ) -> None:
        self._engine = engine
        self._organisation = settings.sma_organisation
        self._turns = WebTurns(engine, net, limits, handler, region=settings.region,
                               patience_s=settings.sma_turn_timeout_s, wake=self._wake)  # fmt: skip
        self.feed = Feed(
            lambda ids: read_states(engine, ids), lambda cursors: news(engine, cursors), self._turns.render
        )

    async def start(self, region: str | None) -> tuple[str, datetime]:
        """A new conversation: its id and when it began."""
        conversation_id, now = new_conversation_id(), utc_now()
        await ask(lambda: start_conversation(self._engine, conversation_id, channel=CHANNEL, region=region, now=now))
        return conversation_id, now

    async def state(self, claim: Claim) -> ConversationState:
        """The state of the conversation that a token is for. Raises Problem when it was erased."""
        state = await ask(lambda: read_state(self._engine, claim.conversation_id))
        # A turn that was under way during the erasure may have stored itself: that is a new conversation.
        if state is None or state.started_at > claim.issued_at:
            raise no_token()
        return state

    async def say(self, claim: Claim, said: Said, output: OutputChannel) -> Heard:
        """Say something, once, and hear the replies. Raises Problem."""
        try:
            return await self._turns.take(await self.state(claim), said, output)
        except SQLAlchemyError as error:
            log.error("ending=failed channel=web error=%s", type(error).__name__)
            return self._turns.answer_without_store(said)

    async def since(self, claim: Claim, cursor: int) -> dict[str, Any]:
        """Everything after a cursor. Raises Problem."""
        state = await self.state(claim)
        rows = await ask(lambda: messages_since(self._engine, claim.conversation_id, cursor, limit=PAGE))
        return {
            "messages": [self._turns.render(row, state) for row in rows],
            "cursor": rows[-1].id if rows else min(cursor, state.last_id),
            "with_staff": state.with_staff,
            "waiting": state.waiting,
        }

    async def rate(self, claim: Claim, message_id: int, *, is_helpful: bool, reason: str | None) -> None:
        """A thumb for a message of the bot. Raises Problem."""
        conversation_id = (await self.state(claim)).id
        is_ours = await ask(
            lambda: give_feedback(
                self._engine, conversation_id, message_id, is_helpful=is_helpful, reason=reason, now=utc_now()
            )
        )
        if not is_ours:
            raise not_found("There is no such message of mine in this chat.")

    async def transcript(self, claim: Claim) -> dict[str, Any]:
        """The whole chat, to keep. Raises Problem."""
        state = await self.state(claim)
        rows = await ask(lambda: messages_since(self._engine, claim.conversation_id, 0))
        thumbs = await ask(lambda: feedback_of(self._engine, claim.conversation_id))
        messages = [self._turns.render(row, state) for row in rows]
        for message in messages:
            if message["id"] in thumbs:
                helpful, reason = thumbs[message["id"]]
                message["feedback"] = {"helpful": helpful, **({"reason": reason} if reason else {})}
        return {
            "format": "sma-companion-transcript/1",
            "organisation": self._organisation,
            "started_at": iso(state.started_at),
            "exported_at": iso(utc_now()),
            "messages": messages,
        }

    async def erase(self, claim: Claim, rasa_lock: Callable[[str], AbstractAsyncContextManager[object]]) -> Receipt:
        """Erase the conversation, after the turn that may be under way. Raises Problem."""
        conversation_id = (await self.state(claim)).id

        async def locked() -> Receipt:
            async with self._turns.lock(conversation_id), rasa_lock(conversation_id):
                return await ask(lambda: erase(self._engine, conversation_id))

        try:
            receipt = await asyncio.wait_for(locked(), ERASE_WAIT_S)
        except asyncio.TimeoutError:
            raise not_ready() from None
        self.feed.wake(conversation_id)
        return receipt

    def _wake(self, conversation_id: str) -> None:
        self.feed.wake(conversation_id)
