"""The channel inside Rasa."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.channels.web_server import WebServer, is_problem


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
