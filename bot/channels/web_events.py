"""News for everybody who listens: one poller a process looks into the database for all of them at once.

The database is the one truth (a reply may come from this process, another worker or a staff member), so listeners are
fed from it alone. A wake-up only makes the poller look sooner.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.store.conversation_state import ConversationState
from bot.store.messages import StoredMessage

log = logging.getLogger(__name__)

POLL_EVERY_S = 0.8
"""Within this time a reply that another process stored reaches its listeners."""
GATHER_S = 0.02
"""Wake-ups that follow one another this closely are looked after together."""
PIECES_WAITING = 500
"""A listener that lets more pile up is let go; it comes back with its cursor and misses nothing."""

ReadStates = Callable[[Sequence[str]], Mapping[str, ConversationState]]
ReadNews = Callable[[Mapping[str, int]], Sequence[StoredMessage]]
Render = Callable[[StoredMessage, ConversationState], Mapping[str, Any]]


@dataclass(eq=False)
class Listener:
    """One open stream."""

    conversation_id: str
    cursor: int
    told: tuple[bool, bool] | None = None
    """The last state that was sent: with staff, waiting."""
    _queue: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(PIECES_WAITING + 1))
    is_over: bool = False

    async def next(self, timeout_s: float) -> str | None:
        """The next piece of the stream, None when the stream is over. Raises asyncio.TimeoutError."""
        if self.is_over and self._queue.empty():
            return None
        return await asyncio.wait_for(self._queue.get(), timeout_s)

    def put(self, piece: str) -> None:
        """Add a piece."""
        if self._queue.qsize() >= PIECES_WAITING:
            self.end()
        elif not self.is_over:
            self._queue.put_nowait(piece)

    def end(self) -> None:
        """End the stream after what is still waiting."""
        if not self.is_over:
            self.is_over = True
            self._queue.put_nowait(None)


class Feed:
    """All listeners of this process, and the poller that feeds them."""

    def __init__(
        self, read_states: ReadStates, read_news: ReadNews, render: Render, *, poll_every_s: float = POLL_EVERY_S
    ) -> None:
        self._read_states = read_states
        self._read_news = read_news
        self._render = render
        self._poll_every_s = poll_every_s
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._woken: set[str] = set()
        self._bell: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to poll, in the running event loop."""
        self._bell = asyncio.Event()
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End every stream, and the poller."""
        for listener in self._all():
            listener.end()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @contextmanager
    def listening(self, conversation_id: str, cursor: int) -> Iterator[Listener]:
        """A listener for as long as the block lasts; what was said after its cursor comes first."""
        listener = Listener(conversation_id, cursor)
        self._listeners[conversation_id].add(listener)
        self.wake(conversation_id)
        try:
            yield listener
        finally:
            self._listeners[conversation_id].discard(listener)
            if not self._listeners[conversation_id]:
                del self._listeners[conversation_id]

    def count(self, conversation_id: str) -> int:
        """How many listen to one conversation."""
        return len(self._listeners.get(conversation_id, ()))

    def wake(self, conversation_id: str) -> None:
        """Something was said there: look now, not at the next tick."""
        if self._bell and conversation_id in self._listeners:
            self._woken.add(conversation_id)
            self._bell.set()

    def wake_soon(self, conversation_id: str, delay_s: float) -> None:
        """The same a little later, for a reply that is about to be stored."""
        if conversation_id in self._listeners:
            asyncio.get_running_loop().call_later(delay_s, self.wake, conversation_id)

    def _all(self) -> list[Listener]:
        return [listener for listeners in self._listeners.values() for listener in listeners]

    async def _run(self) -> None:
        assert self._bell is not None
        loop = asyncio.get_running_loop()
        due, is_failing = loop.time() + self._poll_every_s, False
        while True:
            try:
                await asyncio.wait_for(self._bell.wait(), max(0.0, due - loop.time()))
                await asyncio.sleep(GATHER_S)
            except asyncio.TimeoutError:
                pass
            self._bell.clear()
            woken, self._woken = self._woken, set()
            if loop.time() >= due:
                due = loop.time() + self._poll_every_s
                woken = set(self._listeners)
            try:
                await self._look(woken & set(self._listeners))
                is_failing = False
            except Exception as error:  # noqa: BLE001 - the streams stay open; the next look may work
                if not is_failing:
                    log.error("news cannot be read: %s", type(error).__name__)
                is_failing = True

    async def _look(self, conversation_ids: set[str]) -> None:
        """One query for the states of all these conversations, one for the messages of those with news."""
        if not conversation_ids:
            return
        states = await asyncio.to_thread(self._read_states, sorted(conversation_ids))
        behind: dict[str, int] = {}
        for conversation_id in conversation_ids:
            state = states.get(conversation_id)
            for listener in list(self._listeners.get(conversation_id, ())):
                if state is None:
                    listener.end()  # erased
                    continue
                self._tell_state(listener, state)
                if listener.cursor < state.last_id:
                    behind[conversation_id] = min(listener.cursor, behind.get(conversation_id, listener.cursor))
        if behind:
            for message in await asyncio.to_thread(self._read_news, behind):
                self._tell_message(message, states[message.conversation_id])

    def _tell_state(self, listener: Listener, state: ConversationState) -> None:
        now = (state.with_staff, state.waiting)
        if listener.told != now:
            listener.told = now
            listener.put(state_event(state))

    def _tell_message(self, message: StoredMessage, state: ConversationState) -> None:
        piece: str | None = None
        for listener in list(self._listeners.get(message.conversation_id, ())):
            if listener.cursor < message.id:
                piece = piece or message_event(message.id, self._render(message, state))
                listener.put(piece)
                listener.cursor = message.id


def message_event(message_id: int, data: Mapping[str, Any]) -> str:
    """A message as a Server-Sent Event."""
    return f"event: message\nid: {message_id}\ndata: {json.dumps(data)}\n\n"


def state_event(state: ConversationState) -> str:
    """A state as a Server-Sent Event."""
    data = {"with_staff": state.with_staff, "waiting": state.waiting}
    return f"event: state\ndata: {json.dumps(data)}\n\n"
