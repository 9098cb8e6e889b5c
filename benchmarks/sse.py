"""Event streams under load: 200 listeners while 20 people chat, against the real processes.

`python -m benchmarks.sse` prints the p95 of a turn without and with the listeners, and fails when a listener missed a
message, heard one twice or out of order, or when the listeners make a turn more than four times as slow.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bot.core.content import all_topics
from tests.journeys.stack import run_stack

PEOPLE = 20
MESSAGES_EACH = 5
PAUSE_S = (0.5, 2.5)
"""Between the messages of one person; much quicker than anybody types."""
LISTENERS_TO_A_CHAT = 5
IDLE_LISTENERS = 100
SLOWER_AT_MOST = 4.0
HEARD_WITHIN_S = 10.0


@dataclass
class Listener:
    """One stream, and the ids that came through it."""

    talk: Talk
    ids: list[int] = field(default_factory=list)
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Listen until cancelled."""
        headers = {**self.talk.headers, "Last-Event-ID": "0"}
        async with self.talk.http.stream("GET", "/events", headers=headers, timeout=None) as stream:
            stream.raise_for_status()
            self.is_open.set()
            async for line in stream.aiter_lines():
                if line.startswith("data: ") and '"sender"' in line:
                    self.ids.append(json.loads(line[6:])["id"])


@dataclass
class Talk:
    """One conversation."""

    http: httpx.AsyncClient
    headers: dict[str, str]
    took_ms: list[float] = field(default_factory=list)

    @classmethod
    async def start(cls, http: httpx.AsyncClient) -> Talk:
        """A new conversation."""
        answer = await http.post("/conversations", json={})
        answer.raise_for_status()
        return cls(http, {"Authorization": f"Bearer {answer.json()['token']}"})

    async def chat(self, questions: list[str]) -> None:
        """Say one thing after the other, with pauses."""
        for question in questions:
            await asyncio.sleep(random.uniform(*PAUSE_S))
            started = time.perf_counter()
            body = {"client_message_id": uuid.uuid4().hex, "text": question}
            answer = await self.http.post("/messages", json=body, headers=self.headers)
            answer.raise_for_status()
            self.took_ms.append((time.perf_counter() - started) * 1000)

    async def ids(self) -> list[int]:
        """Ids of everything said, as stored."""
        answer = await self.http.get("/messages", headers=self.headers)
        return [message["id"] for message in answer.json()["messages"]]


@dataclass(frozen=True)
class Result:
    """What was measured."""

    turns: int
    p95_alone_ms: float
    p95_heard_ms: float
    listeners: int
    messages_due: int
    """Over all listeners."""
    lost: int
    doubled: int
    disordered: int

    @property
    def ratio(self) -> float:
        """How much slower a turn is with the listeners."""
        return self.p95_heard_ms / self.p95_alone_ms

    @property
    def is_good(self) -> bool:
        """Whether what was promised holds."""
        return not (self.lost or self.doubled or self.disordered) and self.ratio <= SLOWER_AT_MOST

    def __str__(self) -> str:
        return (
            f"{PEOPLE} people, {self.turns} turns: p95 {self.p95_alone_ms:.0f} ms; with {self.listeners} listeners "
            f"{self.p95_heard_ms:.0f} ms ({self.ratio:.2f} times; at most {SLOWER_AT_MOST:.0f}).\n"
            f"{self.messages_due} messages due to listeners: {self.lost} lost, {self.doubled} doubled, "
            f"{self.disordered} out of order."
        )


async def measure(base: str) -> Result:
    """Chat once without and once with listeners."""
    questions = [topic.holdout[0] for topic in all_topics().values() if topic.holdout]
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=f"{base}/webhooks/web", timeout=60, limits=limits) as http:

        async def chat() -> list[Talk]:
            talks = [await Talk.start(http) for _ in range(PEOPLE)]
            await asyncio.gather(*(talk.chat(random.sample(questions, MESSAGES_EACH)) for talk in talks))
            return talks

        warm = await Talk.start(http)
        await warm.chat(questions[:2])
        alone = await chat()
        talks = [await Talk.start(http) for _ in range(PEOPLE)]
        idle = [await Talk.start(http) for _ in range(IDLE_LISTENERS)]
        listeners = [Listener(talk) for talk in talks for _ in range(LISTENERS_TO_A_CHAT)]
        listeners += [Listener(talk) for talk in idle]
        tasks = [asyncio.ensure_future(listener.run()) for listener in listeners]
        await asyncio.gather(*(listener.is_open.wait() for listener in listeners))
        await asyncio.gather(*(talk.chat(random.sample(questions, MESSAGES_EACH)) for talk in talks))
        due = {id(talk): await talk.ids() for talk in [*talks, *idle]}
        until = time.monotonic() + HEARD_WITHIN_S
        while time.monotonic() < until and any(len(each.ids) < len(due[id(each.talk)]) for each in listeners):
            await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return Result(
        turns=PEOPLE * MESSAGES_EACH,
        p95_alone_ms=_p95(alone),
        p95_heard_ms=_p95(talks),
        listeners=len(listeners),
        messages_due=sum(len(due[id(each.talk)]) for each in listeners),
        lost=sum(len(set(due[id(each.talk)]) - set(each.ids)) for each in listeners),
        doubled=sum(len(each.ids) - len(set(each.ids)) for each in listeners),
        disordered=sum(each.ids != sorted(each.ids) for each in listeners),
    )


def _p95(talks: list[Talk]) -> float:
    return statistics.quantiles([ms for talk in talks for ms in talk.took_ms], n=20)[-1]


def main() -> int:
    """Start the processes, measure, print; the exit code."""
    with tempfile.TemporaryDirectory() as folder, run_stack(Path(folder)) as stack:
        result = asyncio.run(measure(stack.web))
    print(result)
    return 0 if result.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
