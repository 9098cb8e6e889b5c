"""Queries on what was said."""

from __future__ import annotations

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.composer import topic_payload
from bot.store.database import transaction
from bot.store.messages import CONVERSATIONS_A_QUERY, messages_since, news, offered_title, turn_of
from bot.store.tables import Message
from tests.store.conversations import NOW, add_turn


def test_messages_come_in_order_and_after_the_cursor_alone(engine: sa.engine.Engine) -> None:
    first, second, other = add_turn(engine, "web-1"), add_turn(engine, "web-1"), add_turn(engine, "web-2")

    assert [m.id for m in messages_since(engine, "web-1", 0)] == [*first, *second]
    assert [m.id for m in messages_since(engine, "web-1", first[1])] == [*second]
    assert [m.id for m in messages_since(engine, "web-1", 0, limit=3)] == [*first, second[0]]
    assert messages_since(engine, "web-1", other[1]) == []


def test_news_of_many_conversations_come_each_after_its_own_cursor(engine: sa.engine.Engine) -> None:
    ids = {f"web-{n}": add_turn(engine, f"web-{n}") for n in range(CONVERSATIONS_A_QUERY + 5)}
    found = news(engine, {each: said for each, (said, _) in ids.items()})

    assert [m.id for m in found] == [reply for _, reply in ids.values()]


def test_a_turn_is_found_by_the_clients_id(engine: sa.engine.Engine) -> None:
    said, reply = add_turn(engine, "web-1", client_message_id="a")
    add_turn(engine, "web-1", client_message_id="b")
    add_turn(engine, "web-2", client_message_id="a")

    assert [m.id for m in turn_of(engine, "web-1", "a")] == [said, reply]
    assert turn_of(engine, "web-1", "c") == []


def test_a_staff_message_after_a_turn_is_no_part_of_it(engine: sa.engine.Engine) -> None:
    said, reply = add_turn(engine, "web-1", client_message_id="a")
    with transaction(engine) as session:
        turn_id = session.get(Message, said).turn_id
        session.add(
            Message(conversation_id="web-1", turn_id=turn_id, at=NOW, sender="staff", text="Hello.", payload={})
        )

    assert [m.id for m in turn_of(engine, "web-1", "a")] == [said, reply]


def test_buttons_and_related_topics_are_offers(engine: sa.engine.Engine) -> None:
    payload = {
        "buttons": [{"title": "Masks", "payload": topic_payload("breathing.niv")}],
        "related": [{"topic": "breathing.clearance", "title": "Mucus"}],
    }
    add_turn(engine, "web-1", payload=payload)
    add_turn(engine, "web-2")

    assert offered_title(engine, "web-1", '/choose_topic{"topic":"breathing.niv"}') == "Masks"
    assert offered_title(engine, "web-1", topic_payload("breathing.clearance")) == "Mucus"
    assert offered_title(engine, "web-1", topic_payload("types.overview")) is None
    assert offered_title(engine, "web-2", topic_payload("breathing.niv")) is None


def test_an_offer_of_long_ago_still_stands(engine: sa.engine.Engine) -> None:
    add_turn(engine, "web-1", payload={"buttons": [{"title": "Old", "payload": "/show_topics"}]})
    for _ in range(45):
        add_turn(engine, "web-1")

    assert offered_title(engine, "web-1", "/show_topics") == "Old"


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40))
def test_nothing_is_offered_by_chance(engine: sa.engine.Engine, payload: str) -> None:
    assert offered_title(engine, "web-none", payload) is None
