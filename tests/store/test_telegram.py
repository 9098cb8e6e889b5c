"""The tables behind the Telegram channel, on every database."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.core.replies import Button
from bot.store.database import transaction
from bot.store.telegram import TelegramOutgoing, forget_idle_chats, read_chat, see_chat
from bot.store.telegram_buttons import buttons_of, find_button, keep_buttons, press
from bot.store.telegram_inbox import (
    Waiting,
    count_waiting,
    drop_worked,
    finish,
    next_waiting,
    take_in,
    waiting_chats,
)
from bot.store.telegram_outbox import (
    Part,
    begin_sending,
    count_open,
    drop_settled,
    fail_all,
    next_outgoing,
    put_in,
    put_off,
    settle,
)

NOW = datetime(2026, 11, 23, 10, 0)
LATER = NOW + timedelta(days=8)


def update(number: int) -> Waiting:
    return Waiting(number, "tg-a", f"body {number}", NOW, attempts=0)


def test_an_update_is_taken_in_once_and_readable_until_worked(any_engine: sa.engine.Engine) -> None:
    for number in (7, 5, 6):
        assert take_in(any_engine, update(number))
    assert not take_in(any_engine, update(6))
    assert [waiting.update_id for waiting in next_waiting(any_engine, "tg-a")] == [5, 6, 7]
    with transaction(any_engine) as session:
        assert finish(session, 5) and not finish(session, 5)
    assert count_waiting(any_engine) == 2 and waiting_chats(any_engine) == ["tg-a"]
    assert not take_in(any_engine, update(5)), "a worked number stays known"
    assert drop_worked(any_engine, before=LATER) == 1


def put(engine: sa.engine.Engine, *keys: str) -> int:
    with transaction(engine) as session:
        return put_in(session, [Part(key, "tg-a", "token", "body") for key in keys], now=NOW)


def test_parts_leave_in_order_and_are_put_in_once(any_engine: sa.engine.Engine) -> None:
    assert put(any_engine, "a", "b") == 2 and put(any_engine, "b", "c") == 1
    first = next_outgoing(any_engine, "tg-a")
    assert first and first.key == "a" and first.state == "waiting"
    begin_sending(any_engine, first.id, after_id=3)
    put_off(any_engine, first.id, until=LATER, attempts=1, is_certain=False, error="timed out")
    again = next_outgoing(any_engine, "tg-a")
    assert again and (again.key, again.state, again.attempts, again.after_id) == ("a", "sending", 1, 3)
    settle(any_engine, again, now=NOW, telegram_message_id=9)
    assert [part.key for part in [next_outgoing(any_engine, "tg-a")] if part] == ["b"]


def test_what_is_settled_says_nothing_any_more(any_engine: sa.engine.Engine) -> None:
    put(any_engine, "a", "b")
    fail_all(any_engine, "tg-a", now=NOW, error="blocked")
    assert count_open(any_engine) == 0
    with any_engine.connect() as connection:
        rows = connection.execute(sa.select(TelegramOutgoing.body, TelegramOutgoing.chat_token)).all()
    assert [tuple(row) for row in rows] == [(None, None), (None, None)]
    assert drop_settled(any_engine, before=LATER) == 2


def test_a_chat_is_known_from_its_first_message_and_forgotten_when_idle(any_engine: sa.engine.Engine) -> None:
    for message_id in (4, 6):
        with transaction(any_engine) as session:
            see_chat(session, "tg-a", "token", message_id=message_id, now=NOW)
    chat = read_chat(any_engine, "tg-a")
    assert chat and chat.chat_token == "token" and not chat.is_unreachable
    assert forget_idle_chats(any_engine, before=NOW) == 0
    assert forget_idle_chats(any_engine, before=LATER) == 1 and read_chat(any_engine, "tg-a") is None


def test_a_button_belongs_to_its_chat_and_is_pressed_once(any_engine: sa.engine.Engine) -> None:
    with transaction(any_engine) as session:
        keep_buttons(session, "tg-a", "tg:5:0", [Button("Topics", "/topics"), Button("A person", "/human")], now=NOW)
    topics, person = buttons_of(any_engine, "tg:5:0")
    assert (topics.title, person.payload) == ("Topics", "/human") and len(topics.key.encode()) <= 64
    assert find_button(any_engine, topics.key, "tg-b") is None
    assert press(any_engine, topics.key, "tg-b", update_id=8, at=NOW) is None
    pressed = press(any_engine, topics.key, "tg-a", update_id=8, at=NOW)
    assert pressed and pressed[0].payload == "/topics" and not pressed[1]
    assert press(any_engine, topics.key, "tg-a", update_id=8, at=NOW)[1] is False, "the same update, worked again"
    again = press(any_engine, topics.key, "tg-a", update_id=9, at=NOW)
    assert again and again[1]
