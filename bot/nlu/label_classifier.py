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
from bot.nlu.follow_up_model import FollowUpModel, Surroundings
from bot.nlu.keys import ALARMS, GROUPS, IN_CONTEXT, LABEL, LABELS, VECTOR
from bot.nlu.message_model import NO_FLAG, MessageModel, Shape
from bot.nlu.vector_cache import encode_cached

KEPT_LABELS = 8
"""How many of the ranking are handed on and stored; the rest is noise."""
FOLLOW_UPS = "follow_ups.npy"
ALARM_CACHE = ROOT / "var" / "cache" / "alarm_vectors.npz"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class LabelClassifier(GraphComponent):
    """Trains and asks the message model."""

    def __init__(self, shape: Shape, storage: ModelStorage, resource: Resource) -> None:
        self._storage = storage
        self._resource = resource
        vocabulary = Vocabulary.load(CONTENT_DIR / "vocabulary.yml")
        self._vocabulary = vocabulary
        self._model = MessageModel(vocabulary, shape)
        self._follow_ups = FollowUpModel(np.zeros(0))
        self._around = Surroundings({topic.id: topic.related for topic in all_topics().values()}, vocabulary)
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
        self._follow_ups = FollowUpModel.fit_examples(self._around, self._two_rankings, self._vocabulary)
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
            np.save(folder / FOLLOW_UPS, self._follow_ups.weights, allow_pickle=False)
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
            component._model = MessageModel.load(folder, component._vocabulary)
            component._follow_ups = FollowUpModel(np.load(folder / FOLLOW_UPS, allow_pickle=False))
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Leave the best labels with their probabilities on each message."""
        for message in messages:
            text = str(message.get(TEXT) or "")
            labels, alarm = self._rank(text, message.get(VECTOR))
            ranking = [
                {"name": self._model.labels[i], "confidence": round(float(labels[i]), 4)}
                for i in np.argsort(-labels)[:KEPT_LABELS]
            ]
            message.set(LABELS, ranking, add_to_output=True)
            message.set(INTENT, dict(ranking[0]), add_to_output=True)
            message.set(GROUPS, _by_group(self._model.labels, labels))
            message.set(ALARMS, [alarm, *(self._rank(part)[1] for part in parts(text)[1:])])
            context = Context.from_metadata(message.get("metadata"))
            if context.topic in self._titles and len(text.split()) <= LONGEST_FOLLOW_UP:
                message.set(IN_CONTEXT, self._in_context(text, context, labels))
        return messages

    def _rank(self, text: str, vector: np.ndarray | None = None) -> tuple[np.ndarray, tuple[str, float]]:
        """Probabilities of the labels, and the likeliest red flag with the probability of any."""
        if vector is None:
            vector = self._encoder.encode([text])[0]
        (labels,), (flags,) = self._model.rank([text], vector[None, :])
        none = self._model.flags.index(NO_FLAG)
        flag = max((i for i in range(len(flags)) if i != none), key=lambda i: flags[i])
        return labels, (self._model.flags[flag], 1.0 - float(flags[none]))

    def _in_context(self, text: str, context: Context, labels: np.ndarray) -> list[tuple[str, float]]:
        features = self._around.features(text, context, *self._two_rankings(text, context, labels))
        p = self._follow_ups.probabilities(features)
        return [(self._around.choices[i], float(p[i])) for i in np.argsort(-p)[:KEPT_LABELS]]

    def _two_rankings(
        self, text: str, context: Context, labels: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The choices' probabilities for a message alone, and with what the last answer was about before it."""
        about = self._subject_names.get(context.subject or "") or self._titles[context.topic or ""]
        alone = self._rank(text)[0] if labels is None else labels
        return self._of_choices(alone), self._of_choices(self._rank(f"{about}: {text}")[0])

    def _of_choices(self, labels: np.ndarray) -> np.ndarray:
        known = dict(zip(self._model.labels, labels.tolist()))
        groups = _by_group(self._model.labels, labels)
        return np.array([known.get(f"{INTENT_PREFIX}{c}", groups.get(c, 0.0)) for c in self._around.choices])


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
