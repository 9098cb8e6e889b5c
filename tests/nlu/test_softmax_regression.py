import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bot.nlu import softmax_regression


def examples(classes: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(0)
    features = chance.normal(size=(300, 12)).astype(np.float32)
    lines = chance.normal(size=(12, classes))
    return features, (features @ lines + chance.gumbel(size=(300, classes))).argmax(axis=1)


@pytest.mark.parametrize("classes", [3, 5])
def test_it_finds_what_scikit_learn_finds(classes: int) -> None:
    features, targets = examples(classes)
    theirs = LogisticRegression(C=2.0, max_iter=500, tol=1e-3).fit(features.astype(np.float64), targets)

    weights, bias = softmax_regression.fit(features, targets, classes, inverse_regularisation=2.0, max_iterations=500)

    assert weights.shape == (12, classes) and bias.shape == (classes,)
    ours = features @ weights + bias
    likely = np.exp(ours) / np.exp(ours).sum(axis=1, keepdims=True)
    assert np.abs(likely - theirs.predict_proba(features)).max() < 0.01


def test_two_classes_have_a_column_each() -> None:
    features, targets = examples(2)

    weights, bias = softmax_regression.fit(features, targets, 2, inverse_regularisation=2.0, max_iterations=100)

    assert weights.shape == (12, 2)
    assert ((features @ weights + bias).argmax(axis=1) == targets).mean() > 0.8


def test_it_stops_where_it_is_told() -> None:
    features, targets = examples(4)

    early, _ = softmax_regression.fit(features, targets, 4, inverse_regularisation=100.0, max_iterations=2)
    late, _ = softmax_regression.fit(features, targets, 4, inverse_regularisation=100.0, max_iterations=200)

    assert np.linalg.norm(early) < np.linalg.norm(late)
