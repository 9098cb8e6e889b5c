"""Where a conversation stands."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.conversation_state import IDS_A_QUERY, read_state, read_states, start_conversation
from bot.store.database import transaction
from bot.store.handoff_tables import HandoffRow
from bot.store.tables import Conversation
from tests.store.conversations import NOW, add_turn


def test_a_conversation_exists_from_its_start(engine: sa.engine.Engine) -> None:
    start_conversation(engine, "web-1", channel="web", region="UK", now=NOW)
    state = read_state(engine, "web-1")

    assert state is not None and (state.started_at, state.region, state.last_id) == (NOW, "UK", 0)
    assert not state.with_staff and not state.waiting
    assert read_state(engine, "web-2") is None


def test_the_last_id_is_that_of_the_conversation_alone(engine: sa.engine.Engine) -> None:
    _, last = add_turn(engine, "web-1")
    add_turn(engine, "web-2")

    state = read_state(engine, "web-1")
    assert state is not None and state.last_id == last


def test_somebody_waits_until_staff_hold_the_conversation(engine: sa.engine.Engine) -> None:
    add_turn(engine, "web-1")
    with transaction(engine) as session:
        session.add(
            HandoffRow(
                conversation_id="web-1",
                state="requested",
                reason="asked",
                about="",
                requested_at=NOW,
                waiting_since=NOW,
            )
        )
    waiting = read_state(engine, "web-1")
    with transaction(engine) as session:
        session.get(Conversation, "web-1").is_with_staff = True
    held = read_state(engine, "web-1")

    assert waiting is not None and (waiting.with_staff, waiting.waiting) == (False, True)
    assert held is not None and (held.with_staff, held.waiting) == (True, False)


def test_many_states_are_read_at_once(engine: sa.engine.Engine) -> None:
    ids = [f"web-{n}" for n in range(IDS_A_QUERY + 20)]
    with transaction(engine) as session:
        session.execute(sa.insert(Conversation), [
            {"id": each, "channel": "web", "started_at": NOW, "last_at": NOW, "turns": 0, "slots": {},
             "is_with_staff": False, "is_urgent": False, "is_unreachable": False} for each in ids
        ])  # fmt: skip

    assert set(read_states(engine, [*ids, "web-gone"])) == set(ids)
    assert read_states(engine, []) == {}
