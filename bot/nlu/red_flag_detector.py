"""Red flags as a component: last in the pipeline, since nothing may overrule an emergency."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.core.content import CONTENT_DIR
from bot.core.red_flags import RedFlagRules
from bot.nlu.keys import LEMMAS

ENTITY = "red_flag"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=False)
class RedFlagDetector(GraphComponent):
    """Sets the intent to `emergency` or `crisis`, and the entity `red_flag` that chooses the fixed text."""

    def __init__(self) -> None:
        self._rules = RedFlagRules.load(CONTENT_DIR / "red_flags.yml")

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> RedFlagDetector:
        """See GraphComponent.create."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Overrule whatever was decided before, where a message may describe an emergency."""
        for message in messages:
            text = str(message.get(TEXT) or "")
            flag = self._rules.find(text, lemmas=message.get(LEMMAS) or ())
            if flag is None:
                continue
            message.set(INTENT, {"name": flag.kind.value, "confidence": 1.0}, add_to_output=True)
            value = f"{flag.id}.others" if flag.harm_to_others else flag.id
            entity = {"entity": ENTITY, "value": value, "start": 0, "end": len(text), "extractor": "RedFlagDetector"}
            message.set(ENTITIES, [*(message.get(ENTITIES) or []), entity], add_to_output=True)
        return messages
