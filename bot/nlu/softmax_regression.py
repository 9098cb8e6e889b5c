"""Multinomial logistic regression on a hundred labels, in single precision.

scikit-learn's LogisticRegression, with the same loss and the same optimiser (scipy's L-BFGS-B), computes in double
precision whatever it is given, and copies all features to it in each step: twice the time for weights that are kept in
half of that precision anyway. A test holds the two side by side.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

TOLERANCE = 1e-2
"""Largest part of the gradient from which on nothing is gained."""


def fit(
    features: np.ndarray, targets: np.ndarray, width: int, *, inverse_regularisation: float, max_iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of shape (d, width) and a bias (width,) from features (n, d), float32, and the rows' classes (n,).

    Minimises the sum of the rows' cross-entropies + ||weights||² / (2 C), as scikit-learn does; the bias is free.
    Stopping early is meant: it is a second regularisation, and the gain of more iterations is not there.
    """
    rows = np.arange(len(targets))
    by_feature = np.ascontiguousarray(features.T)

    def loss_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        parameters = flat.reshape(-1, width).astype(np.float32)
        weights, bias = parameters[:-1], parameters[-1]
        scores = features @ weights + bias
        scores -= scores.max(axis=1, keepdims=True)
        of_targets = scores[rows, targets]
        np.exp(scores, out=scores)
        totals = scores.sum(axis=1, keepdims=True)
        loss = float((np.log(totals[:, 0]) - of_targets).sum(dtype=np.float64))
        scores /= totals
        scores[rows, targets] -= 1.0
        gradient = np.vstack([by_feature @ scores + weights / inverse_regularisation, scores.sum(axis=0)])
        loss += float((weights * weights).sum(dtype=np.float64)) / (2.0 * inverse_regularisation)
        return loss, gradient.astype(np.float64).ravel()

    found = minimize(loss_and_gradient, np.zeros((features.shape[1] + 1) * width), jac=True, method="L-BFGS-B",
                     options={"maxiter": max_iterations, "gtol": TOLERANCE})  # fmt: skip
    parameters = found.x.reshape(-1, width).astype(np.float32)
    return parameters[:-1], parameters[-1]
