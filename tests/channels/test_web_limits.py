"""Rate limits."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.channels import counting
from bot.channels.web_limits import Limits
from tests.channels.web_server import is_problem, say, serve_web


def test_one_too_many_has_to_wait_until_the_minute_is_over() -> None:
    limits = Limits(messages_per_minute=2, requests_per_minute=100)

    assert [limits.message("web-1") is None for _ in range(3)] == [True, True, False]
    assert 1 <= (limits.message("web-1") or 0) <= 60
    assert limits.message("web-2") is None and limits.request("web-1") is None


def test_counting_starts_one_thread_at_first_and_none_with_each_count() -> None:
    limits = Limits(messages_per_minute=1000, requests_per_minute=1000)
    time.sleep(0.1)
    before = threading.active_count()
    for _ in range(50):
        assert limits.message("web-1") is None and threading.active_count() <= before


def test_what_has_run_out_is_tidied_away_after_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "REST_S", 0.2)
    storage = counting.CalmStorage()
    storage.incr("gone", expiry=0)
    time.sleep(0.3)
    storage.incr("here", expiry=60)
    time.sleep(0.2)
    assert set(storage.storage) == {"here"}


def test_a_redis_that_is_down_keeps_nobody_out_and_nobody_waiting() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        limits = Limits(
            messages_per_minute=1, requests_per_minute=1, redis_url=f"redis://127.0.0.1:{free.getsockname()[1]}"
        )
        started = time.monotonic()

        assert [limits.message("web-1") for _ in range(50)] == [None] * 50
    assert time.monotonic() - started < 2


def test_messages_over_the_limit_are_refused_with_a_time_to_wait(tmp_path: Path) -> None:
    with serve_web(tmp_path, {"WEB_MESSAGES_PER_MINUTE": "3"}) as web:
        caregiver, other = web.caregiver(), web.caregiver()
        for number in range(3):
            assert say(caregiver, f"message {number}", client_message_id=str(number)).status_code == 200
        refused = say(caregiver, "one more")

        assert is_problem(refused, 429) and 1 <= int(refused.headers["retry-after"]) <= 60
        assert "emergency" in refused.json()["detail"]
        assert say(caregiver, "message 0", client_message_id="0").status_code == 200, "a repeat costs nothing"
        assert say(caregiver, "my baby is not breathing").json()["messages"][-1]["kind"] == "emergency"
        assert say(other, "hello").status_code == 200


@pytest.mark.parametrize("forwarded", [None, "198.51.100.7"])
def test_requests_of_one_address_are_limited(tmp_path: Path, forwarded: str | None) -> None:
    with serve_web(tmp_path, {"WEB_REQUESTS_PER_MINUTE": "5"}) as web:
        client = web.client(**({"X-Forwarded-For": forwarded} if forwarded else {}))
        codes = [client.post("/conversations").status_code for _ in range(6)]

        assert codes == [201] * 5 + [429]
        elsewhere = web.client(**{"X-Forwarded-For": "198.51.100.8"})
        assert elsewhere.post("/conversations").status_code == 201
        assert client.get("/widget/widget.js").status_code == 200, "files are not counted"


def test_workers_with_a_redis_count_together(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        workers = [Limits(messages_per_minute=3, requests_per_minute=100, redis_url=url) for _ in range(2)]
        allowed = [workers[number % 2].message("web-1") is None for number in range(5)]

    assert allowed == [True, True, True, False, False]


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """A Redis of our own, that keeps nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
