"""The sentence encoder as a component: leaves one vector on each message."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.core.context import Context
from bot.core.settings import load_settings
from bot.nlu.encoder_files import Encoder, load_encoder
from bot.nlu.in_context import subjects
from bot.nlu.keys import VECTOR, VECTOR_IN_CONTEXT
from bot.nlu.vector_cache import encode_cached


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER], is_trainable=False)
class SentenceEncoder(GraphComponent):
    """Registered like a tokenizer, since Rasa would add its own needs to a featurizer (sparse and dense features)."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._subjects = subjects()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        """Load the encoder from the folder of the settings."""
        settings = load_settings()
        return cls(load_encoder(settings.sma_encoder_dir, check_sums=settings.sma_encoder_check))

    def process(self, messages: list[Message]) -> list[Message]:
        """Begin on a vector of shape (384,) for each message, and for it in its context; who needs them waits."""
        for message in messages:
            text = str(message.get(TEXT) or "")
            message.set(VECTOR, self._encoder.encode_soon(text))
            in_context = self._subjects.before(text, Context.from_metadata(message.get("metadata")))
            if in_context:
                message.set(VECTOR_IN_CONTEXT, self._encoder.encode_soon(in_context))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The same for the examples, with a cache on disk: most are unchanged since the last training."""
        messages = training_data.training_examples
        vectors = encode_cached(self._encoder, [str(m.get(TEXT) or "") for m in messages])
        for message, vector in zip(messages, vectors):
            message.set(VECTOR, vector)
        return training_data
