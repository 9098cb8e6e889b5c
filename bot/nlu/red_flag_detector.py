"""Red flags as a component: last in the pipeline, since nothing may overrule an emergency.

The rules (content/red_flags.yml) decide; the message model's second ranking may add an
alarm where they see none.
"""

from __future__ import annotations

import logging
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.core.content import red_flag_rules
from bot.core.gate import Intent
from bot.core.topics import INTENT_PREFIX
from bot.nlu.keys import ALARMS, DECISION, LABELS, LEMMAS

log = logging.getLogger(__name__)

ENTITY = "red_flag"
HARMLESS = ("small_talk/", "out_of_scope/gibberish", "out_of_scope/off_topic", "out_of_scope/manipulation")
"""Labels beside which the model has to be surer; other illnesses and symptoms are not among them."""
DECISIONS = f"{Intent.CLINICAL_DECISION.value}/"
SHORT_WORDS = 5
"""So few words say too little to a model; the rules know the short cries for help."""
CLEAR_TOPIC = 0.7
"""A message that is so clearly a topic's question is seldom an emergency."""
LIKELY_DECISION = 0.5
"""Nor is one that so likely asks for a decision, unless it is a crisis: a plan to die is a decision as well."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=False)
class RedFlagDetector(GraphComponent):
    """Sets the intent to `emergency` or `crisis`, and the entity `red_flag` that chooses the fixed text."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._threshold = float(config["model_threshold"])
        self._threshold_in_part = float(config["model_threshold_in_part"])
        self._threshold_in_doubt = float(config["model_threshold_in_doubt"])
        self._threshold_in_decision = float(config["model_threshold_in_decision"])
        self._rules = red_flag_rules()
        self._kinds = {flag.id: str(flag.kind) for flag in self._rules.flags}

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Thresholds of the model; the rules have none."""
        return {"model_threshold": 0.3, "model_threshold_in_part": 0.9, "model_threshold_in_doubt": 0.55,
                "model_threshold_in_decision": 0.65}  # fmt: skip

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RedFlagDetector:
        """See GraphComponent.create."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Overrule whatever was decided before, where a message may describe an emergency."""
        for message in messages:
            found = self._by_rules(message) or self._by_model(message)
            if found is None:
                continue
            kind, value = found
            text = str(message.get(TEXT) or "")
            message.set(INTENT, {"name": kind, "confidence": 1.0}, add_to_output=True)
            entity = {"entity": ENTITY, "value": value, "start": 0, "end": len(text), "extractor": "RedFlagDetector"}
            message.set(ENTITIES, [*(message.get(ENTITIES) or []), entity], add_to_output=True)
        return messages

    def _by_rules(self, message: Message) -> tuple[str, str] | None:
        flag = self._rules.find(str(message.get(TEXT) or ""), lemmas=message.get(LEMMAS) or ())
        if flag is None:
            return None
        return flag.kind.value, f"{flag.id}.others" if flag.harm_to_others else flag.id

    def _by_model(self, message: Message) -> tuple[str, str] | None:
        decision = message.get(DECISION) or {}
        alarms = message.get(ALARMS)
        if not alarms or decision.get("via") in ("input", "language"):
            return None
        (flag, certainty), *in_parts = alarms
        if self._kinds.get(flag) != Intent.CRISIS.value and _is_likely_decision(message):
            threshold = self._threshold_in_decision
        else:
            threshold = self._threshold_in_doubt if self._in_doubt(message) else self._threshold
        if certainty < threshold and in_parts:
            flag, certainty = max(in_parts, key=lambda alarm: alarm[1])
            threshold = self._threshold_in_part
        return (self._kinds[flag], flag) if certainty >= threshold and flag in self._kinds else None

    def _in_doubt(self, message: Message) -> bool:
        """Whether something speaks against an alarm, so that the model has to be surer."""
        text = str(message.get(TEXT) or "")
        decided = str((message.get(DECISION) or {}).get("label") or "")
        best: dict[str, Any] = next(iter(message.get(LABELS) or ()), {"name": "", "confidence": 0.0})
        return (
            len(text.split()) <= SHORT_WORDS
            or decided.startswith(HARMLESS)
            or (best["name"].startswith(INTENT_PREFIX) and best["confidence"] >= CLEAR_TOPIC)
            # The rules saw the words of an emergency, but told of as past, planned or general.
            or bool(self._rules.explain(text, lemmas=message.get(LEMMAS) or ()))
        )


def _is_likely_decision(message: Message) -> bool:
    decision = message.get(DECISION) or {}
    return str(decision.get("label") or "").startswith(DECISIONS) and decision["confidence"] >= LIKELY_DECISION
