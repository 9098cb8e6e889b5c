"""Server-Sent Events: a page is told that something changed, and asks for it itself."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from bot.core.handoffs import HandoffState
from bot.store.conversation_reads import last_message_id
from bot.store.handoff_reads import open_handoff, queue
from bot.store.sessions import read_session
from bot.store.staff_messages import messages_of
from console.visits import Visit

LOOK_EVERY_S = 1.0
SIGN_OF_LIFE_EVERY = 15
"""Looks; proxies close streams that are silent for long."""


def follow_queue(visit: Visit) -> Response:
    """Whenever the queue changes."""

    def look() -> dict[str, Any]:
        rows = [row.handoff for row in queue(visit.engine)]
        waiting = sum(handoff.state is HandoffState.REQUESTED for handoff in rows)
        mark = [(handoff.id, handoff.version, handoff.is_held(visit.console.clock())) for handoff in rows]
        return {"waiting": waiting, "urgent": sum(h.is_urgent for h in rows), "mark": _digest(mark)}

    return _stream(visit, look)


def follow_conversation(visit: Visit, conversation_id: str) -> Response:
    """Whenever something is said, delivered or moved in a conversation."""

    def look() -> dict[str, Any]:
        handoff = open_handoff(visit.engine, conversation_id)
        sent = [(message.id, message.state.value) for message in messages_of(visit.engine, conversation_id)]
        last = last_message_id(visit.engine, conversation_id)
        standing = (handoff.id, handoff.state.value, handoff.is_urgent, handoff.holder) if handoff else None
        return {"last": last, "mark": _digest([last, sent, repr(standing)])}

    return _stream(visit, look)


def _stream(visit: Visit, look: Callable[[], dict[str, Any]]) -> Response:
    return StreamingResponse(_events(visit, look), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _events(visit: Visit, look: Callable[[], dict[str, Any]]) -> AsyncIterator[str]:
    console, known, looks = visit.console, None, 0
    yield "retry: 3000\n\n"
    while True:
        found = await run_in_threadpool(look)
        if found != known:
            known = found
            yield f"event: change\ndata: {json.dumps(found)}\n\n"
        looks += 1
        if looks % SIGN_OF_LIFE_EVERY == 0:
            member = await run_in_threadpool(
                read_session, console.engine, visit.token, now=console.clock(), is_click=False
            )
            if member is None:
                yield "event: signed-out\ndata: {}\n\n"
                return
            yield ": still here\n\n"
        await asyncio.sleep(LOOK_EVERY_S)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
