"""The spelling of a message: character and word n-grams, reduced to a few hundred dimensions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.extmath import randomized_range_finder

from bot.core.normal import normalise, with_short_name
from bot.core.vocabulary import Vocabulary

SEED = 0
CHAR_NGRAMS = (3, 4)
WORD_NGRAMS = (1, 2)
MAX_CHAR_FEATURES = 20_000
MAX_WORD_FEATURES = 15_000
OVERSAMPLES = 10
"""Dimensions of the random range beyond those that are kept, as Halko et al. advise."""


class NgramView:
    """Character and word n-grams of normalised text, reduced to `components` dimensions of about length 1."""

    def __init__(self, vocabulary: Vocabulary, components: int) -> None:
        self._vocabulary = vocabulary
        self._chars = TfidfVectorizer(analyzer="char_wb", ngram_range=CHAR_NGRAMS, sublinear_tf=True, min_df=2,
                                      max_features=MAX_CHAR_FEATURES, dtype=np.float32)  # fmt: skip
        self._words = TfidfVectorizer(ngram_range=WORD_NGRAMS, sublinear_tf=True, token_pattern=r"(?u)\b\w+\b",
                                      max_features=MAX_WORD_FEATURES, dtype=np.float32)  # fmt: skip
        self._components = components

    def fit_transform(self, texts: Sequence[str]) -> np.ndarray:
        """Learn the n-grams; shape (n, components)."""
        plain, marked = self._prepare(texts)
        counted = hstack([self._chars.fit_transform(plain), self._words.fit_transform(marked)]).tocsr()
        self._projection, reduced = _principal(counted, self._components)
        return reduced

    def transform(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (len(texts), components)."""
        plain, marked = self._prepare(texts)
        if len(texts) == 1:
            return self._transform_one(plain[0], marked[0])
        rows = [self._chars.transform(plain), self._words.transform(marked)]
        # In the projection's own precision: scipy would copy all of it to a wider one for each message.
        counted: csr_matrix = hstack(rows, dtype=np.float32).tocsr()
        return np.asarray(counted @ self._projection, dtype=np.float32)

    def _transform_one(self, plain: str, marked: str) -> np.ndarray:
        """The same for one message, which in scikit-learn costs 3 ms more: it builds matrices for every n-gram known.

        Term frequency 1 + ln(count), times the inverse document frequency, to length 1: TfidfVectorizer's own formula.
        """
        found = np.zeros((1, self._projection.shape[1]), dtype=np.float32)
        start = 0
        for (analyse, terms, idf), text in zip(self._for_one, (plain, marked)):
            counts = Counter(column for column in map(terms.get, analyse(text)) if column is not None)
            if counts:
                columns = np.fromiter(counts, dtype=np.int64, count=len(counts))
                weights = (1.0 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * idf[columns]
                found += (weights / np.linalg.norm(weights)) @ self._projection[start + columns]
            start += len(terms)
        return found

    @cached_property
    def _for_one(self) -> list[tuple[Callable[[str], list[str]], dict[str, int], np.ndarray]]:
        return [(v.build_analyzer(), v.vocabulary_, v.idf_.astype(np.float32)) for v in (self._chars, self._words)]

    def _prepare(self, texts: Sequence[str]) -> tuple[list[str], list[str]]:
        plain = [normalise(with_short_name(text)) for text in texts]
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


def _principal(counted: csr_matrix, components: int) -> tuple[np.ndarray, np.ndarray]:
    """A projection of shape (d, components) onto the leading singular vectors of rows (n, d), and the rows on it.

    Randomised SVD (Halko, Martinsson and Tropp 2011), as scikit-learn's TruncatedSVD does it for more columns than
    rows; but here the rows on the random range are kept, of which the small SVD and the result can both be had: a third
    of the time is saved. No power iteration: the rougher projection keeps more of rare spellings and ranked holdouts
    better (77% of them first instead of 75%, benchmarks/understanding.py).
    """
    found = randomized_range_finder(counted.T, size=components + OVERSAMPLES, n_iter=0, random_state=SEED)
    in_range = counted @ np.ascontiguousarray(found)
    turn = np.ascontiguousarray(np.linalg.eigh(in_range.T @ in_range)[1][:, : -components - 1 : -1])
    return np.asarray(found @ turn, dtype=np.float32), np.asarray(in_range @ turn, dtype=np.float32)
