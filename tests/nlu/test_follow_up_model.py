"""What a short message means after an answer."""

import numpy as np
import pytest

from bot.core.content import CONTENT_DIR, all_topics, red_flag_rules
from bot.core.context import Context
from bot.core.vocabulary import Vocabulary, named_subject
from bot.nlu.follow_up_model import (
    OTHER_GROUPS,
    FollowUpModel,
    Surroundings,
    follow_up_examples,
)

VOCABULARY = Vocabulary.load(CONTENT_DIR / "vocabulary.yml")
AROUND = Surroundings({"med.what": ["med.how"], "med.how": [], "other.pain": []}, VOCABULARY)


def test_every_example_names_topics_that_exist():
    topics = set(all_topics())
    rows = list(follow_up_examples())
    assert len(rows) > 1200
    for row in rows:
        assert row.topic in topics, row
        assert row.means in topics | set(OTHER_GROUPS), row


def test_no_follow_up_is_an_emergency():
    """It would be taught as a question like any other."""
    assert [row.then for row in follow_up_examples() if red_flag_rules().find(row.then)] == []


def test_the_subject_is_the_medicine_named_last():
    assert named_subject("is spinraza better than evrysdi", VOCABULARY) == "risdiplam"
    assert named_subject("how are you", VOCABULARY) is None


def features(text, topic, alone):
    plain = np.array([alone.get(choice, 0.0) for choice in AROUND.choices])
    return AROUND.features(text, Context(topic=topic), plain, plain)


def test_weights_are_learned_from_where_the_right_choice_stood():
    """Pointing words: the last topic; a full question: what it says itself."""
    rows, targets = [], []
    for _ in range(20):
        rows += [
            features("does it hurt", "med.what", {"other.pain": 0.5}),
            features("what helps with sma pain", "med.what", {"other.pain": 0.5}),
        ]
        targets += [AROUND.choices.index("med.what"), AROUND.choices.index("other.pain")]
    model = FollowUpModel.fit(np.stack(rows), np.array(targets))
    for text, meant in (("is it painful", "med.what"), ("is pain part of sma", "other.pain")):
        p = model.probabilities(features(text, "med.what", {"other.pain": 0.5}))
        assert AROUND.choices[int(p.argmax())] == meant
        assert p.sum() == pytest.approx(1)
