"""What a short message means after an answer: "does it hurt?", "and the dangers?", "ok, what is BiPAP".

A conditional logit model (McFadden 1974) chooses among all topics and the other groups of labels. What speaks for each
of them: its probability from the message alone, its probability when the subject of the last answer is written before
the message, and how near it is to that answer. How much each of these counts depends on cues in the message: whether
it points back, is very short, or names a matter of its own.

Both are learned from data/follow_ups/, where conversations of two questions stand with what the second one means: with
most of them, the ranking of messages that have the subject of the last answer before them, like a topic's own examples;
with the rest, which that ranking has not seen, the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from scipy.optimize import minimize

from bot.core.context import Context, is_follow_up, names_the_illness, points_back
from bot.core.gate import TOPIC_GROUP, Intent
from bot.core.normal import clean, normalise
from bot.core.settings import ROOT
from bot.core.topics import load_yaml
from bot.core.vocabulary import Vocabulary, named_subject

EXAMPLES = ROOT / "data" / "follow_ups"
TAUGHT = 7
"""Of ten conversations, how many become examples; the weights are learned from the others."""
OTHER_GROUPS = (Intent.CLINICAL_DECISION.value, Intent.OUT_OF_SCOPE.value, Intent.SMALL_TALK.value,
                Intent.REQUESTS.value)  # fmt: skip
SHORT_WORDS = 4
LEAST = 1e-3
"""Added to probabilities before the logarithm: what a ranking calls impossible may still be meant."""
REGULARISATION = 3.0
RankAll = Callable[[Sequence[tuple[str, Context]]], Sequence[tuple[np.ndarray, np.ndarray]]]
"""Two rankings over the choices for each message: of it alone, and with the subject of the last answer before it."""


@dataclass(frozen=True)
class FollowUp:
    """A conversation of two messages."""

    first: str
    topic: str
    """The topic that answers the first."""
    then: str
    means: str
    """Label of the second: a topic or another group."""

    @property
    def is_taught(self) -> bool:
        """Whether it is an example of what it means; decided by its words, so that a new one moves no other."""
        return crc32(f"{self.topic} {self.then}".encode()) % 10 < TAUGHT

    def context(self, vocabulary: Vocabulary) -> Context:
        """What the conversation was about before the second message."""
        return Context(topic=self.topic, subject=named_subject(self.first, vocabulary))


def follow_up_examples(folder: Path = EXAMPLES) -> Iterator[FollowUp]:
    """All conversations of data/follow_ups/."""
    for path in sorted(folder.glob("*.yml")):
        for row in load_yaml(path):
            yield FollowUp(row["first"], row["topic"], clean(row["then"]), row["means"].removeprefix(f"{TOPIC_GROUP}/"))


class Surroundings:
    """How near each choice is to the last answer, and the cues in a message."""

    def __init__(self, related: Mapping[str, Sequence[str]], vocabulary: Vocabulary) -> None:
        self.topics = frozenset(related)
        self.choices = [*sorted(related), *OTHER_GROUPS]
        self._related = related
        self._vocabulary = vocabulary
        self._subjects = {entry.id: set(entry.topics) for entry in vocabulary.entries}

    def features(self, text: str, context: Context, plain: np.ndarray, hinted: np.ndarray) -> np.ndarray:
        """Shape (choices, features) from two rankings of shape (choices,)."""
        evidence = np.column_stack([np.log(plain + LEAST), np.log(hinted + LEAST), self._nearness(context)])
        return np.einsum("ce,q->ceq", evidence, self._cues(text)).reshape(len(self.choices), -1)

    def _nearness(self, context: Context) -> np.ndarray:
        """Shape (choices, 8): same topic, of the same subject, related, same category, and one for each group."""
        last = context.topic or ""
        subject = self._subjects.get(context.subject or "", set())
        related = self._related.get(last, ())
        rows = [
            [choice == last, choice in subject, choice in related, choice.split(".")[0] == last.split(".")[0],
             *(choice == group for group in OTHER_GROUPS)]
            for choice in self.choices
        ]  # fmt: skip
        return np.array(rows, dtype=float)

    def _cues(self, text: str) -> np.ndarray:
        names = named_subject(text, self._vocabulary) is not None
        leans = is_follow_up(text, names_own_matter=names or names_the_illness(text))
        short = len(normalise(text).split()) <= SHORT_WORDS
        return np.array([1.0, leans, points_back(text), short, names], dtype=float)


class FollowUpModel:
    """Probabilities of the choices, given their features."""

    def __init__(self, weights: np.ndarray) -> None:
        self.weights = weights

    @classmethod
    def fit(cls, features: np.ndarray, targets: np.ndarray) -> FollowUpModel:
        """Train on features of shape (n, choices, d) and the right choices' places (n,)."""
        rows = np.arange(len(targets))

        def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
            p = _softmax(features @ weights)
            value = -np.log(p[rows, targets] + 1e-12).sum() + REGULARISATION * (weights**2).sum()
            p[rows, targets] -= 1.0
            return float(value), np.einsum("nc,ncd->d", p, features) + 2 * REGULARISATION * weights

        start = np.zeros(features.shape[2])
        return cls(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x)

    @classmethod
    def fit_examples(cls, around: Surroundings, rank_all: RankAll, vocabulary: Vocabulary) -> FollowUpModel:
        """Train on what is not taught of data/follow_ups/; `rank_all` gives the messages' rankings over the choices."""
        rows = [row for row in follow_up_examples() if not row.is_taught]
        asked = [(row.then, row.context(vocabulary)) for row in rows]
        features = [around.features(*message, *two) for message, two in zip(asked, rank_all(asked))]
        return cls.fit(np.stack(features), np.array([around.choices.index(row.means) for row in rows]))

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Shape (choices,) from features of shape (choices, d)."""
        return np.asarray(_softmax((features @ self.weights)[None, :])[0])


def _softmax(scores: np.ndarray) -> np.ndarray:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
