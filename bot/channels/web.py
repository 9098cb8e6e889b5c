"""The web channel (docs/web-channel.md): HTTP around `web_conversations`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.turns import safety_net
from bot.channels.web_conversations import Conversations
from bot.channels.web_events import Feed
from bot.channels.web_guard import Guard
from bot.channels.web_limits import Limits
from bot.channels.web_origins import Origins
from bot.channels.web_pages import PUBLIC_PAGES, Pages
from bot.channels.web_routes import Routes
from bot.channels.web_tokens import Tokens
from bot.channels.web_turns import CHANNEL
from bot.core.settings import load_settings
from bot.store.database import make_engine, utc_now
from bot.store.retention import retain

log = logging.getLogger(__name__)

REPLY_STORED_WITHIN_S = 0.1
"""Rasa stores a reply right after it was handed to the output channel."""
FIRST_RETENTION_S = 60.0
RETENTION_EVERY_S = 24 * 3600.0


class WebOutput(OutputChannel):
    """For the web the stored message is the delivery; all that is left to do is to wake those who listen."""

    def __init__(self, feed: Feed | None) -> None:
        self._feed = feed

    @classmethod
    def name(cls) -> str:
        """See OutputChannel."""
        return CHANNEL

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """See OutputChannel."""
        if self._feed:
            self._feed.wake_soon(recipient_id, REPLY_STORED_WITHIN_S)


class WebInput(InputChannel):
    """The channel as Rasa knows it."""

    def __init__(self) -> None:
        self._feed: Feed | None = None

    @classmethod
    def name(cls) -> str:
        """See InputChannel; it is also the path below /webhooks."""
        return CHANNEL

    def get_output_channel(self) -> OutputChannel:
        """Stateless, so that what staff write through Rasa's API reaches people as well."""
        return WebOutput(self._feed)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """All routes, the poller and the daily retention."""
        settings = load_settings()
        engine = make_engine(settings.database)
        limits, origins = Limits.of(settings), Origins.of(settings)
        conversations = Conversations(engine, settings, safety_net(), limits, on_new_message)
        self._feed = conversations.feed
        tokens = Tokens(settings.sma_secret_key, days=settings.web_token_days)
        pages = Pages(settings, origins)
        blueprint = WebBlueprint(pages)
        Routes(
            conversations, tokens, Guard(tokens, origins, limits), pages,
            organisation=settings.sma_organisation, engine=engine, output=self.get_output_channel,
        ).add_to(blueprint)  # fmt: skip
        retention: list[asyncio.Task[None]] = []

        @blueprint.listener("after_server_start")
        async def start(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            conversations.feed.start()
            retention.append(asyncio.ensure_future(_retain_daily(engine, settings.sma_retention_days)))

        @blueprint.listener("before_server_stop")
        async def stop(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            for task in retention:
                task.cancel()
            await conversations.feed.stop()

        return blueprint


class WebBlueprint(Blueprint):
    """Our routes below /webhooks/web, and the pages at the root of the address, where Rasa has one of its own."""

    def __init__(self, pages: Pages) -> None:
        super().__init__("web_channel")
        self.ctx.pages = pages

    def register(self, app: Sanic, options: dict[str, Any]) -> None:
        """See Blueprint."""
        super().register(app, options)
        for path in PUBLIC_PAGES:
            if path != "/":
                app.add_route(self.ctx.pages.show, path, methods=["GET", "HEAD"], name=f"web_page_{path[1:]}")
        app.add_route(_no_icon, "/favicon.ico", name="web_favicon")
        # Rasa has registered "/" already; a middleware comes before every route.
        app.register_middleware(self._front_page, "request")
        app.register_middleware(self.ctx.pages.finish, "response")

    async def _front_page(self, request: Request) -> HTTPResponse | None:
        if request.path == "/" and request.method in ("GET", "HEAD"):
            return await self.ctx.pages.show(request)
        return None


async def _no_icon(_request: Request) -> HTTPResponse:
    """Browsers ask for one on every page; without an answer each visit would look like an error."""
    return HTTPResponse(status=204)


async def _retain_daily(engine: Any, days: int) -> None:
    """Erase what is overdue soon after the start and once a day, for as long as the server runs."""
    await asyncio.sleep(FIRST_RETENTION_S)
    while True:
        try:
            receipts = await asyncio.to_thread(lambda: retain(engine, days=days, now=utc_now()))
            log.info("retention: %d conversations erased", len(receipts))
        except Exception as error:  # noqa: BLE001 - tomorrow is another day
            log.error("retention failed: %s; run 'python -m bot retain'", type(error).__name__)
        await asyncio.sleep(RETENTION_EVERY_S)
