"""Thumbs."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.feedback import REASON_CHARS, feedback_of, give_feedback
from tests.store.conversations import NOW, add_turn


def test_a_thumb_is_stored_redacted_and_an_earlier_one_replaced(engine: sa.engine.Engine) -> None:
    _, reply = add_turn(engine, "web-1")
    assert give_feedback(engine, "web-1", reply, is_helpful=True, reason=None, now=NOW)
    assert give_feedback(engine, "web-1", reply, is_helpful=False, reason=" ask a@b.example ", now=NOW)

    assert feedback_of(engine, "web-1") == {reply: (False, "ask <email>")}


def test_only_a_message_of_the_bot_in_the_same_conversation_takes_one(engine: sa.engine.Engine) -> None:
    said, reply = add_turn(engine, "web-1")

    assert not give_feedback(engine, "web-1", said, is_helpful=True, reason=None, now=NOW)
    assert not give_feedback(engine, "web-2", reply, is_helpful=True, reason=None, now=NOW)
    assert not give_feedback(engine, "web-1", 999, is_helpful=True, reason=None, now=NOW)
    assert feedback_of(engine, "web-1") == {}


def test_a_long_reason_is_cut(engine: sa.engine.Engine) -> None:
    _, reply = add_turn(engine, "web-1")
    give_feedback(engine, "web-1", reply, is_helpful=True, reason="so " * 1000, now=NOW)

    assert len(feedback_of(engine, "web-1")[reply][1] or "") <= REASON_CHARS
