"""The model that may add alarms."""

import numpy as np

from bot.nlu.alarm_model import NONE, AlarmModel, alarm_examples, parts


def test_every_flag_has_examples_and_so_has_none():
    texts, flags = alarm_examples()
    assert len(texts) == len(flags) > 2000
    assert {"rf.breathing", "rf.selfharm", "rf.gene_liver", NONE} <= set(flags)


def test_a_long_message_is_looked_at_sentence_by_sentence():
    text = "Thank you for this lovely page. " * 8 + "He is not moving at all. Kind regards to everyone."
    assert "He is not moving at all." in parts(text)
    assert parts("short one") == ["short one"]


def test_the_most_alarming_part_decides():
    rng = np.random.default_rng(0)
    calm, urgent = rng.normal(0, 0.1, (40, 384)), rng.normal(0, 0.1, (40, 384))
    urgent[:, 0] += 1
    model = AlarmModel.fit(np.vstack([calm, urgent]).astype("float32"), [NONE] * 40 + ["rf.breathing"] * 40)
    flag, certainty = model.alarm(np.vstack([calm[:3], urgent[:1]]))
    assert flag == "rf.breathing" and certainty > 0.5
    assert model.alarm(calm[:3])[1] < 0.5
