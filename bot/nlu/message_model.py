"""What a message is about, whether it asks for a decision, and whether it tells of an emergency: three rankings.

Three views of a message stand side by side: the sentence encoder's vector (meaning), character and word n-grams
(spelling, names, short forms) reduced by latent semantic analysis (Deerwester et al. 1990), and the SMA vocabulary's
entries found in it, which stand among the words. On them, multinomial logistic regression and a vote of the nearest
examples are averaged: the first draws the lines, the second keeps rare wordings alive (benchmarks/understanding.py
prints both alone).

The first ranking is one softmax over all labels, topics and the other intents together. Its probabilities are
calibrated by temperature scaling (Guo et al. 2017): the model is first trained on four fifths of the examples, the
temperature that explains the last fifth best is kept, and the model is then trained on everything. The second tells
questions of topics from decisions about one person: the same words, asked in another way, which a choice among many
topics sees too little of. The third is over red flags and `none`; it is only ever used to add an alarm where the rules
see none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

from bot.core.vocabulary import Vocabulary
from bot.nlu import softmax_regression
from bot.nlu.neighbours import ABSENT, Examples, vote
from bot.nlu.ngram_view import SEED, NgramView

NEIGHBOUR_NGRAMS = 128
"""Leading n-gram dimensions that take part when examples are compared; more cost time and change nothing."""
NEIGHBOUR_NGRAM_LENGTH = 0.7
"""Length of the n-gram part beside the encoder's vector when examples are compared."""
LABELS, DECISIONS, FLAGS = "labels", "decisions", "flags"
"""The three rankings."""
NO_FLAG = "none"
PARTS = {"weights": np.float32, "bias": np.float32, "targets": np.int16}
"""What is kept of a ranking, in the order of Head's arguments."""


@dataclass(frozen=True)
class Shape:
    """What may be set in config.yml."""

    components: int = 500
    """Dimensions that the n-grams are reduced to; with 300, chance alone moved the right answers by two points."""
    ngram_weight: float = 1.2
    """Length of the n-gram part beside the encoder's vector, which has length 1."""
    inverse_regularisation: float = 20.0
    """C of the logistic regression, as scikit-learn calls it."""
    max_iterations: int = 35
    neighbours: int = 12
    """How many nearest examples vote."""
    neighbour_weight: float = 0.4
    """Share of the vote in the average."""


class Head:
    """One ranking: names, a linear part and the examples' targets (ABSENT where an example has no say)."""

    def __init__(self, names: list[str], weights: np.ndarray, bias: np.ndarray, targets: np.ndarray) -> None:
        self.names = names
        self.weights = weights
        self.bias = bias
        self.targets = targets

    @classmethod
    def fit(cls, features: np.ndarray, names: Sequence[str | None], shape: Shape) -> Head:
        """Train on features of shape (n, d) and a name or None for each."""
        known = sorted({name for name in names if name is not None})
        index = {name: i for i, name in enumerate(known)}
        targets = np.array([ABSENT if name is None else index[name] for name in names])
        kept = targets != ABSENT
        weights, bias = softmax_regression.fit(
            features[kept],
            targets[kept],
            len(known),
            inverse_regularisation=shape.inverse_regularisation,
            max_iterations=shape.max_iterations,
        )
        return cls(known, weights, bias, targets)

    def rank(self, features: np.ndarray, similarity: np.ndarray, shape: Shape) -> np.ndarray:
        """Probabilities of shape (m, names) from features (m, d) and similarities to the examples (m, n)."""
        lines = softmax(features @ self.weights + self.bias)
        return _average(lines, vote(similarity, self.targets, len(self.names), neighbours=shape.neighbours), shape)


class MessageModel:
    """Ranks labels, decisions and red flags for messages."""

    def __init__(self, vocabulary: Vocabulary, shape: Shape | None = None) -> None:
        self.shape = shape or Shape()
        self.temperature = 1.0
        self._ngrams = NgramView(vocabulary, self.shape.components)
        self._heads: dict[str, Head] = {}

    def names(self, ranking: str = LABELS) -> list[str]:
        """Names of a ranking's columns."""
        return self._heads[ranking].names

    def fit(
        self, texts: Sequence[str], vectors: np.ndarray, rankings: Mapping[str, Sequence[str | None]]
    ) -> MessageModel:
        """Train on n texts, their encoder vectors (n, 384), and for each ranking a name or None for each text."""
        features = self._join(vectors, self._ngrams.fit_transform(texts))
        self._examples = Examples.fit(self._comparable(features))
        self.temperature = self._find_temperature(features, rankings[LABELS])
        self._heads = {ranking: Head.fit(features, names, self.shape) for ranking, names in rankings.items()}
        return self

    def rank(self, texts: Sequence[str], vectors: np.ndarray) -> dict[str, np.ndarray]:
        """Probabilities of shape (m, names) for each ranking; those of the labels are calibrated."""
        return self.rank_spelt(self.spelling(texts), vectors)

    def spelling(self, texts: Sequence[str]) -> np.ndarray:
        """The part of the features, shape (m, components), that can be had while the encoder is still at work."""
        return self._ngrams.transform(texts)

    def rank_spelt(self, spelling: np.ndarray, vectors: np.ndarray) -> dict[str, np.ndarray]:
        """See `rank`."""
        features = self._join(vectors, spelling)
        similarity = self._examples.similarity(self._comparable(features))
        found = {name: head.rank(features, similarity, self.shape) for name, head in self._heads.items()}
        return {**found, LABELS: sharpen(found[LABELS], self.temperature)}

    def _join(self, vectors: np.ndarray, reduced: np.ndarray) -> np.ndarray:
        return np.hstack([vectors, self.shape.ngram_weight * reduced]).astype(np.float32)

    def _comparable(self, features: np.ndarray) -> np.ndarray:
        """Features with the n-gram part at a fixed length, so that a neighbour is near in both views; length 1."""
        start = features.shape[1] - self.shape.components
        vectors, reduced = features[:, :start], features[:, start : start + NEIGHBOUR_NGRAMS]
        joined = np.hstack([vectors, NEIGHBOUR_NGRAM_LENGTH * _unit(reduced)])
        return _unit(joined).astype(np.float32)

    def _find_temperature(self, features: np.ndarray, labels: Sequence[str | None]) -> float:
        rows = np.array([row for row, label in enumerate(labels) if label is not None])
        shuffled = np.random.default_rng(SEED).permutation(rows)
        kept, unseen = shuffled[len(shuffled) // 5 :], shuffled[: len(shuffled) // 5]
        shape = Shape(**{**vars(self.shape), "max_iterations": self.shape.max_iterations // 2})
        head = Head.fit(features[kept], [labels[row] for row in kept], shape)
        # A label that only the unseen part has cannot be explained by any temperature.
        columns = {name: column for column, name in enumerate(head.names)}
        unseen = np.array([row for row in unseen if labels[row] in columns])
        targets = np.array([columns[str(labels[row])] for row in unseen])
        turned = self._examples.turned
        ranked = head.rank(features[unseen], turned[unseen] @ turned[kept].T, self.shape)

        def loss(temperature: float) -> float:
            p = sharpen(ranked, temperature)[np.arange(len(unseen)), targets]
            return float(-np.log(np.maximum(p, 1e-9)).mean())

        return float(minimize_scalar(loss, bounds=(0.3, 6.0), method="bounded").x) if len(unseen) else 1.0

    def save(self, folder: Path) -> None:
        """Write `model.json` and `model.npz`: plain data, so that loading a model runs no code of its own."""
        names = {ranking: head.names for ranking, head in self._heads.items()}
        state = {"names": names, "temperature": self.temperature, "shape": vars(self.shape), **self._ngrams.state()}
        (folder / "model.json").write_text(json.dumps(state), encoding="utf-8")
        arrays = {f"{name}_{part}": getattr(head, part).astype(kind)
                  for name, head in self._heads.items() for part, kind in PARTS.items()}  # fmt: skip
        # Not compressed: half-precision numbers hardly shrink, and the model's archive is compressed as a whole.
        np.savez(folder / "model.npz", examples=self._examples.turned.astype(np.float16), axes=self._examples.axes,
                 **arrays, **self._ngrams.arrays())  # fmt: skip

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> MessageModel:
        """Read what `save` wrote."""
        state = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        model = cls(vocabulary, Shape(**state["shape"]))
        model.temperature = state["temperature"]
        with np.load(folder / "model.npz", allow_pickle=False) as arrays:
            model._examples = Examples(arrays["axes"], arrays["examples"].astype(np.float32))
            model._heads = {
                name: Head(names, *(arrays[f"{name}_{part}"] for part in PARTS))
                for name, names in state["names"].items()
            }
            model._ngrams.restore(state, arrays)
        return model


def _average(lines: np.ndarray, vote: np.ndarray, shape: Shape) -> np.ndarray:
    return np.asarray((1 - shape.neighbour_weight) * lines + shape.neighbour_weight * vote)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Row by row."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def sharpen(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities after temperature scaling."""
    return softmax(np.log(np.maximum(probabilities, 1e-6)) / temperature)


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
