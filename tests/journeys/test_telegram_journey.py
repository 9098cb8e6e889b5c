"""Somebody on Telegram, against the real processes and a stand-in of the Bot API."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from bot.channels.telegram_incoming import sender_id_of
from bot.core.handoffs import Staff
from bot.core.staff_events import give_back, staff_reply
from tests.journeys.stack import Stack, run_stack
from tests.telegram.bot_api import TOKEN, BotApi, Sent

QUESTION = "how is spinraza given"
EMERGENCY = "my baby is blue and not breathing"
SECRET = "a-secret-of-the-webhook"
SENTINEL = "zanzibarium"
NURSE = Staff("s1", "Example Nurse", "Specialist nurse")


@pytest.fixture(scope="module")
def api() -> Iterator[BotApi]:
    with BotApi() as made:
        yield made


@pytest.fixture(scope="module")
def telegram(api: BotApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Rasa and the action server of their own, with Telegram on."""
    environ = {
        "TELEGRAM_MODE": "polling", "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": api.url,
        "TELEGRAM_WEBHOOK_SECRET": SECRET, "TELEGRAM_MESSAGES_PER_MINUTE": "10000",
    }  # fmt: skip
    with run_stack(tmp_path_factory.mktemp("telegram"), environ=environ) as stack:
        yield stack


_chats = iter(range(1_000_001, 2_000_000))


@pytest.fixture
def chat() -> int:
    """A chat that no other test uses."""
    return next(_chats)


def events(stack: Stack, chat: int, posted: list[dict]) -> None:
    """What the staff side does to speak in a chat."""
    sender_id = sender_id_of(chat, stack.environ["SMA_SECRET_KEY"])
    answer = httpx.post(
        f"{stack.web}/conversations/{sender_id}/tracker/events",
        params={"token": stack.internal_token, "execute_side_effects": "true", "output_channel": "latest"},
        json=posted, timeout=30,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text


def is_idle(stack: Stack, api: BotApi) -> bool:
    health = httpx.get(f"{stack.web}/webhooks/telegram/health", timeout=10).json()
    return not api.pending() and health["waiting"] == {"updates": 0, "messages": 0}


def until_idle(stack: Stack, api: BotApi) -> None:
    api.wait(lambda: is_idle(stack, api), within_s=60)


def button(message: Sent, title: str) -> dict:
    return next(each for each in message.buttons if title in each["text"])


def test_question_is_answered_with_sources_disclaimer_and_buttons(telegram: Stack, api: BotApi, chat: int) -> None:
    (answer,) = api.ask(chat, QUESTION)
    assert "spinal" in answer.text.lower() or "spine" in answer.text.lower()
    assert 'href="https://' in answer.html and "<i>" in answer.html and not answer.previews
    assert answer.buttons


def test_related_topic_is_answered_when_its_button_is_pressed(telegram: Stack, api: BotApi, chat: int) -> None:
    (answer,) = api.ask(chat, QUESTION)
    api.press(chat, answer.buttons[0], answer.id)
    second = api.wait(lambda: api.in_chat(chat)[1:])[0]
    assert second.text.startswith(answer.buttons[0]["text"].removeprefix("✓ "))


def test_topics_come_in_pages_and_lead_to_an_answer(telegram: Stack, api: BotApi, chat: int) -> None:
    (listing,) = api.ask(chat, "/topics")
    api.press(chat, button(listing, "More"), listing.id)
    api.wait(lambda: any("Back" in each["text"] for each in listing.buttons))
    api.press(chat, listing.buttons[0], listing.id)
    category = api.wait(lambda: api.in_chat(chat)[1:])[0]
    api.press(chat, category.buttons[0], category.id)
    answer = api.wait(lambda: api.in_chat(chat)[2:])[0]
    assert "href=" in answer.html


def test_unclear_question_gets_choices(telegram: Stack, api: BotApi, chat: int) -> None:
    (said,) = api.ask(chat, "equipment")
    assert said.buttons


@pytest.mark.parametrize("command", ["/start", "/help", "/topics", "/human", "/sources", "/emergency", "/unknown"])
def test_each_command_is_answered(telegram: Stack, api: BotApi, chat: int, command: str) -> None:
    (said, *_) = api.ask(chat, command)
    assert said.text and "Something went wrong" not in said.text


def test_sources_of_the_last_answer_are_shown(telegram: Stack, api: BotApi, chat: int) -> None:
    api.ask(chat, QUESTION)
    (said,) = api.ask(chat, "/sources")
    assert 'href="https://' in said.html


def test_emergency_is_answered_with_numbers_to_tap(telegram: Stack, api: BotApi, chat: int) -> None:
    said = api.ask(chat, EMERGENCY, count=2)
    assert "emergency" in said[0].text.lower() and "112" in said[0].text
    api.wait(lambda: {"112", "911", "999"} <= {message.contact for message in api.in_chat(chat)})


def test_staff_reply_arrives_with_name_and_role_and_the_bot_is_silent_but_for_emergencies(
    telegram: Stack, api: BotApi, chat: int
) -> None:
    api.ask(chat, QUESTION)
    events(telegram, chat, staff_reply("Shall I ring you?", NURSE, key=f"one{chat}"))
    said = api.wait(lambda: api.in_chat(chat)[1:])
    assert said[0].text == "Example Nurse, Specialist nurse\n\nShall I ring you?"
    api.message(chat, text="yes please")
    until_idle(telegram, api)
    assert len(api.in_chat(chat)) == 2
    urgent = api.ask(chat, EMERGENCY)
    assert "emergency" in urgent[0].text.lower()
    until_idle(telegram, api)
    before = len(api.in_chat(chat))
    numbers = api.ask(chat, "/emergency")
    assert "112" in numbers[0].text
    until_idle(telegram, api)
    before = len(api.in_chat(chat))
    events(telegram, chat, give_back(key=f"two{chat}"))
    api.wait(lambda: len(api.in_chat(chat)) > before)
    api.ask(chat, QUESTION)


def test_forgotten_chat_leaves_nothing(telegram: Stack, api: BotApi, chat: int) -> None:
    api.ask(chat, QUESTION)
    (receipt,) = api.ask(chat, "/forget")
    assert "Receipt" in receipt.text
    until_idle(telegram, api)
    sender_id = sender_id_of(chat, telegram.environ["SMA_SECRET_KEY"])
    dump = b"".join(path.read_bytes() for path in telegram.folder.glob("stack.db"))
    with telegram.engine.connect() as connection:
        for table in ("messages", "conversations", "events", "turns", "telegram_chats", "telegram_outbox"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert sender_id not in str(rows), table
    assert dump


def test_kill_in_the_middle_loses_and_repeats_nothing(telegram: Stack, api: BotApi) -> None:
    chats = [next(_chats) for _ in range(6)]
    for number in range(4):
        for chat in chats:
            api.message(chat, text=f"{QUESTION}, please, number {number}")
        if number == 1:
            telegram.kill("rasa")
    telegram.start("rasa")
    api.wait(lambda: is_idle(telegram, api), within_s=120)
    assert [len(api.in_chat(chat)) for chat in chats] == [4] * len(chats)


def test_emergency_sent_while_the_bot_was_down_is_answered(telegram: Stack, api: BotApi, chat: int) -> None:
    telegram.kill("rasa")
    api.message(chat, text=EMERGENCY, at=time.time() - 7200)
    api.message(chat, text=QUESTION, at=time.time() - 7100)
    telegram.start("rasa")
    api.wait(lambda: is_idle(telegram, api), within_s=120)
    texts = [message.text for message in api.in_chat(chat) if not message.contact]
    assert "emergency" in texts[0].lower() and "too old" in texts[1]


def test_action_server_that_is_down_still_gets_an_answer(telegram: Stack, api: BotApi, chat: int) -> None:
    telegram.kill("actions")
    try:
        assert "Something went wrong" in api.ask(chat, QUESTION)[0].text
        assert "emergency" in api.ask(chat, EMERGENCY)[0].text.lower()
    finally:
        telegram.start("actions")


def test_what_was_written_is_in_no_log(telegram: Stack, api: BotApi, chat: int) -> None:
    api.ask(chat, f"{SENTINEL} {QUESTION}")
    api.ask(chat, f"/{SENTINEL}")
    until_idle(telegram, api)
    logs = telegram.log("rasa") + telegram.log("actions")
    assert SENTINEL not in logs and str(chat) not in logs and TOKEN not in logs
