"""`python -m bot telegram …`: how the Telegram bot is set up, and setting it up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from bot.core.errors import fail
from bot.core.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.channels.telegram_api import TelegramApi

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Set up the Telegram bot, and look at it (docs/telegram.md).")


@app.command()
def status() -> None:
    """The bot's name, how messages come in, and what is waiting."""
    settings = load_settings()
    typer.echo(f"mode      {settings.telegram_mode}")
    if not settings.telegram_token:
        typer.echo("token     missing: ask @BotFather for one and set TELEGRAM_TOKEN in .env")
        return

    async def ask(api: TelegramApi) -> tuple[str, str]:
        hook = await api.webhook()
        error = f"; last error: {hook.last_error_message}" if hook.last_error_message else ""
        where = f"{hook.url} ({hook.pending_update_count} pending{error})" if hook.url else "none"
        return await api.name(), where

    name, hook = _call(settings, ask)
    typer.echo(f"bot       {name}\nwebhook   {hook}")
    from bot.store.database import make_engine
    from bot.store.telegram_inbox import count_waiting
    from bot.store.telegram_outbox import count_open

    engine = make_engine(settings.database)
    typer.echo(f"waiting   {count_waiting(engine)} updates, {count_open(engine)} messages to send")


@app.command("set-webhook")
def set_webhook() -> None:
    """Have Telegram post updates to TELEGRAM_WEBHOOK_URL, with the secret."""
    from bot.channels.telegram_api import webhook_url

    settings = load_settings()
    url, secret = webhook_url(settings), settings.telegram_webhook_secret
    if not secret:
        raise fail("TELEGRAM_WEBHOOK_SECRET", "it is empty", "run 'make run' once, which makes one, or set it in .env")
    _call(settings, lambda api: api.set_webhook(url, secret))
    typer.echo(f"Telegram posts updates to {url}.")


@app.command("delete-webhook")
def delete_webhook() -> None:
    """Have Telegram post no updates; those that wait are kept."""
    _call(load_settings(), lambda api: api.delete_webhook())
    typer.echo("Telegram posts no updates any more; those that wait are kept for 24 hours.")


@app.command("set-commands")
def set_commands() -> None:
    """Set the menu of commands."""
    from bot.channels.telegram_texts import telegram_texts

    commands = list(telegram_texts().commands.items())
    _call(load_settings(), lambda api: api.set_commands(commands))
    typer.echo(f"The menu has {len(commands)} commands.")


def _call(settings: Settings, ask: Callable[[TelegramApi], Awaitable[T]]) -> T:
    """One conversation with the Bot API. Raises FaultsError with what to do."""
    from bot.channels.telegram_api import ApiError, FaultKind, TelegramApi

    async def run() -> T:
        api = TelegramApi.of(settings, connections=2)
        try:
            return await ask(api)
        finally:
            await api.close()

    try:
        return asyncio.run(run())
    except ApiError as fault:
        if fault.kind is FaultKind.TOKEN:
            raise fail("TELEGRAM_TOKEN", "Telegram does not accept it", "copy it again from @BotFather") from fault
        cure = "check the address and the network, and try again"
        raise fail(settings.telegram_api_url, f"the call failed ({fault})", cure) from fault
