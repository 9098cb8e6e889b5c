"""The examples nearest to a message, and what they vote for."""

from __future__ import annotations

import numpy as np

SOFTNESS = 0.05
"""A neighbour that is this much less similar (cosine) than the nearest counts 1/e of it."""
NEGLIGIBLE_FROM = 8 * SOFTNESS
"""A neighbour that is this much less similar counts less than a thousandth."""
ABSENT = -1
"""Target of an example that has no say."""
LEADING = 128
"""Leading principal axes that are compared first; they hold three quarters of what a comparison is made of."""
CANDIDATES = 512
"""About how many of the likeliest examples are compared in full."""
SAMPLE = 16
"""One example in so many tells how near the likeliest are; examples stand topic by topic."""
FAR = NEGLIGIBLE_FROM
"""Taken off an estimate: who is not among the likeliest has no vote beside one who is."""


class Examples:
    """Vectors of length 1 of all examples, compared with a message in two steps.

    They are turned to their principal axes (Jolliffe 2002), so that a few leading numbers tell which may be near; only
    those are compared in full.
    """

    def __init__(self, axes: np.ndarray, turned: np.ndarray) -> None:
        self.axes = axes
        self.turned = turned
        self._leading = np.ascontiguousarray(turned[:, :LEADING])

    @classmethod
    def fit(cls, rows: np.ndarray) -> Examples:
        """From rows of shape (n, d)."""
        axes = np.linalg.eigh(rows.T @ rows)[1][:, ::-1].astype(np.float32)
        return cls(axes, rows @ axes)

    def similarity(self, rows: np.ndarray) -> np.ndarray:
        """Cosines of shape (m, n) for messages (m, d); for one message alone, those far away are low estimates."""
        rows = rows @ self.axes
        if len(rows) > 1 or len(self.turned) <= CANDIDATES:
            return np.asarray(rows @ self.turned.T)
        found = self._leading @ rows[0, :LEADING]
        kept = CANDIDATES // SAMPLE
        near = np.flatnonzero(found >= np.partition(found[::SAMPLE], -kept)[-kept])
        found -= FAR
        found[near] = self.turned[near] @ rows[0]
        return np.asarray(found[None, :])


def vote(similarity: np.ndarray, targets: np.ndarray, width: int, *, neighbours: int) -> np.ndarray:
    """Shares of shape (m, width) that the nearest examples give to the targets (n,), each row to a sum of 1."""
    rows_with_say = np.flatnonzero(targets != ABSENT)
    votes = np.zeros((len(similarity), width))
    for row, similar in enumerate(similarity):
        with_say = similar[rows_with_say]
        # Chosen among those that can matter: an order of all is not needed.
        matter = np.flatnonzero(with_say > with_say.max() - NEGLIGIBLE_FROM)
        if len(matter) > neighbours:
            matter = matter[np.argpartition(with_say[matter], -neighbours)[-neighbours:]]
        strength = np.exp((with_say[matter] - with_say.max()) / SOFTNESS)
        np.add.at(votes[row], targets[rows_with_say[matter]], strength / strength.sum())
    return votes
