"""The Bot API through python-telegram-bot's client, with its errors sorted into what may be done about them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, TypeVar

import httpx
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, WebhookInfo
from telegram.constants import ChatAction
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.channels.render_telegram import Key
from bot.channels.telegram_incoming import ALLOWED_UPDATES
from bot.core.errors import fail
from bot.core.settings import Settings

T = TypeVar("T")

POLL_S = 25
READ_TIMEOUT_S = 15.0
LIFTED = LinkPreviewOptions(is_disabled=True)
WEBHOOK_PATH = "/webhooks/telegram/webhook"


class FaultKind(str, Enum):
    """What a failed call means."""

    LIMITED = "limited"
    """Too fast: try again after `retry_after_s`."""
    PASSING = "passing"
    """Network or server: try again, a bounded number of times."""
    UNREACHABLE = "unreachable"
    """The person has blocked the bot, or the chat is gone."""
    REFUSED = "refused"
    """The call itself will never do."""
    TOKEN = "token"
    """The bot's token is wrong or revoked: an operator has to act."""


class ApiError(Exception):
    """A call that failed; `str()` names kind and reason, never what was said."""

    def __init__(self, kind: FaultKind, reason: str, *, retry_after_s: float = 0.0, is_certain: bool = True) -> None:
        super().__init__(f"{kind.value}: {reason}")
        self.kind = kind
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.is_certain = is_certain
        """False when the call may have been carried out all the same."""


@dataclass(frozen=True)
class Text:
    """A message to send or to show in place of another."""

    html: str
    keys: Sequence[Sequence[Key]] = ()


class TelegramApi:
    """The calls that this channel makes."""

    def __init__(self, bot: Bot, request: HTTPXRequest) -> None:
        self.bot = bot
        self._request = request

    @classmethod
    def of(cls, settings: Settings, *, connections: int = 64) -> TelegramApi:
        """With the token and the address of the settings. Raises FaultsError without a token."""
        if not settings.telegram_token:
            raise fail("TELEGRAM_TOKEN", "it is empty", "ask @BotFather for a token and set it in .env")
        # At INFO it writes down every address, and the bot's token is a part of each.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        base = settings.telegram_api_url.rstrip("/")
        limits: dict[str, Any] = {"connect_timeout": 5.0, "pool_timeout": 30.0}
        request = HTTPXRequest(connection_pool_size=connections, read_timeout=READ_TIMEOUT_S, **limits)
        try:
            bot = Bot(settings.telegram_token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot",
                      request=request)  # fmt: skip
        except InvalidToken as error:
            raise fail("TELEGRAM_TOKEN", "it is no token", "copy it from @BotFather, like 123456:ABC-DEF") from error
        return cls(bot, request)

    async def close(self) -> None:
        """Close all connections."""
        await self._request.shutdown()

    async def send_text(self, chat_id: int, text: Text, *, is_html: bool = True) -> int:
        """Send a message; its id. Raises ApiError."""
        message = await _asked(self.bot.send_message(
            chat_id, text.html, parse_mode="HTML" if is_html else None, link_preview_options=LIFTED,
            reply_markup=markup(text.keys),
        ))  # fmt: skip
        return message.message_id

    async def send_card(self, chat_id: int, name: str, number: str) -> int:
        """Send a contact card, whose number a tap calls; its id. Raises ApiError."""
        message = await _asked(
            self.bot.send_contact(chat_id, phone_number=number, first_name=name[:64], disable_notification=True)
        )
        return message.message_id

    async def is_in_chat(self, chat_id: int, message_id: int, text: Text) -> bool:
        """Whether this message of ours has the given text: showing it anew says "not modified". Raises ApiError."""
        try:
            await _asked(self.bot.edit_message_text(
                text.html, chat_id, message_id, parse_mode="HTML", link_preview_options=LIFTED,
                reply_markup=markup(text.keys),
            ))  # fmt: skip
        except ApiError as fault:
            if fault.kind is not FaultKind.REFUSED:
                raise
            return "not modified" in fault.reason.lower()
        return True

    async def show_keys(self, chat_id: int, message_id: int, keys: Sequence[Sequence[Key]]) -> None:
        """Put another keyboard under a message. Raises ApiError."""
        await _asked(self.bot.edit_message_reply_markup(chat_id, message_id, reply_markup=markup(keys)))

    async def answer_press(self, callback_id: str, toast: str | None) -> None:
        """Stop the button's spinner, and show a short notice. Raises ApiError."""
        await _asked(self.bot.answer_callback_query(callback_id, text=toast))

    async def show_typing(self, chat_id: int) -> None:
        """Say that an answer is on its way. Raises ApiError."""
        await _asked(self.bot.send_chat_action(chat_id, ChatAction.TYPING))

    async def leave(self, chat_id: int) -> None:
        """Leave a group or channel. Raises ApiError."""
        await _asked(self.bot.leave_chat(chat_id))

    async def updates(self, offset: int | None) -> Sequence[Any]:
        """Raw updates from `offset` on, waiting up to POLL_S for one. Raises ApiError.

        Raw, because one update that the client's types do not understand must not hold up all others.
        """
        arguments: dict[str, Any] = {"timeout": POLL_S, "allowed_updates": list(ALLOWED_UPDATES)}
        if offset is not None:
            arguments["offset"] = offset
        # Method names may be written in any case; under its usual name the client would insist on its own types.
        call = self.bot.do_api_request("getupdates", api_kwargs=arguments, read_timeout=POLL_S + 10.0)
        found = await _asked(call)
        return found if isinstance(found, list) else []

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have updates posted to `url`. Raises ApiError."""
        await _asked(self.bot.set_webhook(url, secret_token=secret, allowed_updates=list(ALLOWED_UPDATES)))

    async def delete_webhook(self) -> None:
        """Have no updates posted; none is lost. Raises ApiError."""
        await _asked(self.bot.delete_webhook(drop_pending_updates=False))

    async def webhook(self) -> WebhookInfo:
        """What Telegram knows of the webhook. Raises ApiError."""
        return await _asked(self.bot.get_webhook_info())

    async def set_commands(self, commands: Sequence[tuple[str, str]]) -> None:
        """The menu of commands. Raises ApiError."""
        await _asked(self.bot.set_my_commands([BotCommand(name, line) for name, line in commands]))

    async def name(self) -> str:
        """The bot's @name. Raises ApiError."""
        return f"@{(await _asked(self.bot.get_me())).username}"


def webhook_url(settings: Settings) -> str:
    """Where Telegram has to post: TELEGRAM_WEBHOOK_URL, with our path when it names a host only."""
    url: str = settings.telegram_webhook_url.rstrip("/")
    if not url.startswith("https://") and not url.startswith("http://127.0.0.1"):
        raise fail("TELEGRAM_WEBHOOK_URL", "Telegram posts to https addresses only",
                   "set the public https address of this channel, or TELEGRAM_MODE=polling")  # fmt: skip
    return url if url.endswith(WEBHOOK_PATH) else url + WEBHOOK_PATH


def markup(keys: Sequence[Sequence[Key]]) -> InlineKeyboardMarkup | None:
    """A keyboard as the client's type; None without keys."""
    if not keys:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(key.title, callback_data=key.data) for key in row] for row in keys]
    )


async def _asked(call: Awaitable[T]) -> T:
    """Await a call and sort its errors. Raises ApiError."""
    try:
        return await call
    except TelegramError as error:
        raise sorted_fault(error) from error


def sorted_fault(error: TelegramError) -> ApiError:
    """What an error of the client means."""
    reason = " ".join(error.message.split())[:150]
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        return ApiError(FaultKind.LIMITED, "too many requests", retry_after_s=seconds)
    if isinstance(error, Forbidden):
        return ApiError(FaultKind.UNREACHABLE, reason)
    if isinstance(error, InvalidToken):
        return ApiError(FaultKind.TOKEN, "the token is not accepted")
    if isinstance(error, (BadRequest, ChatMigrated)):
        is_gone = any(part in reason.lower() for part in ("chat not found", "user is deactivated", "peer_id_invalid"))
        return ApiError(FaultKind.UNREACHABLE if is_gone else FaultKind.REFUSED, reason)
    if isinstance(error, Conflict):
        return ApiError(FaultKind.PASSING, "somebody else asks for updates of this bot, or a webhook is set")
    if isinstance(error, NetworkError):
        is_certain = isinstance(error.__cause__, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
        kind = type(error.__cause__ or error).__name__
        return ApiError(FaultKind.PASSING, f"network or server ({kind})", is_certain=is_certain)
    return ApiError(FaultKind.REFUSED, reason)
