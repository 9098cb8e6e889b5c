"""The same conversations on the web and on Telegram end the same way: kinds and topics are equal."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa

from bot.channels.telegram_commands import PAYLOADS, Command
from bot.channels.telegram_incoming import sender_id_of
from tests.journeys.stack import Stack, run_stack
from tests.telegram.bot_api import TOKEN, BotApi

SCRIPT: dict[str, list[str]] = {
    "a question and a follow-up": ["what is spinraza", "does it hurt", "/sources"],
    "an emergency in the middle": ["how is spinraza given", "my baby is blue and not breathing", "thank you"],
    "small talk": ["hello", "are you a real doctor", "thanks"],
    "a decision about one person": ["how much risdiplam should i give my daughter", "/human"],
    "something else": ["what is the capital of france", "who won the football match"],
    "nothing understood": ["asdf qwer", "????", "🙂"],
    "the menu": ["/help", "/topics", "/emergency"],
    "stem cells": ["can stem cells cure sma", "is there a clinic that does it"],
    "another language": ["¿qué es la atrofia muscular espinal?"],
    "a crisis": ["i want to end my life"],
}

IN_WORDS = {"/sources": "show me the sources", "/help": "what can you do"}

Ending = tuple[str | None, str | None]


@pytest.fixture(scope="module")
def api() -> Iterator[BotApi]:
    with BotApi() as made:
        yield made


@pytest.fixture(scope="module")
def stack(api: BotApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    environ = {"TELEGRAM_MODE": "polling", "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": api.url,
               "TELEGRAM_MESSAGES_PER_MINUTE": "10000"}  # fmt: skip
    with run_stack(tmp_path_factory.mktemp("same-script"), environ=environ) as made:
        yield made


def on_the_web(stack: Stack, lines: list[str]) -> list[list[Ending]]:
    with httpx.Client(base_url=f"{stack.web}/webhooks/web", timeout=60) as client:
        client.headers["Authorization"] = f"Bearer {client.post('/conversations', json={}).json()['token']}"
        endings = []
        for line in lines:
            body: dict[str, str] = {"client_message_id": uuid.uuid4().hex, "text": line}
            if line.startswith("/"):
                payload = PAYLOADS[Command(line[1:])]
                body = {"client_message_id": body["client_message_id"], "payload": payload, "title": line}
            answer = client.post("/messages", json=body)
            if answer.status_code == 409:
                # The web takes a payload only where it was offered: the words do the same.
                body = {"client_message_id": body["client_message_id"], "text": IN_WORDS[line]}
                answer = client.post("/messages", json=body)
            assert answer.status_code == 200, (line, answer.text)
            replies = answer.json()["messages"][1:]
            endings.append([(m["kind"], m["payload"].get("topic")) for m in replies])
    return endings


def on_telegram(stack: Stack, api: BotApi, chat: int, lines: list[str]) -> list[list[Ending]]:
    for line in lines:
        api.ask(chat, line, within_s=60)
        api.wait(lambda: _is_idle(stack, api), within_s=60)
    sender_id = sender_id_of(chat, stack.environ["SMA_SECRET_KEY"])
    query = sa.text("SELECT sender, kind, payload FROM messages WHERE conversation_id = :id ORDER BY id")
    endings: list[list[Ending]] = []
    with stack.engine.connect() as connection:
        for row in connection.execute(query.columns(payload=sa.JSON), {"id": sender_id}):
            if row.sender == "caregiver":
                endings.append([])
            else:
                endings[-1].append((row.kind, row.payload.get("topic")))
    return endings


def _is_idle(stack: Stack, api: BotApi) -> bool:
    health = httpx.get(f"{stack.web}/webhooks/telegram/health", timeout=10).json()
    return not api.pending() and health["waiting"] == {"updates": 0, "messages": 0}


@pytest.mark.parametrize("name", SCRIPT)
def test_endings_are_equal(stack: Stack, api: BotApi, name: str) -> None:
    chat = 3_000_000 + list(SCRIPT).index(name)
    web, telegram = on_the_web(stack, SCRIPT[name]), on_telegram(stack, api, chat, SCRIPT[name])
    assert web == telegram
    assert all(endings for endings in web)
