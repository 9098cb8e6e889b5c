"""Spelling as numbers."""

import numpy as np
import pytest

from bot.core.content import CONTENT_DIR
from bot.core.vocabulary import Vocabulary
from bot.nlu.ngram_view import NgramView

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
