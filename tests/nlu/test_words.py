"""Lemmas that are worked out on demand."""

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.keys import LEMMAS
from bot.nlu.words import RULER, Lemmas, Words, load_pipeline

TEXTS = ["she was choking on her feeds twice", "does  spinraza hurt?", "", "his mothers were breathing badly"]


@pytest.mark.parametrize("text", TEXTS)
def test_they_are_the_ones_of_the_whole_pipeline(text):
    message = Message.build(text)

    Words().process([message])

    whole = [token.lemma_.lower() for token in load_pipeline()(text) if not token.is_space]
    assert list(message.get(LEMMAS)) == whole
    assert len(message.get(LEMMAS)) == len(whole)


def test_nothing_is_tagged_before_somebody_asks():
    message = Message.build("how is spinraza given")

    Words().process([message])

    lemmas = message.get(LEMMAS)
    assert isinstance(lemmas, Lemmas) and not lemmas._doc.has_annotation("TAG")
    assert [e["value"] for e in message.get("entities")] == ["nusinersen"]
    assert lemmas[3] == "give" and lemmas._doc.has_annotation("TAG")


def test_the_ruler_runs_first_and_once():
    assert load_pipeline().pipe_names[0] == RULER
