"""When the model may add an alarm to the rules."""

import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.keys import ALARMS, DECISION, LABELS
from bot.nlu.red_flag_detector import RedFlagDetector

DETECTOR = RedFlagDetector(RedFlagDetector.get_default_config())
WORDS = "the little one is rather different from what he was at lunch"
"""Nothing for the rules."""


def intent(certainty, *, flag="rf.unresponsive", text=WORDS, decision=None, label="faq/about.cure", p=0.3, parts=()):
    message = Message({TEXT: text, INTENT: {"name": "unsure"}})
    message.set(ALARMS, [(flag, certainty), *(("rf.breathing", part) for part in parts)])
    message.set(DECISION, decision or {"label": label})
    message.set(LABELS, [{"name": label, "confidence": p}])
    return DETECTOR.process([message])[0].get(INTENT)["name"]


DOSE = {"label": "clinical_decision/dose", "confidence": 0.6}


@pytest.mark.parametrize(
    ("certainty", "doubt", "meant"),
    [
        (0.5, {}, "emergency"),
        (0.35, {}, "emergency"),
        (0.25, {}, "unsure"),
        (0.5, {"decision": DOSE}, "unsure"),
        (0.6, {"decision": DOSE}, "unsure"),
        (0.7, {"decision": DOSE}, "emergency"),
        (0.5, {"decision": {**DOSE, "confidence": 0.45}}, "emergency"),
        (0.5, {"p": 0.8}, "unsure"),
        (0.6, {"p": 0.8}, "emergency"),
        (0.5, {"text": "he is so different"}, "unsure"),
        (0.5, {"decision": {"label": "small_talk/goodbye", "confidence": 0.9}}, "unsure"),
        (0.2, {"parts": [0.95]}, "emergency"),
        (0.2, {"parts": [0.8]}, "unsure"),
        (0.99, {"decision": {"via": "language"}}, "unsure"),
    ],
)
def test_it_must_be_surer_where_something_speaks_against_it(certainty, doubt, meant):
    assert intent(certainty, **doubt) == meant


def test_no_doubt_stands_against_the_rules():
    assert intent(0.0, text="he is not breathing", decision={**DOSE, "confidence": 1.0}) == "emergency"


def test_a_crisis_is_not_doubted_because_it_sounds_like_a_decision():
    assert intent(0.5, flag="rf.selfharm", decision=DOSE) == "crisis"
