"""From events to the read tables."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from rasa.shared.core.events import BotUttered, Event, UserUttered

from bot.core import staff_events
from bot.core.handoffs import Reason, Staff
from bot.store import handoffs
from bot.store.handoff_reads import open_handoff
from bot.store.staff_messages import messages_of
from bot.store.tables import Conversation, Message, Turn
from tests.tracking.talks import load, take_turn

NOW = datetime(2026, 11, 23, 10, 0)
ANA = Staff("1", "Ana", "nurse")
EMERGENCY = {"kind": "emergency", "topic": None, "red_flag": "rf.breathing"}


def rows(store, table):
    with store.sessionmaker() as session:
        return session.query(table).order_by(table.id).all()


def only(store, table):
    (found,) = rows(store, table)
    return found


def post(store, events, conversation="web-1"):
    """What Rasa's events API does."""
    tracker = load(store, conversation)
    for event in events:
        tracker.update(Event.from_parameters(event))
    asyncio.run(store.save(tracker))


def ask(store):
    return handoffs.request_handoff(store.engine, "web-1", reason=Reason.ASKED, about="x", now=NOW, kinds=[]).handoff


def test_a_turn_has_its_ending_topic_and_what_the_model_thought(store):
    take_turn(store, "what is niv", decision={"topic": "breathing.niv", "via": "context"})
    turn = only(store, Turn)
    assert (turn.kind, turn.topic, turn.intent, turn.channel) == ("answer", "breathing.niv", "faq", "web")
    assert turn.choices == [{"label": "faq/breathing.niv", "confidence": 0.9}] and turn.flags == ["context"]
    assert turn.took_ms is not None


def test_messages_stand_in_order_with_their_payload(store):
    take_turn(store, "what is niv")
    said, reply = rows(store, Message)
    assert (said.sender, said.text, reply.sender, reply.kind) == ("caregiver", "what is niv", "bot", "answer")
    assert reply.payload["topic"] == "breathing.niv" and said.client_message_id


def test_a_redacted_turn_is_flagged(store):
    take_turn(store, "ring 07700 900123")
    assert only(store, Turn).text == "ring <phone>" and "redacted" in only(store, Turn).flags


def test_an_emergency_marks_the_conversation_and_the_open_hand_off_urgent(store):
    take_turn(store, "hello")
    ask(store)
    take_turn(store, "she can't breathe", intent="emergency", payload=EMERGENCY)
    assert only(store, Conversation).is_urgent and open_handoff(store.engine, "web-1").is_urgent
    assert rows(store, Turn)[-1].red_flag == "rf.breathing"


def test_an_emergency_while_staff_hold_the_conversation_does_too(store):
    take_turn(store, "hello", slots={"with_staff": True})
    asked = ask(store)
    handoffs.claim(store.engine, asked.id, ANA, now=NOW)
    take_turn(store, "she can't breathe", intent="emergency", payload=EMERGENCY)
    found = open_handoff(store.engine, "web-1")
    assert found.is_urgent and found.holder == ANA and only(store, Conversation).is_with_staff


def test_urgency_and_the_turn_are_stored_together_or_not_at_all(store, monkeypatch):
    take_turn(store, "hello")
    ask(store)
    monkeypatch.setattr("bot.store.red_flag_calls.mark_urgent", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        take_turn(store, "she can't breathe", intent="emergency", payload=EMERGENCY)
    assert len(rows(store, Turn)) == 1 and not only(store, Conversation).is_urgent


def test_an_emergency_makes_no_hand_off_unless_its_content_says_so(store):
    take_turn(store, "she can't breathe", intent="emergency", payload=EMERGENCY)
    assert open_handoff(store.engine, "web-1") is None
    take_turn(store, "again", intent="emergency", payload={**EMERGENCY, "handoff": "create", "title": "Breathing"})
    made = open_handoff(store.engine, "web-1")
    assert made.is_urgent and made.reason is Reason.RED_FLAG and made.about == "Breathing"
    told = messages_of(store.engine, "web-1")
    assert [message.kind for message in told] == ["switch"] and "take this back" in told[0].text
    take_turn(store, "still", intent="emergency", payload={**EMERGENCY, "handoff": "create", "title": "Breathing"})
    assert len(messages_of(store.engine, "web-1")) == 1, "who waits already is not told again"


def test_a_form_question_below_an_answer_does_not_hide_the_answer(store):
    tracker = load(store)
    parsed = {"text": "what is niv", "intent": {"name": "faq"}}
    tracker.update(UserUttered("what is niv", intent={"name": "faq"}, parse_data=parsed))
    tracker.update(BotUttered("An answer.", {"custom": {"kind": "answer", "topic": "breathing.niv"}}))
    tracker.update(BotUttered("Back to …", {"custom": {"kind": "handoff", "label": "handoff/contact_again"}}))
    asyncio.run(store.save(tracker))
    assert only(store, Turn).kind == "answer" and only(store, Turn).topic == "breathing.niv"


def test_who_speaks_is_kept_and_changes_no_turn(store):
    take_turn(store, "what is niv")
    post(store, staff_events.take_over(ANA, key="k1"))
    post(store, staff_events.staff_reply("Ring the school.", ANA, key="k2"))
    assert only(store, Conversation).is_with_staff
    assert [message.sender for message in rows(store, Message)] == ["caregiver", "bot", "bot", "staff"]
    staff = rows(store, Message)[-1]
    assert staff.payload["author"] == {"name": "Ana", "role": "nurse"} and staff.client_message_id == "k2"
    assert only(store, Turn).kind == "answer"
    post(store, staff_events.give_back(key="k3"))
    assert not only(store, Conversation).is_with_staff


def test_the_same_staff_message_posted_twice_is_stored_once(store):
    take_turn(store, "what is niv")
    post(store, staff_events.staff_reply("Ring the school.", ANA, key="k2"))
    with pytest.raises(Exception, match="UNIQUE|unique"):
        post(store, staff_events.staff_reply("Ring the school.", ANA, key="k2"))
    assert [message.sender for message in rows(store, Message)].count("staff") == 1
