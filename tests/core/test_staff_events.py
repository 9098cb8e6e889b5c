"""What the staff side says in a chat, as Rasa's events."""

from __future__ import annotations

import pytest
from rasa.shared.core.events import BotUttered, Event, SlotSet

from bot.core import staff_events
from bot.core.handoffs import Staff
from bot.core.replies import ReplyKind, Source, reply_from_payload

ANA = Staff("1", "Ana Ruiz", "nurse")


def said(events):
    (event,) = [event for event in events if event["event"] == "bot"]
    return event, reply_from_payload(event["data"]["custom"])


def slots(events):
    return {event["name"]: event["value"] for event in events if event["event"] == "slot"}


def test_taking_over_says_who_is_speaking_and_silences_the_bot():
    events = staff_events.take_over(ANA, key="k1")
    event, reply = said(events)
    assert "Ana Ruiz (nurse) is now with you" in event["text"]
    assert reply.author == {"name": "Ana Ruiz", "role": "nurse"} and reply.kind is ReplyKind.HANDOFF
    assert slots(events)["with_staff"] is True


def test_taking_over_leaves_a_form_that_was_open():
    events = staff_events.take_over(ANA, key="k1")
    assert {"event": "active_loop", "name": None} in events
    assert slots(events)["requested_slot"] is None and slots(events)["handoff_contact"] is None


def test_a_staff_reply_is_of_kind_staff_with_author_and_sources():
    source = Source("A guide", "SMA UK", "https://example.org", 2024)
    event, reply = said(staff_events.staff_reply("Ring the school.", ANA, key="k2", sources=[source]))
    assert reply.kind is ReplyKind.STAFF and reply.text == "Ring the school." and reply.sources == (source,)
    assert reply.author == {"name": "Ana Ruiz", "role": "nurse"}
    assert event["metadata"]["client_message_id"] == "k2"
    assert "https://example.org" in event["text"]  # complete for a client that shows plain text alone


def test_giving_back_asks_whether_it_helped():
    events = staff_events.give_back(key="k3")
    _, reply = said(events)
    assert slots(events)["with_staff"] is False
    payloads = [button.payload for button in reply.buttons]
    assert payloads == ['/press{"label": "handoff/helped_yes"}', '/press{"label": "handoff/helped_no"}']


@pytest.mark.parametrize("make", [staff_events.back_to_waiting, staff_events.declined, staff_events.expired])
def test_every_other_end_gives_the_chat_back_to_the_bot_and_says_so(make):
    events = make(key="k4")
    event, _ = said(events)
    assert slots(events)["with_staff"] is False and event["text"]


def test_rasa_can_read_every_event():
    for events in (staff_events.take_over(ANA, key="k"), staff_events.give_back(key="k")):
        read = [Event.from_parameters(event) for event in events]
        assert all(read)
        assert any(isinstance(event, BotUttered) for event in read)
        assert any(isinstance(event, SlotSet) for event in read)


def test_no_text_has_a_gap_left_in_it():
    for make in (lambda: staff_events.take_over(ANA, key="k"), lambda: staff_events.give_back(key="k")):
        event, _ = said(make())
        assert "{" not in event["text"]
