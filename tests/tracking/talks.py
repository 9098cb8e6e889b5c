"""Turns as Rasa hands them to the tracker store."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.core.settings import ROOT
from bot.tracking.store import ConversationStore

DOMAIN = Domain.load(str(ROOT / "domain.yml"))


def make_store(url: str) -> ConversationStore:
    """Our tracker store on a database."""
    return ConversationStore(domain=DOMAIN, host=url)


def load(store: ConversationStore, conversation: str = "web-1") -> DialogueStateTracker:
    """The tracker as a new turn finds it."""
    found = asyncio.run(store.retrieve(conversation))
    if found is None:
        found = DialogueStateTracker(conversation, DOMAIN.slots)
        found.update(ActionExecuted("action_session_start"))
        found.update(ActionExecuted("action_listen"))
    return found


def take_turn(
    store: ConversationStore,
    text: str,
    *,
    conversation: str = "web-1",
    intent: str = "faq",
    payload: dict[str, Any] | None = None,
    slots: dict[str, Any] | None = None,
    decision: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
) -> DialogueStateTracker:
    """One whole turn: read, answer, store."""
    tracker = load(store, conversation)
    parsed = {
        "text": text, "intent": {"name": intent, "confidence": 0.9}, "entities": [], "decision": decision or {},
        "labels": [{"name": "faq/breathing.niv", "confidence": 0.9}], "metadata": {"context": {"topic": None}},
    }  # fmt: skip
    user = UserUttered(
        text, intent=parsed["intent"], parse_data=parsed, input_channel="web",
        metadata={"client_message_id": f"m{len(tracker.events)}-{hash(text)}", **(metadata or {})},
    )  # fmt: skip
    payload = {"kind": "answer", "topic": "breathing.niv", **(payload or {})}
    events = [user, *(SlotSet(name, value) for name, value in (slots or {}).items()), ActionExecuted("action_answer"),
              BotUttered("An answer.", {"custom": payload}), ActionExecuted("action_listen")]  # fmt: skip
    for event in events:
        tracker.update(event)
    asyncio.run(store.save(tracker))
    return tracker
