"""The nearest examples, compared in two steps, and their vote."""

import numpy as np
import pytest

from bot.nlu.neighbours import ABSENT, CANDIDATES, Examples, vote

RANDOM = np.random.default_rng(0)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def rows():
    """Two thousand vectors around forty centres, as examples of forty topics lie."""
    centres = RANDOM.normal(size=(40, 256))
    return unit(centres.repeat(50, axis=0) + 0.7 * RANDOM.normal(size=(2000, 256)))


def test_the_nearest_of_one_message_are_exact_and_no_other_comes_before_them(rows):
    examples = Examples.fit(rows)
    for query in unit(rows[::97] + 0.05 * RANDOM.normal(size=(21, 256))):
        exact = rows @ query
        nearest = np.argsort(-exact)[:12]
        found = examples.similarity(query[None, :])[0]
        assert np.allclose(found[nearest], exact[nearest], atol=1e-5)
        assert set(np.argsort(-found)[:12]) == set(nearest)


def test_many_messages_and_few_examples_are_compared_in_full(rows):
    assert np.allclose(Examples.fit(rows).similarity(rows[:3]), rows[:3] @ rows.T, atol=1e-5)
    few = rows[: CANDIDATES - 1]
    assert np.allclose(Examples.fit(few).similarity(rows[:1]), rows[:1] @ few.T, atol=1e-5)


def test_only_those_with_a_say_vote_and_the_nearer_count_more():
    similarity = np.array([[0.9, 0.95, 0.89, 0.2]])
    shares = vote(similarity, np.array([0, ABSENT, 1, 1]), 2, neighbours=3)[0]
    assert shares.sum() == pytest.approx(1.0)
    assert shares[0] == pytest.approx(1 / (1 + np.exp(-0.01 / 0.05)), abs=1e-3)


def test_no_more_than_the_wanted_number_vote():
    similarity = np.array([[0.9, 0.9, 0.9, 0.899, 0.899]])
    assert vote(similarity, np.array([0, 0, 0, 1, 1]), 2, neighbours=3)[0] == pytest.approx([1.0, 0.0])
