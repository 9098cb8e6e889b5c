"""Cost of a turn: p50 and p95 for fresh conversations, and messages a second at 16 users; ours beside a stock bot.

Both run as real processes on loopback with an SQLite file each, with the same action server and the same questions;
bounded in count. They are measured in turns, three times each, and the medians are printed: the speed of a shared
machine changes by half within minutes, and what is compared must have met the same minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
from cryptography.fernet import Fernet

from benchmarks.stock import write_stock_bot
from bot.core.content import all_topics
from bot.core.settings import ROOT

FRESH = 40
USERS = 16
MESSAGES_A_USER = 6
ROUNDS = 3
READY_WITHIN_S = 300
"""A stock bot of this size takes a minute to load its networks on a busy machine."""
STOCK_EPOCHS = 2
"""Speed of serving does not depend on how long DIET was trained."""


@dataclass(frozen=True)
class Figures:
    """What was measured of one bot."""

    p50_ms: float
    p95_ms: float
    per_second: float


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def process(command: list[str], environment: dict[str, str], *, ready: str, log: Path) -> Iterator[None]:
    """A process that answers at `ready`, ended by its own id."""
    with log.open("wb") as out:
        started = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + READY_WITHIN_S
            while time.monotonic() < deadline and started.poll() is None:
                with contextlib.suppress(httpx.HTTPError):
                    if httpx.get(ready, timeout=2).status_code < 500:
                        break
                time.sleep(0.3)
            else:
                raise RuntimeError(f"{command[:4]} did not answer; see {log}")
            yield
        finally:
            started.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(15)
            started.kill()


class Ours:
    """A client of the web channel."""

    def __init__(self, base: str) -> None:
        self._base = f"{base}/webhooks/web"

    async def start(self, client: httpx.AsyncClient) -> str:
        answer = await client.post(f"{self._base}/conversations", json={})
        answer.raise_for_status()
        return str(answer.json()["token"])

    async def say(self, client: httpx.AsyncClient, token: str, text: str) -> None:
        body = {"client_message_id": uuid.uuid4().hex, "text": text}
        answer = await client.post(f"{self._base}/messages", json=body, headers={"Authorization": f"Bearer {token}"})
        answer.raise_for_status()


class Stock:
    """A client of Rasa's REST channel."""

    def __init__(self, base: str) -> None:
        self._address = f"{base}/webhooks/rest/webhook"

    async def start(self, client: httpx.AsyncClient) -> str:
        return uuid.uuid4().hex

    async def say(self, client: httpx.AsyncClient, token: str, text: str) -> None:
        answer = await client.post(self._address, json={"sender": token, "message": text})
        answer.raise_for_status()
        assert answer.json(), "the bot said nothing"


async def measure(bot: Ours | Stock, questions: list[str]) -> Figures:
    """Fresh conversations one after the other, then all users at once."""
    async with httpx.AsyncClient(timeout=60) as client:
        for text in questions[:5]:
            await bot.say(client, await bot.start(client), text)
        times = []
        for number in range(FRESH):
            token = await bot.start(client)
            started = time.perf_counter()
            await bot.say(client, token, questions[number % len(questions)])
            times.append((time.perf_counter() - started) * 1000)

        async def user(number: int) -> None:
            token = await bot.start(client)
            for turn in range(MESSAGES_A_USER):
                await bot.say(client, token, questions[(number * 7 + turn) % len(questions)])

        started = time.perf_counter()
        await asyncio.gather(*(user(number) for number in range(USERS)))
        seconds = time.perf_counter() - started
    times.sort()
    return Figures(times[len(times) // 2], times[int(len(times) * 0.95)], USERS * MESSAGES_A_USER / seconds)


def questions() -> list[str]:
    """Holdouts: real wordings that no model was trained on."""
    return [topic.holdout[0] for topic in all_topics().values()]


def main() -> None:
    """Print both bots' figures."""
    with tempfile.TemporaryDirectory() as scratch_name:
        scratch = Path(scratch_name)
        actions, rasa, stock = free_port(), free_port(), free_port()
        secrets = {"SMA_SECRET_KEY": "s" * 32, "SMA_DATA_KEY": Fernet.generate_key().decode(),
                   "SMA_INTERNAL_TOKEN": "t" * 32, "DATABASE_URL": f"sqlite:///{scratch}/ours.db",
                   "SMA_ACTIONS_PORT": str(actions), "SMA_RASA_PORT": str(rasa), "TELEGRAM_MODE": "off",
                   "WEB_REQUESTS_PER_MINUTE": "100000", "WEB_MESSAGES_PER_MINUTE": "100000"}  # fmt: skip
        migrate = [sys.executable, "-m", "bot", "migrate"]
        subprocess.run(migrate, cwd=ROOT, env={**os.environ, **secrets}, check=True, capture_output=True)
        local = "http://127.0.0.1"
        with process([sys.executable, "-m", "bot.serve_actions"], secrets, ready=f"{local}:{actions}/health",
                     log=scratch / "actions.log"):  # fmt: skip
            started = time.perf_counter()
            with process([sys.executable, "-m", "bot.serve"], secrets, ready=f"{local}:{rasa}/webhooks/web/health",
                         log=scratch / "ours.log"):  # fmt: skip
                print(f"ours: ready after {time.perf_counter() - started:.1f} s", flush=True)
                rows = _beside_stock(scratch, actions, stock, Ours(f"{local}:{rasa}"))
    print(f"{'':<8}{'p50 ms':>10}{'p95 ms':>10}{'messages/s at 16 users':>26}")
    for name, row in rows.items():
        print(f"{name:<8}{row.p50_ms:>10.1f}{row.p95_ms:>10.1f}{row.per_second:>26.1f}")
    print(f"ours / stock throughput: {rows['ours'].per_second / rows['stock'].per_second:.1f}")


def _beside_stock(scratch: Path, actions: int, stock: int, ours: Ours) -> dict[str, Figures]:
    """Train and start the stock bot beside ours, and measure both."""
    local, folder = "http://127.0.0.1", scratch / "stock"
    write_stock_bot(folder, epochs=STOCK_EPOCHS)
    (folder / "endpoints.yml").write_text(
        f"action_endpoint:\n  url: {local}:{actions}/webhook\n"
        f"tracker_store:\n  type: SQL\n  dialect: sqlite\n  db: {folder}/stock.db\n"
    )
    rasa_command = [sys.executable, "-m", "rasa"]
    train = [*rasa_command, "train", "--domain", f"{folder}/domain.yml", "--config", f"{folder}/config.yml",
             "--data", f"{folder}/nlu.yml", f"{folder}/stories.yml", "--augmentation", "0",
             "--out", f"{folder}/models"]  # fmt: skip
    subprocess.run(train, cwd=folder, check=True, capture_output=True)
    run = [*rasa_command, "run", "--model", f"{folder}/models", "--endpoints", f"{folder}/endpoints.yml",
           "--credentials", f"{folder}/credentials.yml", "--port", str(stock), "-i", "127.0.0.1"]  # fmt: skip
    theirs = Stock(f"{local}:{stock}")
    with process(run, {}, ready=f"{local}:{stock}/webhooks/rest/", log=scratch / "stock.log"):
        rounds = [
            {name: asyncio.run(measure(bot, questions())) for name, bot in (("ours", ours), ("stock", theirs))}
            for _ in range(ROUNDS)
        ]
    return {name: Figures(*(median(vars(each[name])[field] for each in rounds) for field in vars(rounds[0][name])))
            for name in ("ours", "stock")}  # fmt: skip


if __name__ == "__main__":
    main()
