"""One softmax over all labels: topics and the other intents together.

Three views of a message stand side by side: the sentence encoder's vector (meaning), character and word n-grams
(spelling, names, short forms) reduced by latent semantic analysis (Deerwester et al. 1990), and the SMA vocabulary's
entries found in it, which stand among the words. On them, multinomial logistic regression and a vote of the nearest
examples are averaged: the first draws the lines between topics, the second keeps rare wordings of a topic alive
(benchmarks/understanding.py prints both alone). Probabilities are calibrated by temperature scaling (Guo et al. 2017):
the model is first trained on four fifths of the examples, the temperature that explains the last fifth best is kept,
and the model is then trained on everything.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.core.normal import normalise
from bot.core.vocabulary import Vocabulary

SEED = 0
CHAR_NGRAMS = (2, 5)
WORD_NGRAMS = (1, 2)
MAX_CHAR_FEATURES = 30_000
MAX_WORD_FEATURES = 15_000
NEIGHBOUR_NGRAM_LENGTH = 0.7
"""Length of the n-gram part beside the encoder's vector when examples are compared."""
NEIGHBOUR_SOFTNESS = 0.05
"""A neighbour that is this much less similar (cosine) than the nearest counts 1/e of it."""


@dataclass(frozen=True)
class Shape:
    """What may be set in config.yml."""

    components: int = 300
    """Dimensions that the n-grams are reduced to."""
    ngram_weight: float = 1.2
    """Length of the n-gram part beside the encoder's vector, which has length 1."""
    inverse_regularisation: float = 20.0
    """C of scikit-learn's LogisticRegression."""
    max_iterations: int = 50
    neighbours: int = 12
    """How many nearest examples vote."""
    neighbour_weight: float = 0.4
    """Share of the vote in the average."""


class NgramView:
    """Character and word n-grams of normalised text, reduced to `components` dimensions of about length 1."""

    def __init__(self, vocabulary: Vocabulary, components: int) -> None:
        self._vocabulary = vocabulary
        self._chars = TfidfVectorizer(analyzer="char_wb", ngram_range=CHAR_NGRAMS, sublinear_tf=True, min_df=2,
                                      max_features=MAX_CHAR_FEATURES, dtype=np.float32)  # fmt: skip
        self._words = TfidfVectorizer(ngram_range=WORD_NGRAMS, sublinear_tf=True, token_pattern=r"(?u)\b\w+\b",
                                      max_features=MAX_WORD_FEATURES, dtype=np.float32)  # fmt: skip
        self._svd = TruncatedSVD(n_components=components, random_state=SEED, n_iter=3)

    def fit_transform(self, texts: Sequence[str]) -> np.ndarray:
        """Learn the n-grams; shape (n, components)."""
        plain, marked = self._prepare(texts)
        counted = hstack([self._chars.fit_transform(plain), self._words.fit_transform(marked)]).tocsr()
        reduced = self._svd.fit_transform(counted).astype(np.float32)
        self._projection = self._svd.components_.T.astype(np.float32)
        return reduced

    def transform(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (len(texts), components)."""
        plain, marked = self._prepare(texts)
        counted: csr_matrix = hstack([self._chars.transform(plain), self._words.transform(marked)]).tocsr()
        return np.asarray(counted @ self._projection, dtype=np.float32)

    def _prepare(self, texts: Sequence[str]) -> tuple[list[str], list[str]]:
        plain = [normalise(text) for text in texts]
        # Every spelling of one thing becomes one more word, so that a misspelt brand name still says what it is.
        marked = [f"{p} {' '.join('has_' + m.id for m in self._vocabulary.find(t))}" for p, t in zip(plain, texts)]
        return plain, marked

    def state(self) -> dict[str, Any]:
        """What has to be kept to load this view again."""
        return {
            "char_terms": {term: int(i) for term, i in self._chars.vocabulary_.items()},
            "word_terms": {term: int(i) for term, i in self._words.vocabulary_.items()},
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """The numbers that go with `state`."""
        return {"char_idf": self._chars.idf_, "word_idf": self._words.idf_,
                "projection": self._projection.astype(np.float16)}  # fmt: skip

    def restore(self, state: dict[str, Any], arrays: Any) -> None:
        """Become the view that `state` and `arrays` describe."""
        for vectorizer, name in ((self._chars, "char"), (self._words, "word")):
            vectorizer.vocabulary_ = state[f"{name}_terms"]
            vectorizer.idf_ = arrays[f"{name}_idf"]
        # C order: a sparse row times a matrix in the other order costs a hundred times as much.
        self._projection = arrays["projection"].astype(np.float32, order="C")


class LabelModel:
    """Probabilities of all labels for a message."""

    def __init__(self, vocabulary: Vocabulary, shape: Shape | None = None) -> None:
        self.shape = shape or Shape()
        self.labels: list[str] = []
        self.temperature = 1.0
        self._ngrams = NgramView(vocabulary, self.shape.components)

    def fit(self, texts: Sequence[str], vectors: np.ndarray, labels: Sequence[str]) -> LabelModel:
        """Train on n texts, their encoder vectors of shape (n, 384) and their labels."""
        self.labels = sorted(set(labels))
        index = {label: i for i, label in enumerate(self.labels)}
        targets = np.array([index[label] for label in labels])
        features = self._join(vectors, self._ngrams.fit_transform(texts))
        self.temperature = self._find_temperature(features, targets)
        self._weights, self._bias = self._train(features, targets)
        self._examples, self._targets = self._normalised(features), targets
        return self

    def probabilities(self, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """Calibrated probabilities of shape (len(texts), len(self.labels))."""
        features = self._join(vectors, self._ngrams.transform(texts))
        lines = softmax(features @ self._weights + self._bias)
        vote = self._vote(self._normalised(features), self._examples, self._targets)
        return sharpen(self._average(lines, vote), self.temperature)

    def _average(self, lines: np.ndarray, vote: np.ndarray) -> np.ndarray:
        share = self.shape.neighbour_weight
        return np.asarray((1 - share) * lines + share * vote)

    def _normalised(self, features: np.ndarray) -> np.ndarray:
        """Features with the n-gram part at a fixed length, so that a neighbour is near in both views; length 1."""
        vectors, reduced = features[:, : -self.shape.components], features[:, -self.shape.components :]
        joined = np.hstack([vectors, NEIGHBOUR_NGRAM_LENGTH * _unit(reduced)])
        return _unit(joined).astype(np.float32)

    def _vote(self, asked: np.ndarray, examples: np.ndarray, targets: np.ndarray) -> np.ndarray:
        similarity = asked @ examples.T
        k = min(self.shape.neighbours, examples.shape[0])
        votes = np.zeros((len(asked), len(self.labels)))
        for row, near in enumerate(np.argpartition(-similarity, k - 1, axis=1)[:, :k]):
            strength = np.exp((similarity[row, near] - similarity[row, near].max()) / NEIGHBOUR_SOFTNESS)
            np.add.at(votes[row], targets[near], strength / strength.sum())
        return votes

    def _join(self, vectors: np.ndarray, reduced: np.ndarray) -> np.ndarray:
        return np.hstack([vectors, self.shape.ngram_weight * reduced]).astype(np.float32)

    def _train(
        self, features: np.ndarray, targets: np.ndarray, *, iterations: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        most = iterations or self.shape.max_iterations
        model = LogisticRegression(C=self.shape.inverse_regularisation, max_iter=most, tol=1e-2)
        with warnings.catch_warnings():
            # Stopping early is meant: it is a second regularisation, and the gain of more iterations is not there.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(features, targets)
        weights = np.zeros((features.shape[1], len(self.labels)), dtype=np.float32)
        bias = np.full(len(self.labels), -30.0, dtype=np.float32)  # a label that is not in this part of the examples
        weights[:, model.classes_] = model.coef_.T
        bias[model.classes_] = model.intercept_
        return weights, bias

    def _find_temperature(self, features: np.ndarray, targets: np.ndarray) -> float:
        shuffled = np.random.default_rng(SEED).permutation(len(targets))
        kept, unseen = shuffled[len(shuffled) // 5 :], shuffled[: len(shuffled) // 5]
        weights, bias = self._train(features[kept], targets[kept], iterations=self.shape.max_iterations // 2)
        near = self._normalised(features)
        vote = self._vote(near[unseen], near[kept], targets[kept])
        averaged = self._average(softmax(features[unseen] @ weights + bias), vote)

        def loss(temperature: float) -> float:
            p = sharpen(averaged, temperature)[np.arange(len(unseen)), targets[unseen]]
            return float(-np.log(np.maximum(p, 1e-9)).mean())

        return float(minimize_scalar(loss, bounds=(0.3, 6.0), method="bounded").x)

    def save(self, folder: Path) -> None:
        """Write `labels.json` and `labels.npz`: plain data, so that loading a model runs no code of its own."""
        state = {"labels": self.labels, "temperature": self.temperature, "shape": vars(self.shape)}
        (folder / "labels.json").write_text(json.dumps({**state, **self._ngrams.state()}), encoding="utf-8")
        np.savez_compressed(folder / "labels.npz", weights=self._weights, bias=self._bias,
                            examples=self._examples.astype(np.float16), targets=self._targets.astype(np.int16),
                            **self._ngrams.arrays())  # fmt: skip

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> LabelModel:
        """Read what `save` wrote."""
        state = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        model = cls(vocabulary, Shape(**state["shape"]))
        model.labels, model.temperature = state["labels"], state["temperature"]
        with np.load(folder / "labels.npz", allow_pickle=False) as arrays:
            model._weights, model._bias = arrays["weights"], arrays["bias"]
            model._examples = arrays["examples"].astype(np.float32)
            model._targets = arrays["targets"].astype(np.int64)
            model._ngrams.restore(state, arrays)
        return model


def softmax(logits: np.ndarray) -> np.ndarray:
    """Row by row."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def sharpen(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities after temperature scaling."""
    return softmax(np.log(np.maximum(probabilities, 1e-6)) / temperature)


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
