"""Examples of emergencies in oblique words."""

from bot.nlu.alarm_examples import alarm_examples, parts
from bot.nlu.message_model import NO_FLAG


def test_every_flag_has_examples_and_so_has_none():
    texts, flags = alarm_examples()
    assert len(texts) == len(flags) > 2000
    assert {"rf.breathing", "rf.selfharm", "rf.gene_liver", NO_FLAG} <= set(flags)


def test_a_long_message_is_looked_at_sentence_by_sentence():
    text = "Thank you for this lovely page. " * 8 + "He is not moving at all. Kind regards to everyone."
    assert "He is not moving at all." in parts(text)
    assert parts("short one") == ["short one"]
