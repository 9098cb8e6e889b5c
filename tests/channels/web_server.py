"""The web channel on a real port, in Rasa's own application, with an agent that needs no model.

The agent stores what it hears and says through the real tracker store, so that everything behind the HTTP routes but
the understanding is what runs in production.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import rasa.core.run
import sqlalchemy as sa
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from sanic import Sanic

from bot.channels.turns import safety_net
from bot.channels.web import WebInput
from bot.core.composer import BUTTONS, topic_payload
from bot.core.emergency_reply import emergency_reply
from bot.core.replies import Button, Related, Reply, ReplyKind
from bot.core.settings import ROOT
from bot.store.database import make_engine
from bot.store.migrate import migrate
from bot.tracking.store import ConversationStore

OFFER = topic_payload("breathing.niv")
ANSWER = Reply(
    ReplyKind.ANSWER,
    "An answer.",
    topic="breathing.niv",
    title="A mask that helps to breathe",
    related=[Related("breathing.clearance", "Clearing mucus")],
    buttons=[Button("A mask that helps to breathe", OFFER), BUTTONS["human"]],
)


class FakeAgent:
    """Answers at once, or as the first word of the message says: slow, fail, silent, staff."""

    def __init__(self, database: str) -> None:
        domain = Domain.load(str(ROOT / "domain.yml"))
        self.store = ConversationStore(domain, host=database)
        self.lock_store = InMemoryLockStore()
        self.heard: list[UserMessage] = []
        self.go_on = threading.Event()
        """Set it to let a slow turn end."""
        self.ready = True

    def is_ready(self) -> bool:
        return self.ready

    async def handle_message(self, message: UserMessage) -> None:
        async with self.lock_store.lock(message.sender_id):
            self.heard.append(message)
            text = str(message.text)
            if text.startswith("slow"):
                await asyncio.to_thread(self.go_on.wait, 10)
            if "fail" in text:
                raise RuntimeError(f"could not understand {text}")
            if text.startswith("lost"):
                return
            replies = [] if text.startswith(("silent", "staff")) else [self._reply(text)]
            await self._store(message, replies, with_staff=text.startswith("staff"))

    def _reply(self, text: str) -> Reply:
        flag = safety_net().rules.find(text)
        return emergency_reply(safety_net().texts.compose(flag)) if flag else ANSWER

    async def _store(self, message: UserMessage, replies: list[Reply], *, with_staff: bool) -> None:
        tracker = await self.store.get_or_create_tracker(message.sender_id)
        parsed = {"intent": {"name": "faq", "confidence": 0.9}, "entities": []}
        tracker.update(
            UserUttered(
                message.text,
                intent=parsed["intent"],
                parse_data=parsed,
                input_channel=message.input_channel,
                message_id=message.message_id,
                metadata=message.metadata,
            )
        )
        tracker.update(SlotSet("with_staff", with_staff))
        for reply in replies:
            tracker.update(BotUttered(reply.plain_text(), {"custom": reply.payload()}))
        await self.store.save(tracker)

    async def staff_says(self, conversation_id: str, text: str) -> None:
        """What Rasa's tracker-events API does with a reply of a staff member."""
        tracker = await self.store.get_or_create_tracker(conversation_id)
        author = {"name": "Example Nurse", "role": "Specialist nurse"}
        reply = Reply(ReplyKind.STAFF, text, author=author)
        tracker.update(BotUttered(text, {"custom": reply.payload()}))
        await self.store.save(tracker)


@dataclass
class WebServer:
    """A running channel."""

    base: str
    engine: sa.engine.Engine
    agent: FakeAgent
    loop: asyncio.AbstractEventLoop
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, *, origin: str | None = None, **headers: str) -> httpx.Client:
        """A client without a token."""
        named = {"Origin": origin} if origin else {}
        client = httpx.Client(base_url=f"{self.base}/webhooks/web", headers={**named, **headers}, timeout=20)
        self.clients.append(client)
        return client

    def caregiver(self, *, origin: str | None = None, **body: Any) -> httpx.Client:
        """A client in a new conversation."""
        client = self.client(origin=origin)
        answer = client.post("/conversations", json=body)
        assert answer.status_code == 201, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return client

    def conversation_of(self, client: httpx.Client) -> str:
        """The id behind a client's token: the only conversation in which it spoke, or the newest one."""
        with self.engine.connect() as connection:
            query = "SELECT id FROM conversations ORDER BY started_at DESC LIMIT 1"
            return str(connection.execute(sa.text(query)).scalar_one())

    def staff_says(self, conversation_id: str, text: str) -> None:
        """A reply of a staff member, stored by another task."""
        future = asyncio.run_coroutine_threadsafe(self.agent.staff_says(conversation_id, text), self.loop)
        future.result(10)

    def count(self, table: str) -> int:
        """Rows in a table."""
        with self.engine.connect() as connection:
            return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


def say(client: httpx.Client, text: str, **more: Any) -> httpx.Response:
    """Send a text as a new message."""
    return client.post("/messages", json={"client_message_id": uuid.uuid4().hex, "text": text, **more})


def is_problem(answer: httpx.Response, status: int) -> bool:
    """A refusal with a sentence for a person."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == answer.status_code and body["detail"].endswith(".") and body["title"]
    return answer.status_code == status


def wait_until(is_so: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait for something that another thread does."""
    until = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


@contextmanager
def serve_web(folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[WebServer]:
    """The channel on a free port, in a thread, with a database of its own."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        database = f"sqlite:///{folder / 'web.db'}"
        ours = {
            "DATABASE_URL": database,
            "SMA_SECRET_KEY": secrets.token_hex(16),
            "SMA_RASA_PORT": str(port),
            "WEB_ORIGINS": "https://help.example",
            "WEB_MESSAGES_PER_MINUTE": "100000",
            "WEB_REQUESTS_PER_MINUTE": "1000000",
            **(environ or {}),
        }
        engine = make_engine(database)
        migrate(engine)
        with _environment(ours):
            # Several applications of one name, one after the other, are for tests only.
            Sanic.test_mode = True
            Sanic._app_registry.clear()
            app = rasa.core.run.configure_app([WebInput()], auth_token="internal")
        app.config.MOTD = False
        agent = FakeAgent(database)
        app.ctx.agent = agent
        loop = asyncio.new_event_loop()
        started, stop = threading.Event(), asyncio.Event()
        with _environment(ours):
            thread = threading.Thread(target=_serve, args=(app, listening, loop, started, stop), daemon=True)
            thread.start()
            assert started.wait(20), "the channel did not start"
            server = WebServer(f"http://127.0.0.1:{port}", engine, agent, loop)
            try:
                yield server
            finally:
                agent.go_on.set()
                for client in server.clients:
                    client.close()
                loop.call_soon_threadsafe(stop.set)
                thread.join(10)
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
