"""Spelling as numbers."""

import numpy as np
import pytest
from scipy.sparse import random as sparse_random
from sklearn.decomposition import TruncatedSVD

from bot.core.content import CONTENT_DIR
from bot.core.vocabulary import Vocabulary
from bot.nlu.ngram_view import OVERSAMPLES, SEED, NgramView, _principal

TEXTS = ["how is spinraza given", "what does risdiplam cost", "does the needle hurt", "can he swim with sma",
         "who pays for spinraza", "how much does it cost", "is the mask loud at night", "thank you so much"]  # fmt: skip


@pytest.fixture(scope="module")
def view():
    made = NgramView(Vocabulary.load(CONTENT_DIR / "vocabulary.yml"), 6)
    made.fit_transform(TEXTS)
    return made


@pytest.mark.parametrize("text", [*TEXTS, "hwo mutch is spinrasa??", "needle needle needle", "", "ξένος"])
def test_one_message_gets_what_it_would_get_among_many(view, text):
    alone, among = view.transform([text]), view.transform([text, TEXTS[0]])[:1]
    assert alone.shape == (1, 6) and np.allclose(alone, among, atol=1e-5)


def test_the_projection_is_the_one_of_a_truncated_svd() -> None:
    rows = sparse_random(60, 90, density=0.2, format="csr", dtype=np.float32, random_state=1)
    theirs = TruncatedSVD(n_components=5, n_iter=0, n_oversamples=OVERSAMPLES, random_state=SEED).fit_transform(rows)

    projection, ours = _principal(rows, 5)

    assert projection.shape == (90, 5)
    np.testing.assert_allclose(rows @ projection, ours, atol=1e-5)
    np.testing.assert_allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-4)
