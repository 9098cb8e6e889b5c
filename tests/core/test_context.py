"""What a follow-up leans on."""

import pytest

from bot.core.context import Context, is_follow_up, related_labels


@pytest.mark.parametrize(
    "text", ["does it hurt?", "and for adults?", "how much is it", "what about side effects", "why"]
)
def test_short_messages_that_point_back_are_follow_ups(text):
    assert is_follow_up(text, names_own_matter=False)


@pytest.mark.parametrize(
    "text", ["is scoliosis common", "my daughter starts school in september and I want to know what the teachers need"]
)
def test_a_message_that_stands_alone_is_not_a_follow_up(text):
    assert not is_follow_up(text, names_own_matter=len(text) < 30)


def test_topics_are_nearer_the_more_they_share_with_the_last_answer():
    topics = {"med.a": ["breathing.niv"], "med.b": [], "breathing.niv": [], "about.cure": []}
    near = related_labels(Context(topic="med.a", subject="x"), topics, {"x": ["about.cure"]})
    assert near["med.a"] == 1.0
    assert near["about.cure"] > near["breathing.niv"] > near["med.b"]


def test_without_an_answer_there_is_nothing_near():
    assert related_labels(Context(), {"med.a": []}, {}) == {}


def test_slots_and_metadata_give_the_same_context():
    slots = {"last_topic": "a.b", "last_subject": "x", "last_kind": "answer", "misses": 2.0, "with_staff": True}
    context = Context.from_slots(slots)
    assert Context.from_metadata({"context": vars(context)}) == context
