"""A linear model that may add alarms where the rules see none: oblique words for an emergency.

Logistic regression on the sentence encoder's vector, trained on data/red_flags/ (positives: happening now; negatives:
past, hypothetical, informational, metaphor) and on every ordinary training example as a negative. It is joined to the
rules by "or": it can never take an alarm back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from bot.core.normal import clean
from bot.core.settings import ROOT
from bot.core.topics import load_yaml

EXAMPLES = ROOT / "data" / "red_flags"
NONE = "none"
LONG_WORDS = 25
"""A longer message is looked at sentence by sentence as well: the sign may be buried in a polite letter."""
MOST_SENTENCES = 10


def alarm_examples(folder: Path = EXAMPLES) -> tuple[list[str], list[str]]:
    """Texts and their flag ids (`none` for the negatives)."""
    texts: list[str] = []
    flags: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        for flag, rows in load_yaml(path).items():
            texts += [clean(str(row)) for row in rows]
            flags += [NONE if path.stem.startswith("negatives") else str(flag)] * len(rows)
    return texts, flags


def parts(text: str) -> list[str]:
    """The message, and its sentences when it is long."""
    if len(text.split()) <= LONG_WORDS:
        return [text]
    sentences = [part.strip() for part in re.split(r"(?<=[.?!])\s+|\n+|,\s+(?=and|but|now|he|she|my)", text)]
    kept = list(dict.fromkeys(part for part in sentences if len(part.split()) >= 4))
    # People put the urgent part first or last.
    return [
        text,
        *(kept if len(kept) <= MOST_SENTENCES else kept[: MOST_SENTENCES // 2] + kept[-MOST_SENTENCES // 2 :]),
    ]


class AlarmModel:
    """Probability that a message describes an emergency or a crisis happening now, and which."""

    def __init__(self, flags: list[str], weights: np.ndarray, bias: np.ndarray) -> None:
        self.flags = flags
        self._weights = weights
        self._bias = bias

    @classmethod
    def fit(cls, vectors: np.ndarray, flags: Sequence[str]) -> AlarmModel:
        """Train on vectors of shape (n, 384) and their flag ids; one of them is `none`."""
        model = LogisticRegression(C=10.0, max_iter=100, tol=1e-3).fit(vectors, np.array(flags))
        weights, bias = model.coef_.T, model.intercept_
        if len(model.classes_) == 2:  # scikit-learn keeps one column for two classes
            weights, bias = np.hstack([-weights, weights]) / 2, np.array([-bias[0], bias[0]]) / 2
        return cls([str(flag) for flag in model.classes_], weights.astype("float32"), bias.astype("float32"))

    def alarm(self, vectors: np.ndarray) -> tuple[str, float]:
        """The likeliest flag over the parts of a message (m, 384), and how likely an alarm is right."""
        logits = vectors @ self._weights + self._bias
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = shifted / shifted.sum(axis=1, keepdims=True)
        none = self.flags.index(NONE)
        part = int(np.argmin(p[:, none]))
        row = p[part].copy()
        certainty = 1.0 - float(row[none])
        row[none] = -1.0
        return self.flags[int(np.argmax(row))], certainty

    def save(self, folder: Path) -> None:
        """Plain data, so that loading runs no code."""
        np.savez_compressed(folder / "alarm.npz", flags=np.array(self.flags), weights=self._weights, bias=self._bias)

    @classmethod
    def load(cls, folder: Path) -> AlarmModel:
        """Read what `save` wrote."""
        with np.load(folder / "alarm.npz", allow_pickle=False) as arrays:
            return cls(arrays["flags"].tolist(), arrays["weights"], arrays["bias"])
