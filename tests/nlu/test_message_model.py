"""The message model on a small set of its own."""

import numpy as np

from bot.core.content import CONTENT_DIR
from bot.core.settings import load_settings
from bot.core.vocabulary import Vocabulary
from bot.nlu.encoder_files import load_encoder
from bot.nlu.message_model import FLAGS, LABELS, NO_FLAG, MessageModel, Shape, sharpen, softmax

TEXTS = {
    "faq/a.cost": [
        "how much does it cost",
        "what is the price",
        "is it expensive",
        "who pays for it",
        "insurance cover",
    ],
    "faq/a.pain": ["does it hurt", "is it painful", "will she feel pain", "how sore is it", "does the needle hurt"],
    "small_talk/thanks": ["thank you", "thanks a lot", "cheers", "many thanks", "that was kind"],
}
ALARMS = ["his lips are blue", "she is not breathing", "he has gone blue and floppy", "breathing has stopped"]
SETTINGS = load_settings()
ENCODER = load_encoder(SETTINGS.sma_encoder_dir, check_sums=True)
VOCABULARY = Vocabulary.load(CONTENT_DIR / "vocabulary.yml")


def trained():
    texts = [text for group in TEXTS.values() for text in group]
    labels = [label for label, group in TEXTS.items() for _ in group]
    return MessageModel(VOCABULARY, Shape(components=8)).fit(
        [*texts, *ALARMS],
        ENCODER.encode([*texts, *ALARMS]),
        {
            LABELS: [*labels, *[None] * len(ALARMS)],
            FLAGS: [*[NO_FLAG] * len(texts), *["rf.breathing"] * len(ALARMS)],
        },
    )


def ask(model, text):
    found = model.rank([text], ENCODER.encode([text]))
    labels, flags = found[LABELS][0], found[FLAGS][0]
    return model.names()[int(labels.argmax())], labels, flags


def test_unseen_wordings_are_recognised_and_probabilities_sum_to_one():
    model = trained()
    for text, label in (("what would we have to pay", "faq/a.cost"), ("is there any pain", "faq/a.pain")):
        found, labels, flags = ask(model, text)
        assert found == label
        assert abs(labels.sum() - 1) < 1e-6
        assert abs(flags.sum() - 1) < 1e-6


def test_an_alarm_is_told_from_ordinary_questions_and_is_no_label():
    model = trained()
    assert model.names(FLAGS) == [NO_FLAG, "rf.breathing"]
    assert set(model.names()) == set(TEXTS)
    assert ask(model, "my baby turned blue")[2][1] > 0.5 > ask(model, "what is the price of it")[2][1]


def test_a_saved_model_answers_the_same(tmp_path):
    model = trained()
    model.save(tmp_path)
    again = MessageModel.load(tmp_path, VOCABULARY)
    for one, other in zip(ask(model, "ta very much")[1:], ask(again, "ta very much")[1:]):
        assert np.allclose(one, other, atol=2e-3)


def test_a_temperature_above_one_makes_it_less_sure():
    p = softmax(np.array([[3.0, 1.0, 0.0]]))
    assert sharpen(p, 2.0).max() < p.max() < sharpen(p, 0.5).max()
