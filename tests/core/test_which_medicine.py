"""Side effects of which medicine?"""

import pytest

from bot.core.content import CONTENT_DIR, all_topics
from bot.core.vocabulary import Vocabulary
from bot.core.which_medicine import SIDE_EFFECT_TOPICS, asks_only_side_effects, names_no_medicine

VOCABULARY = Vocabulary.load(CONTENT_DIR / "vocabulary.yml")


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("side effects", True),
        ("how long do the side effects last?", True),
        ("Side-effects of the medicine?", True),
        ("spinraza side effects", False),
        ("side effects of evrysdi in babies", False),
        ("are there side effects after the infusion", False),
        ("does the syrup have side effects", False),
        ("side effects of the gene therapy", False),
        ("is the headache a side effect", False),
        ("how is it given", False),
    ],
)
def test_a_question_on_side_effects_says_of_what(text, is_open):
    assert names_no_medicine(text, VOCABULARY) is is_open


def test_what_is_offered_exists():
    assert set(SIDE_EFFECT_TOPICS) <= set(all_topics())


@pytest.mark.parametrize(
    "text", ["side effects", "Side effects?", "what are the side-effects", "any side effects there"]
)
def test_nothing_else_is_asked(text):
    assert asks_only_side_effects(text)


@pytest.mark.parametrize(
    "text", ["side effects of ibuprofen", "side effects of chemo?", "effects", "what are the effects"]
)
def test_something_else_is_asked(text):
    assert not asks_only_side_effects(text)
