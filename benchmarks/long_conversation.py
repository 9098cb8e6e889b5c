"""What the 300th turn of a conversation costs beside the first: our tracker store, and Rasa's own.

A turn here is what a store does for it: read the conversation, make the state that is sent to the action server,
append a turn's events, save. Understanding and actions cost the same at any length and are left out. SQLite, the same
events for both; medians of the first turns of fresh conversations and of the last turns of a long one.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TURNS = 300
COUNTED = 25
"""Turns of each kind whose median counts."""
ALLOWED = 1.3
TEXT = "My daughter Oliveria is three and coughs a lot at night, could a cough assist help her to sleep through?"


@dataclass(frozen=True)
class LongConversation:
    """What was measured of one store."""

    name: str
    first_ms: float
    last_ms: float
    state_kb: float
    """Size of the state sent to the action server in the last turn."""

    @property
    def ratio(self) -> float:
        """The last turns beside the first."""
        return self.last_ms / self.first_ms

    def line(self) -> str:
        """For the terminal."""
        return (
            f"{self.name:<22} first turn {self.first_ms:6.1f} ms   turn {TURNS} {self.last_ms:6.1f} ms   "
            f"x {self.ratio:.2f}   sent to actions {self.state_kb:5.0f} kB"
        )


def measure(name: str, make_store: Callable[[Any, str], Any], *, turns: int = TURNS) -> LongConversation:
    """Run one conversation through a store; `make_store` gets the domain and a database address."""
    from rasa.shared.core.domain import Domain

    from bot.core.settings import ROOT
    from bot.store.database import make_engine
    from bot.store.migrate import migrate

    domain = Domain.load(str(ROOT / "domain.yml"))
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{Path(folder) / 'long.db'}"
        migrate(make_engine(address))
        store = make_store(domain, address)
        for _ in range(turns - COUNTED):
            asyncio.run(_turn(store, domain, "long"))
        firsts, lasts, size = [], [], 0
        # In turns, so that whatever else the machine does meets both alike.
        for number in range(COUNTED):
            firsts.append(_timed(store, domain, f"fresh-{number}")[0])
            took_ms, size = _timed(store, domain, "long")
            lasts.append(took_ms)
    return LongConversation(name, statistics.median(firsts), statistics.median(lasts), size / 1024)


def _timed(store: Any, domain: Any, conversation: str) -> tuple[float, int]:
    """Milliseconds of one turn, and the size of what is sent to the action server."""
    started = time.perf_counter()
    size = asyncio.run(_turn(store, domain, conversation))
    return (time.perf_counter() - started) * 1000, size


async def _turn(store: Any, domain: Any, conversation: str) -> int:
    """One turn; returns the size of the state that goes to the action server."""
    from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered
    from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

    tracker = await store.retrieve(conversation) or DialogueStateTracker(conversation, domain.slots)
    intent = {"name": "faq", "confidence": 0.9}
    labels = [{"name": f"faq/breathing.topic_{n}", "confidence": 0.1} for n in range(10)]
    parsed = {"text": TEXT, "intent": intent, "entities": [], "labels": labels, "decision": {"topic": "breathing.niv"}}
    tracker.update(UserUttered(TEXT, intent=intent, parse_data=parsed, input_channel="web"))
    sent = len(json.dumps(tracker.current_state(EventVerbosity.ALL)))
    payload = {"kind": "answer", "topic": "breathing.niv", "text": TEXT * 6, "sources": [{"title": "x" * 60}] * 3}
    for event in (
        ActionExecuted("action_answer"),
        SlotSet("last_topic", "breathing.niv"),
        SlotSet("misses", 0.0),
        BotUttered(TEXT * 8, {"custom": payload}),
        ActionExecuted("action_listen"),
    ):
        tracker.update(event)
    await store.save(tracker)
    return sent


def our_store(domain: Any, address: str) -> Any:
    """The one of endpoints.yml."""
    from bot.tracking.store import ConversationStore

    return ConversationStore(domain=domain, host=address)


def stock_store(domain: Any, address: str) -> Any:
    """Rasa's own for SQL."""
    from rasa.core.tracker_store import SQLTrackerStore

    return SQLTrackerStore(domain=domain, dialect="sqlite", db=address.removeprefix("sqlite:///"))


def main() -> None:
    """Print both; a ratio above what is allowed ends with an error."""
    from bot.serve import prepare_environment

    prepare_environment()
    ours, stock = measure("SMA Companion's store", our_store), measure("Rasa's own store", stock_store)
    print(f"Turn {TURNS} of one conversation beside its first turns (tracker store and state, SQLite):")
    for figures in (ours, stock):
        print(f"  {figures.line()}")
    if ours.ratio > ALLOWED:
        raise SystemExit(f"turn {TURNS} costs {ours.ratio:.2f} times the first; at most {ALLOWED} is allowed")


if __name__ == "__main__":
    main()
