"""Turns that Rasa did not bring to an end."""

from __future__ import annotations

import sqlalchemy as sa

from bot.core.handoffs import Reason
from bot.core.replies import Reply, ReplyKind
from bot.store.conversation_state import start_conversation
from bot.store.handoff_reads import open_handoff
from bot.store.messages import turn_of
from bot.store.safe_turns import store_safe_turn
from tests.store.conversations import NOW

SORRY = Reply(ReplyKind.ERROR, "Something went wrong.")


def test_the_message_is_stored_redacted_with_the_safe_reply(engine: sa.engine.Engine) -> None:
    start_conversation(engine, "web-1", channel="web", region=None, now=NOW)
    assert store_safe_turn(engine, "web-1", client_message_id="a", text="write to a@b.example", reply=SORRY, now=NOW)

    said, reply = turn_of(engine, "web-1", "a")
    assert said.text == "write to <email>" and (reply.kind, reply.text) == ("error", SORRY.text)
    with engine.connect() as connection:
        row = connection.execute(sa.text("SELECT kind, flags FROM turns")).one()
    assert tuple(row) == ("error", '["no_reply"]')


def test_a_crisis_that_rasa_did_not_answer_calls_staff_as_well(engine: sa.engine.Engine) -> None:
    start_conversation(engine, "web-1", channel="web", region=None, now=NOW)
    crisis = Reply(ReplyKind.CRISIS, "Please call.", title="You matter", extra={"handoff": "create"})
    assert store_safe_turn(engine, "web-1", client_message_id="a", text="hello", reply=crisis, now=NOW)
    waiting = open_handoff(engine, "web-1")
    assert waiting and waiting.is_urgent and waiting.reason is Reason.RED_FLAG


def test_an_erased_conversation_does_not_come_back(engine: sa.engine.Engine) -> None:
    assert not store_safe_turn(engine, "web-1", client_message_id="a", text="hello", reply=SORRY, now=NOW)
    assert turn_of(engine, "web-1", "a") == []
