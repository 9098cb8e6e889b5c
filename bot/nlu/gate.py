"""The gate as a component: one decision for each message, from everything that the others found."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.core.bad_input import bad_input
from bot.core.content import CONTENT_DIR, vocabulary
from bot.core.context import Context
from bot.core.gate import Decision, Intent, Ranking, Thresholds, decide, in_context
from bot.core.glossary import Glossary
from bot.core.languages import LanguageGuesser, Languages
from bot.core.other_conditions import OtherConditions
from bot.core.which_medicine import SIDE_EFFECT_TOPICS, asks_only_side_effects, names_no_medicine
from bot.core.which_sma import is_ambiguous_sma, means_other_sma
from bot.nlu.keys import DECISION, GROUPS, IN_CONTEXT, LABELS

ABOUT_SMA = (Intent.FAQ, Intent.CLARIFY, Intent.UNSURE)
"""What a question on another illness must not become; a wish or a decision keeps its own reply."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=False)
class Gate(GraphComponent):
    """Decides; the thresholds are in config.yml."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._glossary = Glossary.load(CONTENT_DIR / "glossary.yml")
        self._vocabulary = vocabulary()
        self._others = OtherConditions.load(CONTENT_DIR / "other_conditions.yml", vocabulary=self._vocabulary)
        self._languages = LanguageGuesser(Languages.load(CONTENT_DIR / "languages.yml"))

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The fields of Thresholds with their defaults."""
        return dict(vars(Thresholds()))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Gate:
        """See GraphComponent.create."""
        return cls(Thresholds(**{key: config[key] for key in vars(Thresholds())}))

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent that the rules see, and the decision with its reasons."""
        for message in messages:
            decision = self.decide(message)
            message.set(DECISION, decision.as_json(), add_to_output=True)
            message.set(INTENT, {"name": decision.intent.value, "confidence": decision.confidence}, add_to_output=True)
        return messages

    def decide(self, message: Message) -> Decision:
        """The decision for one message."""
        text = str(message.get(TEXT) or "")
        fault = bad_input(text)
        if fault:
            return Decision(Intent.BAD_INPUT, confidence=1.0, via="input", detail=fault.value)
        language = self._languages.guess(text)
        if language:
            return Decision(Intent.OTHER_LANGUAGE, confidence=1.0, via="language", detail=language)
        if means_other_sma(text):
            label = "out_of_scope/sma_other_meaning"
            return Decision(Intent.OUT_OF_SCOPE, label=label, confidence=1.0, via="name")
        if is_ambiguous_sma(text):
            return Decision(Intent.WHICH_SMA, confidence=1.0, via="name")
        return self._decide_english(message, text)

    def _decide_english(self, message: Message, text: str) -> Decision:
        subject = self._subject(message)
        ranking = Ranking([(row["name"], row["confidence"]) for row in message.get(LABELS)], message.get(GROUPS))
        decision = decide(ranking, self._thresholds)
        asks_side_effects = decision.topic in SIDE_EFFECT_TOPICS or asks_only_side_effects(text)
        if asks_side_effects and names_no_medicine(text, self._vocabulary):
            decision = Decision(Intent.CLARIFY, choices=SIDE_EFFECT_TOPICS, confidence=decision.confidence)
        term = self._glossary.asked(text)
        if term and decision.intent is not Intent.CLINICAL_DECISION:
            return Decision(Intent.FAQ, label=f"faq/{term.topic}", topic=term.topic, confidence=1.0, via="glossary",
                            detail=term.id, subject=subject)  # fmt: skip
        choices = message.get(IN_CONTEXT)
        if choices:
            decision = in_context(decision, ranking, choices, self._thresholds)
            if decision.via == "context":
                subject = subject or Context.from_metadata(message.get("metadata")).subject
        if decision.intent in ABOUT_SMA and self._others.find(text):
            label = "out_of_scope/other_condition"
            return Decision(Intent.OUT_OF_SCOPE, label=label, confidence=1.0, via="name")
        return Decision(**{**vars(decision), "subject": subject})

    def _subject(self, message: Message) -> str | None:
        named = [e["value"] for e in message.get(ENTITIES) or [] if e.get("entity") in ("medicine", "therapy")]
        return named[-1] if named else None
