"""The few places where Rasa 3.6.21 itself is changed, each with its reason. `apply()` is safe to call twice.

Rasa is pinned to one version that gets no further releases, so these places do not move.
"""

from __future__ import annotations

import copy
import logging
import time
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

import jsonschema
import rasa.core.actions.action as rasa_action
import rasa.core.agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.processor import MessageProcessor
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.core.composer import BUTTONS, load_fixed_replies
from bot.core.content import CONTENT_DIR
from bot.core.context import Context
from bot.core.gate import Intent
from bot.core.handoff_talk import FORM, Step, TalkIntent, talk_intent
from bot.core.replies import Reply
from bot.core.settings import load_settings
from bot.store.handoff_reads import is_let_go

log = logging.getLogger(__name__)

_ALWAYS_ANSWERED = (Intent.EMERGENCY.value, Intent.CRISIS.value)


@cache
def apply() -> None:
    """Change Rasa in this process."""
    _build_schema_validator_once()
    _limit_slow_actions()
    _never_fall_back_to_memory()
    _give_the_gate_its_context()
    _never_silent()
    _never_fill_in_texts()
    _run_graphs_in_order()


def _build_schema_validator_once() -> None:
    """Rasa re-checks a constant JSON schema on each call of the action server: half of a turn's time.

    Even built once it takes 2 ms to walk through an answer; what our own actions send is seen to be right without it.
    """
    validator = jsonschema.Draft7Validator(rasa_action.RemoteAction.action_response_format_spec())

    def validate(self: Any, result: dict[str, Any]) -> bool:
        if not _is_plainly_valid(result):
            validator.validate(result)
        return True

    rasa_action.RemoteAction._validate_action_result = validate  # type: ignore[method-assign]


def _is_plainly_valid(result: Any) -> bool:
    """Whether an answer of the action server holds nothing but set slots and responses."""
    if not isinstance(result, dict):
        return False
    events, responses = result.get("events"), result.get("responses")
    return (
        isinstance(events, list)
        and isinstance(responses, list)
        and all(map(_sets_a_slot, events))
        and all(isinstance(response, dict) for response in responses)
    )


def _sets_a_slot(event: Any) -> bool:
    return (
        isinstance(event, dict)
        and event.get("event") == "slot"
        and isinstance(event.get("name"), str)
        and "value" in event
        and isinstance(event.get("timestamp"), (int, float, type(None)))
    )


def _never_fill_in_texts() -> None:
    """Our texts hold no placeholders: what stands in braces is a button's payload, and stays as it is."""

    def as_it_is(self: Any, response: dict[str, Any], *_args: Any, **_kwargs: Any) -> dict[str, Any]:
        return response

    TemplatedNaturalLanguageGenerator._fill_response = as_it_is  # type: ignore[method-assign]


def _run_graphs_in_order() -> None:
    """Rasa has dask find the order of a graph's nodes for each message, and formats its inputs for a log that is off.

    Our graphs are small and never change: the order is found once.
    """

    def order_of(runner: DaskGraphRunner, targets: tuple[str, ...]) -> list[tuple[str, list[str]]]:
        nodes = runner._graph_schema.minimal_graph_schema(list(targets)).nodes
        needs = {name: list(node.needs.values()) for name, node in nodes.items()}
        return [(name, needs[name]) for name in TopologicalSorter(needs).static_order() if name in needs]

    def run(
        self: DaskGraphRunner, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
    ) -> dict[str, Any]:
        wanted = tuple(targets or self._graph_schema.target_names)
        orders = self.__dict__.setdefault("_companion_orders", {})
        if wanted not in orders:
            orders[wanted] = order_of(self, wanted)
        done = {name: (name, value) for name, value in (inputs or {}).items()}
        for name, needs in orders[wanted]:
            done[name] = self._instantiated_nodes[name](*(done[need] for need in needs))
        return dict(done[name] for name in wanted)

    DaskGraphRunner.run = run  # type: ignore[method-assign]


def _limit_slow_actions() -> None:
    """Rasa waits five minutes for an action."""
    rasa_action.DEFAULT_REQUEST_TIMEOUT = load_settings().sma_action_timeout_s


def _never_fall_back_to_memory() -> None:
    """Rasa goes on in memory when the database fails: every conversation would be gone with the process."""
    rasa.core.agent.FailSafeTrackerStore = lambda store: store  # type: ignore[assignment,misc]


def _give_the_gate_its_context() -> None:
    """NLU sees the message alone; a follow-up ("does it hurt?") needs the slots of the conversation as well.

    While staff hold the conversation every message is theirs, except for emergencies and crises. That they let it go
    reaches the slot a moment later, with the words that say so: what is written in that moment is the bot's to answer.
    """
    parse = MessageProcessor._parse_message_with_graph

    def parse_with_context(
        self: MessageProcessor, message: UserMessage, tracker: DialogueStateTracker, only_output_properties: bool = True
    ) -> dict[str, Any]:
        context = Context.from_slots(tracker.current_slot_values())
        told = copy.copy(message)
        told.metadata = {**(message.metadata or {}), "context": vars(context)}
        parsed = parse(self, told, tracker, only_output_properties)
        parsed.pop("metadata", None)
        intent = (parsed.get("intent") or {}).get("name")
        if intent in _ALWAYS_ANSWERED:
            pass
        elif context.with_staff and not _asks_for_emergency_numbers(parsed) and not _is_let_go(self, tracker):
            parsed["intent"] = {"name": Intent.TO_STAFF.value, "confidence": 1.0}
        else:
            _decide_talk(parsed, message, tracker)
        if tracker.active_loop and parsed["intent"].get("name") != TalkIntent.INPUT.value:
            # The form would take whatever comes. Not an event: the next message is for the form again.
            tracker.active_loop.rejected = True
        return parsed

    MessageProcessor._parse_message_with_graph = parse_with_context  # type: ignore[method-assign]


def _decide_talk(parsed: dict[str, Any], message: UserMessage, tracker: DialogueStateTracker) -> None:
    """Parts of the talk before a hand-off have intents of their own, which depend on what the form asks for."""
    step = Step(tracker.get_slot(REQUESTED_SLOT)) if tracker.active_loop_name == FORM else None
    intent = str((parsed.get("intent") or {}).get("name"))
    entities = parsed.get("entities") or []
    pressed = next((e.get("value") for e in entities if e.get("entity") == "label"), None)
    decision = parsed.get("decision") or {}
    label = pressed if intent == "press" else decision.get("label")
    region = (message.metadata or {}).get("region")
    found = talk_intent(str(message.text or ""), intent=intent, label=label, step=step, region=region,
                        is_follow_up=decision.get("via") == "context")  # fmt: skip
    if found is None:
        return
    parsed["intent"] = {"name": found.value, "confidence": 1.0}
    detail = step.value if step else None
    parsed["decision"] = {"intent": found.value, "via": "handoff", "label": label, "detail": detail}


def _never_silent() -> None:
    """A turn whose action failed ends in silence in Rasa; here it ends with a safe text and the emergency line."""
    run_loop = MessageProcessor._run_prediction_loop
    safe = load_fixed_replies(CONTENT_DIR / "replies.yml")["error/any"]
    reply = Reply(safe.kind, safe.text, buttons=[BUTTONS[name] for name in safe.buttons])

    async def run_and_answer(
        self: MessageProcessor, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> None:
        started = time.perf_counter()
        try:
            await run_loop(self, output_channel, tracker)
        finally:
            said = _said_since_the_message(tracker)
            intent = tracker.latest_message.intent.get("name") if tracker.latest_message else None
            if not said and intent != Intent.TO_STAFF.value:
                data = {"custom": reply.payload(), "buttons": [vars(b) for b in reply.buttons]}
                said = [BotUttered(reply.plain_text(), data)]
                tracker.update(said[0])
                await self.execute_side_effects(list(said), tracker, output_channel)
            _log_ending(said, intent, time.perf_counter() - started)

    MessageProcessor._run_prediction_loop = run_and_answer  # type: ignore[method-assign]


def _is_let_go(processor: MessageProcessor, tracker: DialogueStateTracker) -> bool:
    engine = getattr(processor.tracker_store, "engine", None)
    return engine is not None and is_let_go(engine, tracker.sender_id)


def _asks_for_emergency_numbers(parsed: dict[str, Any]) -> bool:
    """Whether the button with the emergency numbers was pressed: it answers whoever holds the conversation."""
    return any(e.get("value") == "requests/emergency_number" for e in parsed.get("entities") or [])


def _said_since_the_message(tracker: DialogueStateTracker) -> list[BotUttered]:
    said: list[BotUttered] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            break
        if isinstance(event, BotUttered):
            said.insert(0, event)
    return said


def _log_ending(said: list[BotUttered], intent: str | None, seconds: float) -> None:
    """Ids and endings only, never what a person wrote."""
    custom = ((said[-1].data or {}).get("custom") or {}) if said else {}
    ending = custom.get("kind") or ("to_staff" if intent == Intent.TO_STAFF.value else "none")
    log.info("ending=%s topic=%s intent=%s ms=%.0f", ending, custom.get("topic"), intent, seconds * 1000)
