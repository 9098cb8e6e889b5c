"""The Telegram channel (docs/telegram.md): Rasa's side and HTTP around `telegram_service`."""

from __future__ import annotations

import hmac
import logging
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.telegram_service import TelegramService
from bot.channels.telegram_texts import telegram_texts
from bot.channels.telegram_turns import CHANNEL
from bot.channels.turns import safety_net
from bot.core.errors import fail
from bot.core.replies import Reply, ReplyKind, reply_from_payload
from bot.core.settings import Settings, load_settings
from bot.store.telegram import make_pooled_engine

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
LONGEST_BODY = 1_000_000
"""Bytes; an update is a few thousand."""


class TelegramOutput(OutputChannel):
    """What is said outside of a caregiver's turn: messages of staff, through Rasa's events API."""

    def __init__(self, service: TelegramService | None) -> None:
        self._service = service

    @classmethod
    def name(cls) -> str:
        """See OutputChannel."""
        return CHANNEL

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Put a message into the outbox; the sender takes it from there."""
        if self._service is None:
            log.error("telegram: a message for a Telegram chat, and Telegram is off")
            return
        text = str(message.get("text") or "")
        try:
            reply = reply_from_payload(message.get("custom") or {}, text=text)
        except (KeyError, TypeError, ValueError):
            reply = Reply(ReplyKind.SMALL_TALK, text)
        key = str(message.get("client_message_id") or uuid.uuid4().hex)
        if await self._service.say(recipient_id, reply, key):
            self._service.sender.lanes.wake(recipient_id)


class TelegramInput(InputChannel):
    """The channel as Rasa knows it."""

    def __init__(self) -> None:
        self._service: TelegramService | None = None

    @classmethod
    def name(cls) -> str:
        """See InputChannel; it is also the path below /webhooks."""
        return CHANNEL

    def get_output_channel(self) -> OutputChannel:
        """Stateless, so that what staff write through Rasa's API reaches people as well."""
        return TelegramOutput(self._service)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The two routes, and the service that is started and stopped with the server; nothing of it when off."""
        settings = load_settings()
        blueprint = Blueprint("telegram_channel")
        if settings.telegram_mode == "off" or not settings.telegram_token:

            @blueprint.get("/health")
            async def off(_request: Request) -> HTTPResponse:
                return json_response({"status": "off"})

            return blueprint
        check_settings(settings)
        self._add_service(blueprint, settings, on_new_message)
        return blueprint

    def _add_service(
        self, blueprint: Blueprint, settings: Settings, on_new_message: Callable[[UserMessage], Awaitable[Any]]
    ) -> None:
        locks: list[Callable[[str], AbstractAsyncContextManager[object]]] = []
        service = TelegramService(
            make_pooled_engine(settings.database), settings, safety_net(), telegram_texts(), on_new_message,
            rasa_lock=lambda sender_id: locks[0](sender_id),  # noqa: PLW0108 - there is none yet
        )  # fmt: skip
        self._service = service

        @blueprint.listener("after_server_start")
        async def start(app: Sanic, _loop: Any) -> None:
            locks.append(app.ctx.agent.lock_store.lock)
            await service.start()

        @blueprint.listener("before_server_stop")
        async def stop(_app: Sanic, _loop: Any) -> None:
            await service.stop()

        @blueprint.get("/health")
        async def health(_request: Request) -> HTTPResponse:
            try:
                waiting = await service.counts()
            except SQLAlchemyError:
                return json_response({"status": settings.telegram_mode, "fault": "database"}, status=503)
            return json_response({"status": settings.telegram_mode, "waiting": waiting})

        if settings.telegram_mode == "webhook":

            @blueprint.post("/webhook")
            async def webhook(request: Request) -> HTTPResponse:
                return await take_update(request, service, settings.telegram_webhook_secret)


async def take_update(request: Request, service: TelegramService, secret: str) -> HTTPResponse:
    """Store an update and acknowledge it; work begins at once, but nothing waits for it."""
    told = request.headers.get(SECRET_HEADER) or ""
    if not secret or not hmac.compare_digest(told.encode("utf-8", "replace"), secret.encode()):
        return json_response({"ok": False}, status=403)
    if len(request.body or b"") > LONGEST_BODY:
        return json_response({"ok": False}, status=413)
    try:
        raw = request.json
    except Exception:  # noqa: BLE001 - Sanic raises its own, for whatever the body is
        raw = None
    try:
        await service.inbox.accept(raw)
    except SQLAlchemyError as error:
        log.error("telegram: an update cannot be stored: %s", type(error).__name__)
        return json_response({"ok": False}, status=503)  # Telegram delivers it again
    return json_response({"ok": True})


def check_settings(settings: Settings) -> None:
    """Raise FaultsError when the channel could not work."""
    for name in ("sma_secret_key", "sma_data_key"):
        if not getattr(settings, name):
            raise fail(name.upper(), "it is empty, and Telegram needs it", "run 'make run' once, which makes one")
    if settings.telegram_mode == "webhook" and not settings.telegram_webhook_secret:
        raise fail("TELEGRAM_WEBHOOK_SECRET", "it is empty, and anybody could post updates",
                   "run 'make run' once, which makes one, or set it in .env")  # fmt: skip
