"""The channel inside Rasa."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.channels.web import WebInput, WebOutput
from tests.channels.web_server import WebServer, is_problem, say, serve_web, wait_until


def test_health_says_whether_the_agent_and_the_database_answer(web: WebServer) -> None:
    assert web.client().get("/health").json() == {"status": "ok"}
    web.agent.ready = False
    try:
        assert is_problem(web.client().get("/health"), 503)
    finally:
        web.agent.ready = True


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/messages", 405), ("GET", "/token", 405)]
)
def test_what_does_not_exist_is_a_problem_too(web: WebServer, method: str, path: str, status: int) -> None:
    assert is_problem(web.client().request(method, path), status)


def test_rasas_own_api_stays_behind_its_token(web: WebServer) -> None:
    assert httpx.get(f"{web.base}/conversations/x/tracker").status_code == 401


def test_the_contract_names_every_route() -> None:
    """docs/web-channel.md and the channel must not drift apart."""
    text = (Path(__file__).parents[2] / "docs" / "web-channel.md").read_text(encoding="utf-8")
    for call in ("POST /conversations", "POST /token", "POST /messages", "GET /messages", "GET /events",
                 "POST /feedback", "GET /transcript", "DELETE /conversation"):  # fmt: skip
        assert call in text


def test_overdue_conversations_are_erased_without_anybody_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_RETENTION_S", "RETENTION_EVERY_S"):
        monkeypatch.setattr(f"bot.channels.web.{name}", 0.1)
    with serve_web(tmp_path) as web:
        say(web.caregiver(), "long ago")
        with web.engine.begin() as connection:
            connection.execute(sa.text("UPDATE conversations SET last_at = '2020-01-01 00:00:00.000000'"))
        wait_until(lambda: web.count("conversations") == 0)
        assert web.count("messages") == web.count("events") == 0


def test_a_message_to_the_output_channel_wakes_those_who_listen() -> None:
    woken: list[str] = []

    class Ears:
        def wake_soon(self, conversation_id: str, delay_s: float) -> None:
            woken.append(conversation_id)

    asyncio.run(WebOutput(Ears()).send_response("web-1", {"text": "hello"}))  # type: ignore[arg-type]
    asyncio.run(WebOutput(None).send_response("web-2", {"text": "hello"}))

    assert woken == ["web-1"] and WebOutput.name() == WebInput.name() == "web"
