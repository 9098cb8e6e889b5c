"""The message model as a component: ranks all labels and red flags, and leaves the choice to the gate and detector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.core.content import all_topics, red_flag_rules, vocabulary
from bot.core.context import Context
from bot.core.gate import TOPIC_GROUP, Intent
from bot.core.settings import load_settings
from bot.core.topics import INTENT_PREFIX
from bot.nlu import message_model as rankings
from bot.nlu import vector_cache
from bot.nlu.alarm_examples import alarm_examples, parts
from bot.nlu.encoder_files import load_encoder
from bot.nlu.follow_up_model import FollowUpModel, Surroundings, follow_up_examples
from bot.nlu.in_context import subjects
from bot.nlu.keys import ALARMS, GROUPS, IN_CONTEXT, LABEL, LABELS, VECTOR, VECTOR_IN_CONTEXT
from bot.nlu.message_model import NO_FLAG, MessageModel, Shape
from bot.nlu.vector_cache import encode_cached

KEPT_LABELS = 8
"""How many of the ranking are handed on and stored; the rest is noise."""
ENCODED_WITHIN_S = 5.0
"""A turn that waits longer fails, and the channel says its safe text: nobody waits for an encoder that hangs."""
DECISION_GROUP = Intent.CLINICAL_DECISION.value
FOLLOW_UPS = "follow_ups.npy"


@dataclass(frozen=True)
class Found:
    """What the model makes of a text."""

    labels: np.ndarray
    """Probabilities of all labels."""
    groups: dict[str, float]
    """Probabilities of the groups of labels."""
    alarm: tuple[str, float]
    """The likeliest red flag, and the probability of any."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class LabelClassifier(GraphComponent):
    """Trains and asks the message model."""

    def __init__(self, shape: Shape, storage: ModelStorage, resource: Resource) -> None:
        self._storage = storage
        self._resource = resource
        self._vocabulary = vocabulary()
        self._model = MessageModel(self._vocabulary, shape)
        self._follow_ups = FollowUpModel(np.zeros(0))
        self._subjects = subjects()
        self._around = Surroundings({topic.id: topic.related for topic in all_topics().values()}, self._vocabulary)
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
        taught = list(self._taught())
        texts = [*(str(m.get(TEXT)) for m in examples), *(text for text, _ in taught)]
        labels = [*(str(m.get(LABEL)) for m in examples), *(label for _, label in taught)]
        alarm_texts, flags = alarm_examples()
        vectors = [
            *(m.get(VECTOR) for m in examples),
            *encode_cached(self._encoder, [text for text, _ in taught], path=vector_cache.TAUGHT),
            *encode_cached(self._encoder, alarm_texts, path=vector_cache.ALARMS),
        ]
        no_label = [None] * len(alarm_texts)
        self._model.fit(
            [*texts, *alarm_texts],
            np.stack(vectors),
            {
                rankings.LABELS: [*labels, *no_label],
                rankings.DECISIONS: [*map(_decision, labels), *no_label],
                rankings.FLAGS: [*map(_flag_of_ordinary, texts, labels), *flags],
            },
        )
        self._follow_ups = FollowUpModel.fit_examples(self._around, self._two_rankings, self._vocabulary)
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
            np.save(folder / FOLLOW_UPS, self._follow_ups.weights, allow_pickle=False)
        return self._resource

    def _taught(self) -> Iterator[tuple[str, str]]:
        """Follow-ups on a topic with the subject of the answer before them, and their labels."""
        for row in follow_up_examples():
            text = self._subjects.before(row.then, row.context(self._vocabulary))
            if row.is_taught and text and row.means in self._around.topics:
                yield text, f"{INTENT_PREFIX}{row.means}"

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
            found = self._rank(text, message.get(VECTOR))
            ranking = self._best(found.labels)
            message.set(LABELS, ranking, add_to_output=True)
            message.set(INTENT, dict(ranking[0]), add_to_output=True)
            message.set(GROUPS, found.groups)
            message.set(ALARMS, [found.alarm, *(self._rank(part).alarm for part in parts(text)[1:])])
            context = Context.from_metadata(message.get("metadata"))
            in_context = self._subjects.before(text, context)
            if in_context:
                around = self._rank(in_context, message.get(VECTOR_IN_CONTEXT))
                message.set(IN_CONTEXT, self._in_context(text, context, found, around))
        return messages

    def _rank(self, text: str, vector: Future[np.ndarray] | None = None) -> Found:
        vector = vector or self._encoder.encode_soon(text)
        spelling = self._model.spelling([text])
        return self._found(self._model.rank_spelt(spelling, vector.result(ENCODED_WITHIN_S)[None, :]), 0)

    def _rank_all(self, texts: list[str]) -> list[Found]:
        ranked = self._model.rank(texts, encode_cached(self._encoder, texts, path=vector_cache.FOLLOW_UPS))
        return [self._found(ranked, row) for row in range(len(texts))]

    def _found(self, rankings_of_all: dict[str, np.ndarray], row: int) -> Found:
        ranked = {name: rows[row] for name, rows in rankings_of_all.items()}
        groups = _by_group(self._model.names(), ranked[rankings.LABELS])
        # How sure that it is about SMA at all, times how sure that it then asks for a decision.
        about_sma = groups[TOPIC_GROUP] + groups[DECISION_GROUP]
        decision = float(ranked[rankings.DECISIONS][self._model.names(rankings.DECISIONS).index(DECISION_GROUP)])
        groups[DECISION_GROUP] = max(groups[DECISION_GROUP], about_sma * decision)
        flags, p_flags = self._model.names(rankings.FLAGS), ranked[rankings.FLAGS]
        none = flags.index(NO_FLAG)
        flag = max((i for i in range(len(flags)) if i != none), key=lambda i: p_flags[i])
        return Found(ranked[rankings.LABELS], groups, (flags[flag], 1.0 - float(p_flags[none])))

    def _best(self, labels: np.ndarray) -> list[dict[str, Any]]:
        """The best labels, and the best decision about one person wherever it stands: the gate may need its text."""
        names = self._model.names()
        order = np.argsort(-labels)
        kept = list(order[:KEPT_LABELS])
        kept += [i for i in order[KEPT_LABELS:] if names[i].startswith(DECISION_GROUP)][:1]
        return [{"name": names[i], "confidence": round(float(labels[i]), 4)} for i in kept]

    def _in_context(self, text: str, context: Context, alone: Found, around: Found) -> list[tuple[str, float]]:
        features = self._around.features(text, context, self._of_choices(alone), self._of_choices(around))
        p = self._follow_ups.probabilities(features)
        return [(self._around.choices[i], float(p[i])) for i in np.argsort(-p)[:KEPT_LABELS]]

    def _two_rankings(self, rows: Sequence[tuple[str, Context]]) -> list[tuple[np.ndarray, np.ndarray]]:
        """The choices' probabilities for each message alone, and with what the last answer was about before it."""
        texts = [text for text, _ in rows] + [self._subjects.before(text, context) or text for text, context in rows]
        found = [self._of_choices(each) for each in self._rank_all(texts)]
        return list(zip(found[: len(rows)], found[len(rows) :]))

    def _of_choices(self, found: Found) -> np.ndarray:
        known = dict(zip(self._model.names(), found.labels.tolist()))
        return np.array([known.get(f"{INTENT_PREFIX}{c}", found.groups.get(c, 0.0)) for c in self._around.choices])


def _flag_of_ordinary(text: str, label: str) -> str | None:
    """`none`, unless the rules see an emergency in it: then it teaches the model nothing.

    `bot check` sees to it that no topic's example is one.
    """
    return NO_FLAG if label.startswith(INTENT_PREFIX) or red_flag_rules().find(text) is None else None


def _decision(label: str) -> str | None:
    """Topics against decisions about one person; other labels have no say."""
    group = label.split("/", 1)[0]
    return group if group in (TOPIC_GROUP, DECISION_GROUP) else None


def _by_group(labels: list[str], row: np.ndarray) -> dict[str, float]:
    groups: dict[str, float] = {}
    for label, p in zip(labels, row):
        group = label.split("/", 1)[0]
        groups[group] = groups.get(group, 0.0) + float(p)
    return groups
