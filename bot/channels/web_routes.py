"""The routes of docs/web-channel.md: each reads the request, asks `web_conversations`, and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import sqlalchemy as sa
from rasa.core.channels.channel import OutputChannel
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.render_web import iso
from bot.channels.web_conversations import Conversations
from bot.channels.web_guard import Guard, Handler, json_body, origin, unguarded
from bot.channels.web_pages import Pages, answer, problem
from bot.channels.web_problems import not_ready, too_fast
from bot.channels.web_requests import read_cursor, read_feedback, read_region, read_said
from bot.channels.web_tokens import Issued, Tokens
from bot.store.conversation_state import read_state
from bot.store.database import utc_now

BEAT_EVERY_S = 15.0
"""A comment in the stream, so that proxies and clients know that it is alive."""
STREAM_S = 1800.0
"""A stream ends after this long; the client comes back with its cursor and a token that is looked at again."""
STREAMS_A_CONVERSATION = 10
RETRY_MS = 2000
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Routes:
    """Everything below /webhooks/web but the files."""

    def __init__(
        self,
        conversations: Conversations,
        tokens: Tokens,
        guard: Guard,
        pages: Pages,
        *,
        organisation: str,
        engine: sa.engine.Engine,
        output: Callable[[], OutputChannel],
    ) -> None:
        self._conversations = conversations
        self._tokens = tokens
        self._guard = guard
        self._pages = pages
        self._organisation = organisation
        self._engine = engine
        self._output = output

    def add_to(self, blueprint: Blueprint) -> None:
        """Register every route, each with an answer to the browser's preflight question."""
        rows: list[tuple[str, str, Handler]] = [
            ("POST", "/conversations", self.start),
            ("POST", "/token", self.renew),
            ("POST", "/messages", self.say),
            ("GET", "/messages", self.since),
            ("GET", "/events", self.events),
            ("POST", "/feedback", self.rate),
            ("GET", "/transcript", self.transcript),
            ("DELETE", "/conversation", self.erase),
        ]
        for method, path, handler in rows:
            # Bodies are read here, and no more of them than a message can have.
            blueprint.add_route(
                self._guard.guarded(handler), path, methods=[method], name=handler.__name__, stream=method != "GET"
            )
        for path in sorted({path for _, path, _ in rows}):
            blueprint.add_route(unguarded(self.preflight), path, methods=["OPTIONS"], name=f"preflight_{path[1:]}")
        blueprint.add_route(unguarded(self.health), "/health", methods=["GET", "HEAD"], name="health")
        blueprint.add_route(unguarded(self._pages.file), "/widget/<name:path>", methods=["GET", "HEAD"], name="widget")

    async def start(self, request: Request) -> HTTPResponse:
        """POST /conversations"""
        data = await json_body(request)
        conversation_id, now = await self._conversations.start(read_region(data))
        issued = self._tokens.issue(conversation_id, origin=origin(request), now=now)
        return answer({**_token_fields(issued), "cursor": 0, "organisation": self._organisation}, status=201)

    async def renew(self, request: Request) -> HTTPResponse:
        """POST /token"""
        claim = self._guard.claim(request, await json_body(request))
        await self._conversations.state(claim)
        return answer(_token_fields(self._tokens.issue(claim.conversation_id, origin=claim.origin, now=utc_now())))

    async def say(self, request: Request) -> HTTPResponse:
        """POST /messages"""
        data = await json_body(request)
        claim = self._guard.claim(request, data)
        heard = await self._conversations.say(claim, read_said(data), self._output())
        body: dict[str, Any] = {"messages": heard.messages, "cursor": heard.cursor}
        if heard.is_accepted_only:
            return answer({"accepted": True, **body}, status=202)
        return answer(body)

    async def since(self, request: Request) -> HTTPResponse:
        """GET /messages"""
        claim = self._guard.claim(request, {})
        return answer(await self._conversations.since(claim, read_cursor(request.args.get("after"))))

    async def events(self, request: Request) -> None:
        """GET /events"""
        claim = self._guard.claim(request, {})
        cursor = read_cursor(request.headers.get("last-event-id") or request.args.get("after"))
        await self._conversations.state(claim)
        feed = self._conversations.feed
        if feed.count(claim.conversation_id) >= STREAMS_A_CONVERSATION:
            raise too_fast(30)
        until = asyncio.get_running_loop().time() + STREAM_S
        with feed.listening(claim.conversation_id, cursor) as listener:
            stream = await request.respond(content_type="text/event-stream; charset=utf-8", headers=STREAM_HEADERS)
            await stream.send(f"retry: {RETRY_MS}\n\n")
            while asyncio.get_running_loop().time() < until and utc_now() < claim.expires_at:
                try:
                    piece = await listener.next(BEAT_EVERY_S)
                except asyncio.TimeoutError:
                    piece = ": still here\n\n"
                if piece is None:
                    break
                await stream.send(piece)
            await stream.eof()

    async def rate(self, request: Request) -> HTTPResponse:
        """POST /feedback"""
        data = await json_body(request)
        claim = self._guard.claim(request, data)
        message_id, is_helpful, reason = read_feedback(data)
        await self._conversations.rate(claim, message_id, is_helpful=is_helpful, reason=reason)
        return HTTPResponse(status=204)

    async def transcript(self, request: Request) -> HTTPResponse:
        """GET /transcript"""
        kept = await self._conversations.transcript(self._guard.claim(request, {}))
        name = f"sma-companion-chat-{utc_now():%Y-%m-%d}.json"
        return answer(kept, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    async def erase(self, request: Request) -> HTTPResponse:
        """DELETE /conversation"""
        claim = self._guard.claim(request, await json_body(request))

        def rasa_lock(conversation_id: str) -> AbstractAsyncContextManager[object]:
            lock: AbstractAsyncContextManager[object] = request.app.ctx.agent.lock_store.lock(conversation_id)
            return lock

        receipt = await self._conversations.erase(claim, rasa_lock)
        return answer({"erased": dict(receipt.rows), "at": iso(receipt.at)})

    async def preflight(self, request: Request) -> HTTPResponse:
        """OPTIONS of every route; the headers come with those of every answer."""
        return HTTPResponse(status=204)

    async def health(self, request: Request) -> HTTPResponse:
        """GET /health: ready to answer, and able to store what is said."""
        agent = getattr(request.app.ctx, "agent", None)
        if agent is None or not agent.is_ready():
            return problem(not_ready())
        try:
            await asyncio.to_thread(lambda: read_state(self._engine, "none"))
        except SQLAlchemyError:
            return problem(not_ready())
        return answer({"status": "ok"})


def _token_fields(issued: Issued) -> dict[str, str]:
    return {"token": issued.token, "expires_at": iso(issued.expires_at), "renew_after": iso(issued.renew_after)}
