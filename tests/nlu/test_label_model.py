"""The label model on a small set of its own."""

import numpy as np

from bot.core.content import CONTENT_DIR
from bot.core.settings import load_settings
from bot.core.vocabulary import Vocabulary
from bot.nlu.encoder_files import load_encoder
from bot.nlu.label_model import LabelModel, Shape, sharpen, softmax

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
SETTINGS = load_settings()
ENCODER = load_encoder(SETTINGS.sma_encoder_dir, check_sums=True)
VOCABULARY = Vocabulary.load(CONTENT_DIR / "vocabulary.yml")


def trained():
    texts = [text for group in TEXTS.values() for text in group]
    labels = [label for label, group in TEXTS.items() for _ in group]
    return LabelModel(VOCABULARY, Shape(components=8)).fit(texts, ENCODER.encode(texts), labels)


def ask(model, text):
    row = model.probabilities([text], ENCODER.encode([text]))[0]
    return model.labels[int(row.argmax())], row


def test_unseen_wordings_are_recognised_and_probabilities_sum_to_one():
    model = trained()
    for text, label in (("what would we have to pay", "faq/a.cost"), ("is there any pain", "faq/a.pain")):
        found, row = ask(model, text)
        assert found == label
        assert abs(row.sum() - 1) < 1e-6


def test_a_saved_model_answers_the_same(tmp_path):
    model = trained()
    model.save(tmp_path)
    again = LabelModel.load(tmp_path, VOCABULARY)
    assert np.allclose(ask(model, "ta very much")[1], ask(again, "ta very much")[1], atol=2e-3)


def test_a_temperature_above_one_makes_it_less_sure():
    p = softmax(np.array([[3.0, 1.0, 0.0]]))
    assert sharpen(p, 2.0).max() < p.max() < sharpen(p, 0.5).max()
