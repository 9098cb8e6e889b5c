"""The Telegram channel on a real port, in Rasa's own application, with an agent that needs no model."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import rasa.core.run
import sqlalchemy as sa
from cryptography.fernet import Fernet
from sanic import Sanic

from bot.channels.telegram import TelegramInput
from bot.channels.telegram_incoming import sender_id_of
from bot.core.replies import Reply, ReplyKind
from bot.store.database import make_engine
from bot.store.migrate import migrate
from tests.channels.web_server import FakeAgent
from tests.telegram.bot_api import TOKEN, BotApi

WEBHOOK_SECRET = "a-secret-of-the-webhook"


@dataclass
class TelegramServer:
    """A running channel and the Telegram that it talks to."""

    api: BotApi
    base: str
    engine: sa.engine.Engine
    agent: FakeAgent
    channel: TelegramInput
    loop: asyncio.AbstractEventLoop
    secret_key: str
    database: str

    def post(self, update: object, *, secret: str | None = WEBHOOK_SECRET, **kwargs: object) -> httpx.Response:
        """Post an update as Telegram does."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret is not None else {}
        body = kwargs or {"json": update}
        return httpx.post(f"{self.base}/webhook", headers=headers, timeout=20, **body)  # type: ignore[arg-type]

    def sender_id(self, chat_id: int) -> str:
        """Rasa's sender id of a chat."""
        return sender_id_of(chat_id, self.secret_key)

    def staff_say(self, chat_id: int, text: str, *, key: str) -> None:
        """What Rasa's events API does with a reply of staff: deliver, then store."""
        sender_id = self.sender_id(chat_id)

        async def say() -> None:
            reply = Reply(ReplyKind.STAFF, text, author={"name": "Example Nurse", "role": "Specialist nurse"})
            message = {"text": text, "custom": reply.payload(), "client_message_id": key}
            await self.channel.get_output_channel().send_response(sender_id, message)

        asyncio.run_coroutine_threadsafe(say(), self.loop).result(10)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Look into the database."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]


@contextmanager
def serve_telegram(
    folder: Path, api: BotApi, environ: Mapping[str, str] | None = None, *, keys: tuple[str, str] | None = None
) -> Iterator[TelegramServer]:
    """The channel on a free port, in a thread; the same folder and `keys` again are a restart."""
    secret_key, data_key = keys or (secrets.token_hex(16), Fernet.generate_key().decode())
    database = f"sqlite:///{folder / 'telegram.db'}"
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        base = f"http://127.0.0.1:{port}/webhooks/telegram"
        ours = {
            "DATABASE_URL": database,
            "SMA_SECRET_KEY": secret_key,
            "SMA_DATA_KEY": data_key,
            "SMA_RASA_PORT": str(port),
            "SMA_TURN_TIMEOUT_S": "1",
            "TELEGRAM_MODE": "webhook",
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": api.url,
            "TELEGRAM_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "TELEGRAM_WEBHOOK_URL": f"{base}/webhook",
            "TELEGRAM_MESSAGES_PER_MINUTE": "1000",
            **(environ or {}),
        }
        engine = make_engine(database)
        migrate(engine)
        channel = TelegramInput()
        with _environment(ours):
            Sanic.test_mode = True
            Sanic._app_registry.clear()
            app = rasa.core.run.configure_app([channel], auth_token="internal")
            app.config.MOTD = False
            agent = FakeAgent(database)
            app.ctx.agent = agent
            loop = asyncio.new_event_loop()
            started, stop = threading.Event(), asyncio.Event()
            thread = threading.Thread(target=_serve, args=(app, listening, loop, started, stop), daemon=True)
            thread.start()
            assert started.wait(20), "the channel did not start"
            try:
                yield TelegramServer(api, base, engine, agent, channel, loop, secret_key, database)
            finally:
                agent.go_on.set()
                loop.call_soon_threadsafe(stop.set)
                thread.join(20)
                engine.dispose()


def _serve(
    app: Sanic, listening: socket.socket, loop: asyncio.AbstractEventLoop, started: threading.Event, stop: asyncio.Event
) -> None:
    asyncio.set_event_loop(loop)

    async def run() -> None:
        server = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
        await server.startup()
        await server.before_start()
        await server.start_serving()
        await server.after_start()
        started.set()
        await stop.wait()
        await server.before_stop()
        server.close()
        for connection in list(server.connections):
            connection.abort()
        await server.after_stop()

    loop.run_until_complete(run())


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
