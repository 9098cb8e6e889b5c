"""Telling staff that somebody waits: over a real mail server and a real web server on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from bot.core.content import CONTENT_DIR
from bot.core.handoffs import Reason, Staff
from bot.core.office_hours import OfficeHours
from bot.core.settings import ROOT, load_settings
from bot.notices import SIGNATURE_HEADER, TIMESTAMP_HEADER, Notice, send_email, signature
from bot.notify import Notifier
from bot.store import handoffs, notifications
from bot.store.database import make_engine, transaction, utc_now
from bot.store.handoff_sweep import mark_urgent
from bot.store.migrate import migrate
from bot.store.notifications import NotificationState, Why
from bot.store.rasa_api import RasaApi

NOW = datetime(2026, 11, 23, 10, 0)  # a Monday, within the office hours of the checkout
SENTINEL = "zanzibarium"
ANA = Staff("1", "Ana", "nurse")


class MailServer:
    """A mail server that keeps what it gets; `answer` is its reply to a message."""

    def __init__(self) -> None:
        self.messages: list[tuple[list[str], Message]] = []
        self.answer = "250 OK"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.controller = Controller(
            self, hostname="127.0.0.1", port=self.port, auth_require_tls=False, authenticator=self.authenticate
        )

    async def handle_DATA(self, _server, _session, envelope) -> str:
        if self.answer.startswith("250"):
            self.messages.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return self.answer

    def authenticate(self, _server, _session, _envelope, _mechanism, data) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"bot", b"secret"))


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    server.controller.start()
    yield server
    server.controller.stop()


class Hook(BaseHTTPRequestHandler):
    """A receiver of webhooks."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_args) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.got, server.status = [], 200
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def environ_of(mail: MailServer, hook: ThreadingHTTPServer, **more: str) -> dict[str, str]:
    return {
        "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mail.port),
        "SMTP_TLS": "none", "SMTP_FROM": "bot@example.org", "NOTIFY_EMAIL_TO": "team@example.org, on-call@example.org",
        "NOTIFY_ESCALATE_TO": "lead@example.org", "NOTIFY_WEBHOOK_URL": f"http://127.0.0.1:{hook.server_port}/hook",
        "NOTIFY_WEBHOOK_SECRET": "s3cret", "SMA_CONSOLE_URL": "https://console.example.org", **more,
    }  # fmt: skip


class World:
    """A notifier with a clock that is set by hand."""

    def __init__(self, folder: Path, environ: dict[str, str], rasa: list[httpx.Request]) -> None:
        self.settings = load_settings(environ, dotenv=None)
        self.engine = make_engine(f"sqlite:///{folder / 'notify.db'}")
        migrate(self.engine)
        self.now = NOW

        def answer(request: httpx.Request) -> httpx.Response:
            rasa.append(request)
            return httpx.Response(200, json={})

        self.api = RasaApi("http://rasa.test", "t", transport=httpx.MockTransport(answer))
        hours = OfficeHours.load(CONTENT_DIR / "office_hours.yml")
        self.notifier = Notifier(self.engine, self.settings, self.api, office_hours=hours, clock=lambda: self.now)

    def ask(self, about: str = SENTINEL) -> int:
        kinds = notifications.configured_kinds(self.settings)
        made = handoffs.request_handoff(
            self.engine, f"web-{SENTINEL}", reason=Reason.ASKED, about=about, now=self.now, kinds=kinds
        )
        return made.handoff.id

    def round(self) -> int:
        return asyncio.run(self.notifier.round())

    def states(self) -> dict[str, NotificationState]:
        return {n.kind.value: n.state for n in reversed(notifications.recent(self.engine))}


@pytest.fixture
def rasa() -> list[httpx.Request]:
    return []


@pytest.fixture
def world(tmp_path, mail, hook, rasa) -> World:
    return World(tmp_path, environ_of(mail, hook), rasa)


def test_a_request_sends_an_email_to_the_team_with_a_link_and_nothing_else(world, mail):
    handoff = world.ask()
    world.round()
    ((to, message),) = mail.messages
    assert to == ["team@example.org", "on-call@example.org"]
    assert message["Subject"] == "SMA Companion: Somebody is waiting for an answer"
    text = message.get_payload(decode=True).decode()
    assert f"https://console.example.org/queue?handoff={handoff}" in text
    assert SENTINEL not in message.as_string()


def test_the_webhook_is_signed_and_says_no_more(world, hook):
    handoff = world.ask()
    world.round()
    ((headers, body),) = hook.got
    assert json.loads(body) == {
        "event": "waiting", "handoff": handoff, "since": "2026-11-23T10:00:00Z",
        "url": f"https://console.example.org/queue?handoff={handoff}",
    }  # fmt: skip
    timestamp = headers[TIMESTAMP_HEADER]
    expected = hmac.new(b"s3cret", timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers[SIGNATURE_HEADER] == f"sha256={expected}" == signature(body, timestamp, "s3cret")
    assert SENTINEL.encode() not in body


def test_each_notice_is_sent_once(world, mail, hook):
    world.ask()
    assert [world.round(), world.round()] == [2, 0]
    assert len(mail.messages) == len(hook.got) == 1
    assert set(world.states().values()) == {NotificationState.SENT}


def test_a_server_that_cannot_take_it_now_is_tried_again_later(world, mail, hook):
    mail.answer, hook.status = "451 try later", 503
    world.ask()
    world.round()
    assert set(world.states().values()) == {NotificationState.PENDING}
    assert {n.error for n in notifications.recent(world.engine)} == {
        "The mail server answered 451.", "The webhook answered 503.",
    }  # fmt: skip
    mail.answer, hook.status = "250 OK", 200
    assert world.round() == 0  # not yet
    world.now += notifications.BACKOFF[0]
    assert world.round() == 2
    assert set(world.states().values()) == {NotificationState.SENT}


def test_a_refusal_is_not_tried_again(world, mail, hook):
    mail.answer, hook.status = "554 no", 410
    world.ask()
    world.round()
    assert set(world.states().values()) == {NotificationState.FAILED}


def test_servers_that_are_away_are_tried_again(tmp_path, mail, hook, rasa):
    away = World(tmp_path, environ_of(mail, hook, SMTP_PORT="9", NOTIFY_WEBHOOK_URL="http://127.0.0.1:9/"), rasa)
    away.ask()
    away.round()
    assert set(away.states().values()) == {NotificationState.PENDING}


def test_a_webhook_without_a_secret_is_never_sent_unsigned(tmp_path, mail, hook, rasa):
    world = World(tmp_path, environ_of(mail, hook, NOTIFY_WEBHOOK_SECRET=""), rasa)
    world.ask()
    world.round()
    assert hook.got == [] and world.states()["webhook"] is NotificationState.FAILED


def test_somebody_who_was_quicker_than_the_notice_makes_it_needless(world, mail, hook):
    handoff = world.ask()
    handoffs.claim(world.engine, handoff, ANA, now=world.now)
    world.round()
    assert mail.messages == [] and hook.got == []
    assert set(world.states().values()) == {NotificationState.DROPPED}


def test_an_emergency_is_told_even_while_somebody_holds_the_conversation(world, mail, monkeypatch):
    monkeypatch.setattr(notifications, "load_settings", lambda: world.settings)
    handoff = world.ask()
    world.round()
    handoffs.claim(world.engine, handoff, ANA, now=world.now)
    with transaction(world.engine) as session:
        mark_urgent(session, f"web-{SENTINEL}", now=world.now)
    world.round()
    assert mail.messages[-1][1]["Subject"] == "SMA Companion: Urgent: an emergency was answered in a chat"


def test_nobody_claims_it_the_next_ones_are_told_then_it_expires_with_a_message(world, mail, rasa, monkeypatch):
    monkeypatch.setattr(notifications, "load_settings", lambda: world.settings)
    world.ask()
    world.round()
    world.now += timedelta(minutes=61)
    world.notifier.sweep()
    world.round()
    to, message = mail.messages[-1]
    assert to == ["lead@example.org"] and "Nobody has taken" in message["Subject"]
    world.now += timedelta(minutes=2880)
    world.notifier.sweep()
    world.round()
    assert "could take up your request in time" in rasa[-1].content.decode()
    world.notifier.sweep()
    assert len(mail.messages) == 2  # once each


def test_a_database_that_is_away_for_a_while_is_waited_for(world, monkeypatch):
    import sqlalchemy as sa

    rounds = []

    async def fail_once() -> int:
        rounds.append(1)
        if len(rounds) == 1:
            raise sa.exc.OperationalError("x", {}, Exception())
        stop.set()
        return 0

    monkeypatch.setattr("bot.notify.EVERY_S", 0.01)
    monkeypatch.setattr(world.notifier, "round", fail_once)
    stop = asyncio.Event()
    asyncio.run(asyncio.wait_for(world.notifier.run(stop), timeout=10))
    assert len(rounds) == 2


def test_a_password_is_used_where_one_is_set(mail, hook):
    settings = load_settings(environ_of(mail, hook, SMTP_USER="bot", SMTP_PASSWORD="secret"), dotenv=None)
    asyncio.run(send_email(Notice(1, Why.WAITING, NOW, "https://x.example"), settings))
    assert len(mail.messages) == 1


def test_the_process_starts_sends_and_stops_when_told(tmp_path, mail, hook):
    world = World(tmp_path, environ_of(mail, hook), [])
    world.now = utc_now()
    world.ask()
    environ = {
        **environ_of(mail, hook), "DATABASE_URL": str(world.engine.url), "SMA_RASA_PORT": "9", "PATH": "",
        "PYTHONWARNINGS": "ignore",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "bot.notify"], cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and not (mail.messages and hook.got):
            time.sleep(0.1)
        assert mail.messages and hook.got
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
