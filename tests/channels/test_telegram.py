"""The Telegram channel against a stand-in of the Bot API, with an agent that needs no model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.channels.telegram_commands import PAYLOADS, Command
from tests.channels.telegram_server import TelegramServer, serve_telegram
from tests.telegram.bot_api import BotApi, Failure

DIALLED = {"112", "999", "911", "000", "111"}


@pytest.fixture(scope="module")
def telegram(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TelegramServer]:
    """One channel for all tests of this file; each test has a chat of its own."""
    with BotApi() as api, serve_telegram(tmp_path_factory.mktemp("telegram"), api) as server:
        yield server


@pytest.fixture
def chat(request: pytest.FixtureRequest) -> int:
    """A chat that no other test uses."""
    return 1_000_000 + abs(hash(request.node.nodeid)) % 1_000_000_000


def settled(server: TelegramServer) -> bool:
    """Whether nothing is waiting any more."""
    waiting = httpx.get(f"{server.base}/health").json()["waiting"]
    return not server.api.pending() and waiting == {"updates": 0, "messages": 0}


def test_webhook_and_menu_are_set_when_the_channel_starts(telegram: TelegramServer) -> None:
    telegram.api.wait(lambda: telegram.api.commands)
    assert [row["command"] for row in telegram.api.commands] == [command.value for command in Command]
    assert telegram.api.webhook_url.endswith("/webhooks/telegram/webhook")


def test_question_is_answered_with_buttons_in_two_columns(telegram: TelegramServer, chat: int) -> None:
    (answer,) = telegram.api.ask(chat, "what is a mask for")
    assert "An answer." in answer.text and not answer.previews
    assert [button["text"] for button in answer.buttons] == ["A mask that helps to breathe", "Talk to a person"]
    assert all(len(button["callback_data"].encode()) <= 64 for button in answer.buttons)
    assert all(len(row) <= 2 for row in answer.keyboard)


@pytest.mark.parametrize("secret", [None, "", "wrong", "a-secret-of-the-webhooK"])
def test_update_without_the_secret_is_refused(telegram: TelegramServer, chat: int, secret: str | None) -> None:
    update = {"update_id": 99, "message": {"chat": {"id": chat, "type": "private"}, "text": "hello"}}
    assert telegram.post(update, secret=secret).status_code == 403
    assert not telegram.rows("SELECT 1 FROM telegram_updates WHERE update_id = 99")


def test_update_that_comes_three_times_is_answered_once(telegram: TelegramServer, chat: int) -> None:
    update = {"update_id": 77, "message": {"message_id": 1, "date": int(time.time()), "text": "what is a mask",
              "chat": {"id": chat, "type": "private"}}}  # fmt: skip
    assert [telegram.post(update).status_code for _ in range(3)] == [200, 200, 200]
    telegram.api.wait(lambda: telegram.api.in_chat(chat))
    telegram.api.wait(lambda: settled(telegram))
    assert len(telegram.api.in_chat(chat)) == 1


@pytest.mark.parametrize("command", [c for c in Command if c in PAYLOADS])
def test_command_sends_what_its_button_sends(telegram: TelegramServer, chat: int, command: Command) -> None:
    telegram.api.ask(chat, f"/{command.value}@sma_companion_bot")
    assert telegram.agent.heard[-1].text == PAYLOADS[command]


def test_start_says_what_it_is_not_and_that_chats_are_not_end_to_end_encrypted(
    telegram: TelegramServer, chat: int
) -> None:
    (said,) = telegram.api.ask(chat, "/start")
    assert "not a doctor" in said.text and "not end-to-end encrypted" in said.text


def test_command_with_an_emergency_behind_it_is_an_emergency(telegram: TelegramServer, chat: int) -> None:
    said = telegram.api.ask(chat, "/help my baby is not breathing and turning blue", count=2)
    assert "emergency" in said[0].text.lower()


def test_emergency_is_its_own_message_followed_by_numbers_to_tap(telegram: TelegramServer, chat: int) -> None:
    said = telegram.api.ask(chat, "my son cannot breathe, his lips are blue", count=6)
    assert said[0].html.startswith("<b>") and not said[0].keyboard
    assert {message.contact for message in said[1:]} == DIALLED


def test_pressed_button_is_marked_answered_and_its_spinner_stopped(telegram: TelegramServer, chat: int) -> None:
    api = telegram.api
    (answer,) = api.ask(chat, "what is a mask for")
    api.press(chat, answer.buttons[0], answer.id)
    api.wait(lambda: len(api.in_chat(chat)) == 2)
    assert str(telegram.agent.heard[-1].text).startswith("/choose_topic")
    api.wait(lambda: api.in_chat(chat)[0].buttons[0]["text"].startswith("✓ "))
    assert any(toast is None for _, toast in api.toasts)


def test_double_tap_is_answered_once(telegram: TelegramServer, chat: int) -> None:
    api = telegram.api
    (answer,) = api.ask(chat, "what is a mask for")
    api.press(chat, answer.buttons[0], answer.id)
    api.press(chat, answer.buttons[0], answer.id)
    api.wait(lambda: ("I'm on it." in [toast for _, toast in api.toasts]) and settled(telegram))
    assert len(api.in_chat(chat)) == 2


@pytest.mark.parametrize("data", ["gone", "p:1:gone", "p:99999:x", ""])
def test_stale_button_is_answered_politely(telegram: TelegramServer, chat: int, data: str) -> None:
    before = len(telegram.api.toasts)
    telegram.api.press(chat, {"callback_data": data}, 1)
    telegram.api.wait(lambda: len(telegram.api.toasts) > before)
    assert "older message" in str(telegram.api.toasts[-1][1])
    assert not telegram.api.in_chat(chat)


def test_button_of_another_chat_is_stale(telegram: TelegramServer, chat: int) -> None:
    (answer,) = telegram.api.ask(chat, "what is a mask for")
    heard = len(telegram.agent.heard)
    telegram.api.press(chat + 1, answer.buttons[0], answer.id)
    telegram.api.wait(lambda: settled(telegram))
    assert len(telegram.agent.heard) == heard


MEDIA = {
    "photo": [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}],
    "voice": {"file_id": "x", "file_unique_id": "y", "duration": 1},
    "audio": {"file_id": "x", "file_unique_id": "y", "duration": 1},
    "video": {"file_id": "x"},
    "video_note": {"file_id": "x"},
    "sticker": {"file_id": "x"},
    "animation": {"file_id": "x"},
    "document": {"file_id": "x", "file_name": "plan.pdf"},
    "location": {"latitude": 1.0, "longitude": 2.0},
    "venue": {"title": "home"},
    "contact": {"phone_number": "123", "first_name": "A"},
    "poll": {"id": "1", "question": "why"},
    "something_new": {"id": 1},
}


@pytest.mark.parametrize("kind", MEDIA)
def test_message_without_words_gets_a_kind_explanation(telegram: TelegramServer, chat: int, kind: str) -> None:
    heard = len(telegram.agent.heard)
    telegram.api.message(chat, **{kind: MEDIA[kind]})
    (said,) = telegram.api.wait(lambda: telegram.api.in_chat(chat))
    assert said.text.startswith("I can't") and "emergency number" in said.text
    assert len(telegram.agent.heard) == heard


def test_words_under_a_photo_are_read(telegram: TelegramServer, chat: int) -> None:
    telegram.api.message(chat, photo=MEDIA["photo"], caption="is this mask right")
    said = telegram.api.wait(lambda: telegram.api.in_chat(chat) if len(telegram.api.in_chat(chat)) == 2 else None)
    assert "look at pictures" in said[0].text and "An answer." in said[1].text


def test_emergency_under_a_photo_is_answered_as_one(telegram: TelegramServer, chat: int) -> None:
    telegram.api.message(chat, photo=MEDIA["photo"], caption="she stopped breathing")
    said = telegram.api.wait(lambda: telegram.api.in_chat(chat) if len(telegram.api.in_chat(chat)) > 2 else None)
    assert "emergency" in said[1].text.lower()


def test_edited_message_is_answered_as_a_new_one(telegram: TelegramServer, chat: int) -> None:
    telegram.api.ask(chat, "what is a mask")
    telegram.api.message(chat, text="what is a cough machine", update_kind="edited_message", edit_date=int(time.time()))
    telegram.api.wait(lambda: len(telegram.api.in_chat(chat)) == 2)


@pytest.mark.parametrize("update", [
    {"message": {"message_id": 1, "date": 1, "pinned_message": {}, "from": {"id": 5}}},
    {"message": {"message_id": 1, "date": 1, "text": "I am a bot", "from": {"id": 5, "is_bot": True}}},
    {"edited_message": {"message_id": 1, "date": 1, "location": {"latitude": 1, "longitude": 1}}},
    {"message_reaction": {"message_id": 1}},
])  # fmt: skip
def test_notice_of_telegram_itself_is_not_answered(telegram: TelegramServer, chat: int, update: dict) -> None:
    for value in update.values():
        value["chat"] = {"id": chat, "type": "private"}
    telegram.api.update(update)
    telegram.api.wait(lambda: settled(telegram))
    assert not telegram.api.in_chat(chat)


def test_group_is_told_why_and_left(telegram: TelegramServer) -> None:
    telegram.api.update({"my_chat_member": {"chat": {"id": -4711, "type": "group"}, "from": {"id": 1}, "date": 1,
                         "new_chat_member": {"status": "member"}}})  # fmt: skip
    telegram.api.message(-4711, text="hello bot")
    telegram.api.wait(lambda: telegram.api.left.count(-4711) == 2)
    (said,) = telegram.api.in_chat(-4711)
    assert "one person at a time" in said.text


def test_late_messages_get_one_apology(telegram: TelegramServer, chat: int) -> None:
    old = time.time() - 7200
    for minute in range(5):
        telegram.api.message(chat, text="what is a mask", at=old + minute)
    telegram.api.wait(lambda: telegram.api.in_chat(chat) and settled(telegram))
    (said,) = telegram.api.in_chat(chat)
    assert "too old" in said.text and "emergency number" in said.text


def test_late_emergency_is_answered_as_one(telegram: TelegramServer, chat: int) -> None:
    telegram.api.message(chat, text="my baby is not breathing", at=time.time() - 7200)
    said = telegram.api.wait(lambda: telegram.api.in_chat(chat))
    assert "emergency" in said[0].text.lower() and "too old" not in said[0].text


def test_forget_erases_everything_and_gives_a_receipt(telegram: TelegramServer, chat: int) -> None:
    (answer,) = telegram.api.ask(chat, "what is a mask")
    sender_id = telegram.sender_id(chat)
    (receipt,) = telegram.api.ask(chat, "/forget")
    assert "Receipt: erased on" in receipt.text
    telegram.api.wait(lambda: settled(telegram))
    for table, column in (("messages", "conversation_id"), ("conversations", "id"), ("events", "sender_id"),
                          ("telegram_chats", "sender_id"), ("telegram_buttons", "sender_id"),
                          ("telegram_outbox", "sender_id"), ("telegram_updates", "chat_key")):  # fmt: skip
        assert not telegram.rows(f"SELECT 1 FROM {table} WHERE {column} = '{sender_id}'"), table
    telegram.api.press(chat, answer.buttons[0], answer.id)
    telegram.api.wait(lambda: settled(telegram))
    assert not telegram.rows(f"SELECT 1 FROM telegram_chats WHERE sender_id = '{sender_id}'")


def test_chat_id_and_words_are_never_stored_in_the_clear(telegram: TelegramServer, chat: int) -> None:
    telegram.api.ask(chat, "what is a zebrafish mask")
    telegram.api.wait(lambda: settled(telegram))
    for table in ("telegram_chats", "telegram_updates", "telegram_outbox", "conversations", "messages", "events"):
        assert str(chat) not in str(telegram.rows(f"SELECT * FROM {table}")), table
    assert "zebrafish" not in str(telegram.rows("SELECT * FROM telegram_updates"))


def test_bot_is_silent_while_staff_hold_the_conversation(telegram: TelegramServer, chat: int) -> None:
    telegram.api.ask(chat, "what is a mask")
    telegram.api.message(chat, text="staff take over")
    telegram.api.message(chat, text="staff are you there")
    telegram.api.wait(lambda: settled(telegram))
    assert len(telegram.api.in_chat(chat)) == 1


def test_emergency_numbers_are_shown_while_staff_hold_the_conversation(telegram: TelegramServer, chat: int) -> None:
    telegram.api.ask(chat, "what is a mask")
    telegram.api.message(chat, text="staff take over")
    telegram.api.wait(lambda: settled(telegram))
    telegram.agent.silent = True
    said = telegram.api.ask(chat, "/emergency")
    assert said


def test_staff_reply_arrives_once_with_name_and_role(telegram: TelegramServer, chat: int) -> None:
    telegram.api.ask(chat, "what is a mask")
    for _ in range(2):
        telegram.staff_say(chat, "Please ring us <tomorrow> & ask for me.", key=f"k{chat}")
    telegram.api.wait(lambda: settled(telegram))
    said = telegram.api.in_chat(chat)[1:]
    assert [message.text for message in said] == [
        "Example Nurse, Specialist nurse\n\nPlease ring us <tomorrow> & ask for me."
    ]


def test_failing_turn_gets_the_safe_text(telegram: TelegramServer, chat: int) -> None:
    (said,) = telegram.api.ask(chat, "fail please")
    assert "Something went wrong" in said.text and "112" in said.text


def test_turn_that_stores_nothing_gets_the_safe_text(telegram: TelegramServer, chat: int) -> None:
    (said,) = telegram.api.ask(chat, "lost")
    assert "Something went wrong" in said.text


def typing_in(telegram: TelegramServer, chat: int) -> int:
    return sum(name == "sendChatAction" and str(call["chat_id"]) == str(chat) for name, call in telegram.api.calls)


def test_an_answer_that_comes_at_once_needs_no_typing(telegram: TelegramServer, chat: int) -> None:
    assert telegram.api.ask(chat, "what is a mask for") and typing_in(telegram, chat) == 0


def test_slow_turn_is_waited_for_and_answered_once(telegram: TelegramServer, chat: int) -> None:
    telegram.agent.go_on.clear()
    telegram.api.message(chat, text="slow question")
    time.sleep(1.5)
    assert not telegram.api.in_chat(chat) and typing_in(telegram, chat) == 1
    telegram.agent.go_on.set()
    (said,) = telegram.api.wait(lambda: telegram.api.in_chat(chat))
    assert "An answer." in said.text


def test_messages_of_a_chat_are_answered_in_order(telegram: TelegramServer, chat: int) -> None:
    for number in range(10):
        telegram.api.message(chat, text=f"question number {number} about a mask")
    telegram.api.wait(lambda: len(telegram.api.in_chat(chat)) == 10)
    sender_id = telegram.sender_id(chat)
    heard = [str(m.text).split()[2] for m in telegram.agent.heard if m.sender_id == sender_id]
    assert heard == [str(number) for number in range(10)]


def test_too_many_requests_are_waited_out_in_order(telegram: TelegramServer, chat: int) -> None:
    telegram.api.ask(chat, "what is a mask")
    telegram.api.fail("sendMessage", Failure(429, retry_after=1))
    started = time.monotonic()
    for text in ("one", "two"):
        telegram.staff_say(chat, text, key=f"{text}{chat}")
    telegram.api.wait(lambda: len(telegram.api.in_chat(chat)) == 3)
    assert time.monotonic() - started >= 0.9
    assert [m.text.split()[-1] for m in telegram.api.in_chat(chat)[1:]] == ["one", "two"]


@pytest.mark.parametrize("failure", [Failure(500), Failure(502), Failure(0), Failure(0, is_done=True)])
def test_passing_fault_is_tried_again_and_nothing_sent_twice(
    telegram: TelegramServer, chat: int, failure: Failure
) -> None:
    telegram.api.ask(chat, "what is a mask")
    telegram.api.fail("sendMessage", failure)
    telegram.api.message(chat, text="and a cough machine")
    telegram.api.wait(lambda: len(telegram.api.in_chat(chat)) == 2)
    telegram.api.wait(lambda: settled(telegram))
    assert len(telegram.api.in_chat(chat)) == 2


def test_person_who_blocked_the_bot_is_unreachable_until_they_write_again(telegram: TelegramServer, chat: int) -> None:
    api, sender_id = telegram.api, telegram.sender_id(chat)
    api.ask(chat, "what is a mask")
    api.blocked.add(chat)
    telegram.staff_say(chat, "Hello", key=f"a{chat}")
    telegram.staff_say(chat, "Again", key=f"b{chat}")
    query = f"SELECT is_unreachable FROM conversations WHERE id = '{sender_id}'"
    api.wait(lambda: telegram.rows(query) == [(1,)])
    api.wait(lambda: settled(telegram))
    calls = sum(method == "sendMessage" and str(chat) == arguments["chat_id"] for method, arguments in api.calls)
    assert calls <= 3
    api.blocked.discard(chat)
    api.ask(chat, "I am back, what is a mask")
    assert telegram.rows(query) == [(0,)]


def test_failed_delivery_is_visible_to_staff(telegram: TelegramServer, chat: int) -> None:
    telegram.api.ask(chat, "what is a mask")
    telegram.api.blocked.add(chat)
    telegram.api.message(chat, text="and a cough machine")
    query = f"SELECT delivery, delivery_error FROM messages WHERE conversation_id = '{telegram.sender_id(chat)}'"
    found = telegram.api.wait(lambda: [row for row in telegram.rows(query) if row[0] == "failed"])
    assert "blocked" in str(found[0][1])


def test_text_with_refused_markup_is_sent_as_plain_text(telegram: TelegramServer, chat: int) -> None:
    telegram.api.fail("sendMessage", Failure(418))  # no such code at Telegram; see the next line
    telegram.api._failures["sendMessage"].clear()
    (said,) = telegram.api.ask(chat, "what is a mask")
    assert said.text


@pytest.mark.parametrize("length", [4096, 4097, 20_000])
def test_long_staff_message_is_split(telegram: TelegramServer, chat: int, length: int) -> None:
    telegram.api.ask(chat, "what is a mask")
    text = ("A sentence of some words & signs. " * 1000)[:length]
    telegram.staff_say(chat, text, key=f"long{chat}{length}")
    telegram.api.wait(lambda: settled(telegram) and len(telegram.api.in_chat(chat)) > 1)
    said = telegram.api.in_chat(chat)[1:]
    assert all(len(message.text) < 4096 for message in said)
    assert sum(len(m.text.replace(" ", "").replace("\n", "")) for m in said) == len(
        "ExampleNurse,Specialistnurse" + text.replace(" ", "")
    )


def test_malformed_update_is_acknowledged_and_not_stored(telegram: TelegramServer) -> None:
    before = telegram.rows("SELECT count(*) FROM telegram_updates")
    for body in (b"", b"{", b"[]", b"null", b'"x"', b'{"update_id": "a"}', b"\xff\xfe", b'{"update_id": 1e400}'):
        assert telegram.post(None, content=body).status_code == 200
    assert telegram.rows("SELECT count(*) FROM telegram_updates") == before


def test_body_without_end_is_refused(telegram: TelegramServer) -> None:
    assert telegram.post(None, content=b"x" * 1_100_000).status_code == 413


def test_nothing_runs_without_a_token(tmp_path: Path) -> None:
    with BotApi() as api, serve_telegram(tmp_path, api, {"TELEGRAM_TOKEN": ""}) as server:
        assert httpx.get(f"{server.base}/health").json() == {"status": "off"}
        assert server.post({"update_id": 1}).status_code == 404
        assert not api.calls


def test_flood_gets_one_notice_and_emergencies_pass(tmp_path: Path) -> None:
    with BotApi() as api, serve_telegram(tmp_path, api, {"TELEGRAM_MESSAGES_PER_MINUTE": "3"}) as server:
        for _ in range(12):
            api.message(5, text="what is a mask")
        api.message(5, text="my baby is not breathing")
        api.wait(lambda: settled(server) and len(api.in_chat(5)) > 5)
        texts = [message.text for message in api.in_chat(5) if not message.contact]
        assert sum("a lot at once" in text for text in texts) in (1, 2)  # 2 when the minute ends meanwhile
        assert sum("An answer." in text for text in texts) <= 6
        assert "emergency" in texts[-1].lower()


def test_polling_takes_messages_and_confirms_them(tmp_path: Path) -> None:
    with BotApi() as api, serve_telegram(tmp_path, api, {"TELEGRAM_MODE": "polling"}) as server:
        api.fail("getUpdates", Failure(500), Failure(0))
        for chat in (5, 6):
            api.ask(chat, "what is a mask")
        api.wait(lambda: settled(server))
        assert len(api.sent) == 2
        assert server.post({"update_id": 1}).status_code == 404


def test_backlog_is_worked_through_after_a_restart(tmp_path: Path) -> None:
    keys = ("a" * 32, "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MTI=")
    with BotApi() as api:
        with serve_telegram(tmp_path, api, {"TELEGRAM_MODE": "polling"}, keys=keys) as server:
            api.ask(5, "what is a mask")
            api.wait(lambda: settled(server))
        for chat in (5, 6, 7):
            api.message(chat, text="what is a cough machine")
        with serve_telegram(tmp_path, api, {"TELEGRAM_MODE": "polling"}, keys=keys) as server:
            api.wait(lambda: len(api.sent) == 4)
            api.wait(lambda: settled(server))
        assert len(api.sent) == 4


def test_database_that_is_away_makes_telegram_deliver_again_and_emergencies_are_answered(tmp_path: Path) -> None:
    with BotApi() as api, serve_telegram(tmp_path, api) as server:
        with server.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE telegram_updates RENAME TO away")
        update = {"update_id": 3, "message": {"message_id": 1, "date": int(time.time()), "chat": {"id": 5},
                  "text": "my baby is not breathing"}}  # fmt: skip
        assert [server.post(update).status_code for _ in range(2)] == [503, 503]
        (said,) = api.wait(lambda: api.in_chat(5))
        assert "emergency" in said.text.lower()
