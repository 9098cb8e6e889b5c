"""What all actions share: the content, one way to utter a Reply, and never an exception that leaves silence."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ACTION_LISTEN_NAME

from bot.core.composer import BUTTONS, Composer
from bot.core.replies import Reply, ReplyKind
from bot.store.approvals import approval_lookup

log = logging.getLogger(__name__)

MISSES = {ReplyKind.UNSURE, ReplyKind.CLARIFY}
Events = list[dict[str, Any]]

__all__ = ["ACTION_LISTEN_NAME", "Action", "CollectingDispatcher", "Events", "SafeAction", "Tracker", "composer"]


@lru_cache(maxsize=1)
def composer() -> Composer:
    """The content, read once a process."""
    return Composer.load(approval_of=approval_lookup())


class SafeAction(Action):
    """An action that always answers. A subclass writes `respond`; what it raises becomes the `error` reply."""

    action_name: ClassVar[str] = ""

    def name(self) -> str:
        """The name in domain.yml."""
        return self.action_name

    def respond(self, tracker: Tracker) -> tuple[Reply | None, Events]:
        """The reply (None: nothing is said) and further events."""
        raise NotImplementedError

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]) -> Events:
        """See rasa_sdk.Action.run."""
        try:
            reply, events = self.respond(tracker)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, a person must not meet silence
            # Only the kind of fault: its message may hold what the person wrote.
            log.error("ending=error action=%s error=%s", self.name(), type(error).__name__)
            reply, events = composer().fixed("error/any"), []
        if reply is None:
            return events
        if reply.kind in MISSES and float(tracker.get_slot("misses") or 0) >= 1:
            reply = offering_a_person(reply)
        utter(dispatcher, reply)
        return [*remember(reply, tracker), *events]


def offering_a_person(reply: Reply) -> Reply:
    """The same reply, with a way to a person: two misses in a row offer one without being asked."""
    human = BUTTONS["human"]
    return reply if any(button.payload == human.payload for button in reply.buttons) else reply.with_buttons(human)


def utter(dispatcher: CollectingDispatcher, reply: Reply) -> None:
    """Say a reply: complete plain text for any client, and the contract's payload for ours."""
    buttons = [{"title": button.title, "payload": button.payload} for button in reply.buttons]
    dispatcher.utter_message(text=reply.plain_text(), json_message=reply.payload(), buttons=buttons)


def remember(reply: Reply, tracker: Tracker) -> Events:
    """Slots that the next message may lean on."""
    misses = float(tracker.get_slot("misses") or 0)
    events = [
        SlotSet("last_kind", reply.kind.value),
        SlotSet("misses", misses + 1 if reply.kind in MISSES and not reply.extra.get("no_miss") else 0.0),
    ]
    if reply.topic:
        subject = decision(tracker).get("subject") if decision(tracker).get("topic") == reply.topic else None
        events += [SlotSet("last_topic", reply.topic), SlotSet("last_subject", subject or _subject_of(reply.topic))]
    return events


def decision(tracker: Tracker) -> dict[str, Any]:
    """What the gate decided about the latest message; empty for a pressed button."""
    return (tracker.latest_message or {}).get("decision") or {}


def pressed(tracker: Tracker, entity: str) -> str | None:
    """The value that a pressed button carries."""
    for found in (tracker.latest_message or {}).get("entities") or []:
        if found.get("entity") == entity:
            return str(found.get("value"))
    return None


def _subject_of(topic: str) -> str | None:
    """The medicine or therapy that a topic is about, from its id; None when it is about none in particular."""
    name = topic.split(".", 1)[1]
    for subject in ("nusinersen", "risdiplam", "zolgensma", "itvisma", "apitegromab", "salanersen"):
        if name.startswith(subject):
            return subject
    return "stem_cells" if topic.startswith("stem_cells.") else None
