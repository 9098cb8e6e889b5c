"""First in the pipeline: sets a message's characters right, so that every later component sees one spelling."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.core.normal import clean


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER], is_trainable=False)
class TextCleaner(GraphComponent):
    """Replaces the text of every message by `bot.core.normal.clean` of it."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TextCleaner:
        """See GraphComponent.create."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Clean each message in place."""
        for message in messages:
            message.set(TEXT, clean(str(message.get(TEXT) or "")), add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Clean the examples in the same way."""
        self.process(training_data.training_examples)
        return training_data
