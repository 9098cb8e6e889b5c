"""What a follow-up leans on."""

import pytest

from bot.core.context import Context, is_follow_up


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


def test_slots_and_metadata_give_the_same_context():
    slots = {"last_topic": "a.b", "last_subject": "x", "last_kind": "answer", "misses": 2.0, "with_staff": True}
    context = Context.from_slots(slots)
    assert Context.from_metadata({"context": vars(context)}) == context
