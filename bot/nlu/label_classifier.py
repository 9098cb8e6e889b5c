"""The message model as a component: ranks all labels and red flags, and leaves the choice to the gate and detector."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.core.content import CONTENT_DIR, all_topics
from bot.core.context import LONGEST_FOLLOW_UP, Context
from bot.core.red_flags import RedFlagRules
from bot.core.settings import ROOT, load_settings
from bot.core.topics import INTENT_PREFIX
from bot.core.vocabulary import Vocabulary
from bot.nlu.alarm_examples import alarm_examples, parts
from bot.nlu.encoder_files import load_encoder
from bot.nlu.keys import ALARMS, GROUPS, HINTED_GROUPS, HINTED_LABELS, LABEL, LABELS, VECTOR
from bot.nlu.message_model import NO_FLAG, MessageModel, Shape
from bot.nlu.vector_cache import encode_cached

KEPT_LABELS = 8
"""How many of the ranking are handed on and stored; the rest is noise."""
ALARM_CACHE = ROOT / "var" / "cache" / "alarm_vectors.npz"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class LabelClassifier(GraphComponent):
    """Trains and asks the message model."""

    def __init__(self, shape: Shape, storage: ModelStorage, resource: Resource) -> None:
        self._storage = storage
        self._resource = resource
        vocabulary = Vocabulary.load(CONTENT_DIR / "vocabulary.yml")
        self._model = MessageModel(vocabulary, shape)
        self._subject_names = {entry.id: entry.label for entry in vocabulary.entries}
        self._titles = {topic.id: topic.title for topic in all_topics().values()}
        settings = load_settings()
        self._encoder = load_encoder(settings.sma_encoder_dir, check_sums=settings.sma_encoder_check)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The fields of Shape with their defaults."""
        return dict(vars(Shape()))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LabelClassifier:
        """See GraphComponent.create."""
        return cls(Shape(**{key: config[key] for key in vars(Shape())}), model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Train on every example, by its full label (`faq/breathing.niv`), and on the examples of emergencies."""
        examples = [m for m in training_data.training_examples if m.get(LABEL) and m.get(VECTOR) is not None]
        texts = [str(m.get(TEXT)) for m in examples]
        alarm_texts, flags = alarm_examples()
        vectors = [*(m.get(VECTOR) for m in examples), *encode_cached(self._encoder, alarm_texts, path=ALARM_CACHE)]
        self._model.fit(
            [*texts, *alarm_texts],
            np.stack(vectors),
            [*(str(m.get(LABEL)) for m in examples), *[None] * len(alarm_texts)],
            [*map(_flag_of_ordinary, texts, (str(m.get(LABEL)) for m in examples)), *flags],
        )
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LabelClassifier:
        """Load the trained model."""
        component = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            component._model = MessageModel.load(folder, Vocabulary.load(CONTENT_DIR / "vocabulary.yml"))
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Leave the best labels with their probabilities on each message."""
        for message in messages:
            text = str(message.get(TEXT) or "")
            ranking, groups, alarm = self._rank(text, message.get(VECTOR))
            message.set(LABELS, ranking, add_to_output=True)
            message.set(GROUPS, groups)
            message.set(
                ALARMS, [alarm, *(self._rank(part, self._encoder.encode([part])[0])[2] for part in parts(text)[1:])]
            )
            message.set(INTENT, dict(ranking[0]), add_to_output=True)
            hint = self._hint(Context.from_metadata(message.get("metadata")))
            if hint and len(text.split()) <= LONGEST_FOLLOW_UP:
                hinted = f"{hint}: {text}"
                ranking, groups, _ = self._rank(hinted, self._encoder.encode([hinted])[0])
                message.set(HINTED_LABELS, ranking)
                message.set(HINTED_GROUPS, groups)
        return messages

    def _rank(self, text: str, vector: np.ndarray) -> tuple[list[dict[str, Any]], dict[str, float], tuple[str, float]]:
        """Best labels, sums of the groups, and the likeliest red flag with the probability of any."""
        (labels,), (flags,) = self._model.rank([text], vector[None, :])
        ranking = [
            {"name": self._model.labels[i], "confidence": round(float(labels[i]), 4)}
            for i in np.argsort(-labels)[:KEPT_LABELS]
        ]
        none = self._model.flags.index(NO_FLAG)
        flag = max((i for i in range(len(flags)) if i != none), key=lambda i: flags[i])
        return ranking, _by_group(self._model.labels, labels), (self._model.flags[flag], 1.0 - float(flags[none]))

    def _hint(self, context: Context) -> str | None:
        """The words that stand for the last answer before a follow-up: its subject, else its title."""
        return self._subject_names.get(context.subject or "") or self._titles.get(context.topic or "")


@lru_cache(maxsize=1)
def _rules() -> RedFlagRules:
    return RedFlagRules.load(CONTENT_DIR / "red_flags.yml")


def _flag_of_ordinary(text: str, label: str) -> str | None:
    """`none`, unless the rules see an emergency in it: then it teaches the model nothing.

    `bot check` sees to it that no topic's example is one.
    """
    return NO_FLAG if label.startswith(INTENT_PREFIX) or _rules().find(text) is None else None


def _by_group(labels: list[str], row: np.ndarray) -> dict[str, float]:
    groups: dict[str, float] = {}
    for label, p in zip(labels, row):
        group = label.split("/", 1)[0]
        groups[group] = groups.get(group, 0.0) + float(p)
    return groups
