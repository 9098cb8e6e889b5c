"""The tracker store: nothing lost, nothing personal kept, and a long conversation costs what a short one does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from rasa.shared.core.events import ActiveLoop, SlotSet, UserUttered

from bot.store.tables import Conversation, Message, Turn
from bot.tracking.store import EVENTS_LOOKED_BACK
from tests.tracking.talks import load, make_store, take_turn


def count(store, table) -> int:
    with store.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def stored_bytes(database: Path) -> bytes:
    """Everything on disk, the write-ahead log included."""
    return b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))


def test_a_conversation_that_has_not_begun_is_not_there(store):
    assert asyncio.run(store.retrieve("nobody")) is None
    assert asyncio.run(store.exists("nobody")) is False


def test_what_was_said_is_there_again(store):
    take_turn(store, "what is niv", slots={"last_topic": "breathing.niv"})
    tracker = load(store)
    assert tracker.latest_message.text == "what is niv"
    assert tracker.get_slot("last_topic") == "breathing.niv"
    assert asyncio.run(store.exists("web-1")) is True


def test_each_event_is_stored_once(store):
    for number in range(5):
        take_turn(store, f"question {number}")
    assert count(store, Turn) == 5 and count(store, Message) == 10
    assert count(store, store.SQLEvent) == 2 + 5 * 4


def test_what_says_who_somebody_is_never_reaches_the_disk(store, database):
    take_turn(
        store,
        "I am Zanzibaria Kowalczyk, 07700 900123, jo.zz@example.org, NHS 943 476 5919",
        decision={"via": "labels"},
    )
    on_disk = stored_bytes(database)
    for secret in (b"Zanzibaria", b"Kowalczyk", b"900123", b"jo.zz@", b"5919"):
        assert secret not in on_disk


def test_the_running_turn_still_sees_what_was_written(store):
    tracker = take_turn(store, "my number is 07700 900123")
    assert tracker.latest_message.text == "my number is 07700 900123"
    assert load(store).latest_message.text == "my number is <phone>"


def test_what_components_left_in_the_metadata_is_not_stored(store):
    take_turn(store, "hello", metadata={"context": {"topic": "x"}, "ip": "192.0.2.1", "region": "UK"})
    with store.sessionmaker() as session:
        data = session.query(store.SQLEvent.data).filter_by(type_name="user").scalar()
    assert "192.0.2.1" not in data and '"region": "UK"' in data


def test_a_contact_typed_into_the_form_is_stored_only_when_encrypted(store, database):
    form = {"via": "handoff", "detail": "handoff_contact"}
    slots = {"handoff_contact": "9 0 0 1 2 3 4 5 6 7", "requested_slot": "handoff_contact"}
    take_turn(store, "+44 20-7946 0958 ext. 3", intent="handoff_input", decision=form, slots=slots)
    on_disk = stored_bytes(database)
    assert b"7946" not in on_disk and b"9 0 0 1 2" not in on_disk
    assert load(store).get_slot("handoff_contact") is None
    take_turn(store, "jo@example.org", intent="handoff_input", decision=form, slots={"handoff_contact": "gAAAAtoken"})
    assert load(store).get_slot("handoff_contact") == "gAAAAtoken"


def test_what_the_request_is_about_is_stored_without_names(store):
    take_turn(store, "x", slots={"handoff_about": "a plan for my son Oliver at school"})
    assert load(store).get_slot("handoff_about") == "a plan for my son <name> at school"


def test_a_long_conversation_is_read_back_with_bounds_and_its_slots(store):
    take_turn(store, "first", slots={"last_topic": "breathing.niv", "with_staff": True})
    for number in range(60):
        take_turn(store, f"question {number}")
    tracker = load(store)
    assert len(tracker.events) <= EVENTS_LOOKED_BACK + 30
    assert tracker.get_slot("last_topic") == "breathing.niv" and tracker.get_slot("with_staff") is True
    texts = [event.text for event in tracker.events if isinstance(event, UserUttered)]
    assert texts[-1] == "question 59" and "first" not in texts
    assert count(store, Message) == 122  # nothing is forgotten, only not re-read


def test_a_form_that_was_opened_long_ago_is_still_open(store):
    tracker = load(store)
    for event in (ActiveLoop("handoff_form"), SlotSet("requested_slot", "handoff_about")):
        tracker.update(event)
    asyncio.run(store.save(tracker))
    for number in range(40):
        take_turn(store, f"question {number}")
    found = load(store)
    assert found.active_loop_name == "handoff_form" and found.get_slot("requested_slot") == "handoff_about"


def test_a_restart_loses_nothing(store, database):
    for number in range(30):
        take_turn(store, f"question {number}", slots={"misses": float(number)})
    again = make_store(f"sqlite:///{database}")
    assert load(again).get_slot("misses") == 29.0
    take_turn(again, "after the restart")
    assert count(again, Turn) == 31


def test_a_turn_is_stored_whole_or_not_at_all(store, monkeypatch):
    take_turn(store, "before")
    monkeypatch.setattr(store._recorder, "record", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        take_turn(store, "lost")
    monkeypatch.undo()
    assert count(store, Turn) == 1 and load(store).latest_message.text == "before"
    take_turn(store, "after")
    assert [event.text for event in load(store).events if isinstance(event, UserUttered)] == ["before", "after"]


def test_conversations_do_not_mix(store):
    take_turn(store, "mine", conversation="web-1", slots={"last_topic": "a.b"})
    take_turn(store, "theirs", conversation="web-2")
    assert load(store, "web-2").get_slot("last_topic") is None
    with store.sessionmaker() as session:
        assert {row.id: row.turns for row in session.query(Conversation)} == {"web-1": 1, "web-2": 1}
