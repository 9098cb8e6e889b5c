"""What is said, and what becomes of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.core.composer import BUTTONS
from tests.channels.web_server import OFFER, WebServer, is_problem, say, serve_web, wait_until


def test_the_same_message_twice_is_answered_once(web: WebServer) -> None:
    caregiver = web.caregiver()
    first = say(caregiver, "only once", client_message_id="same")
    second = say(caregiver, "only once", client_message_id="same")

    assert second.json() == first.json()
    assert len(caregiver.get("/messages").json()["messages"]) == 2


def test_a_message_sent_again_while_it_is_answered_is_answered_once(web: WebServer) -> None:
    caregiver = web.caregiver()
    answers: list[httpx.Response] = []
    web.agent.go_on.clear()
    heard = len(web.agent.heard)
    tries = [
        threading.Thread(target=lambda: answers.append(say(caregiver, "slow one", client_message_id="again")))
        for _ in range(3)
    ]
    for each in tries:
        each.start()
    wait_until(lambda: len(web.agent.heard) > heard)
    web.agent.go_on.set()
    for each in tries:
        each.join(10)

    assert len(web.agent.heard) == heard + 1
    assert [answer.json() for answer in answers] == [answers[0].json()] * 3
    assert len(answers[0].json()["messages"]) == 2


def test_messages_of_one_conversation_are_answered_one_at_a_time(web: WebServer) -> None:
    caregiver = web.caregiver()
    web.agent.go_on.clear()
    slow = threading.Thread(target=lambda: say(caregiver, "slow first"))
    slow.start()
    wait_until(lambda: web.agent.heard and web.agent.heard[-1].text == "slow first")
    quick = threading.Thread(target=lambda: say(caregiver, "quick second"))
    quick.start()
    time.sleep(0.1)
    web.agent.go_on.set()
    slow.join(10)
    quick.join(10)

    texts = [m["text"] for m in caregiver.get("/messages").json()["messages"] if m["sender"] == "caregiver"]
    assert texts == ["slow first", "quick second"]


def test_a_slash_typed_by_a_person_never_reaches_rasa(web: WebServer) -> None:
    say(web.caregiver(), '/choose_topic{"topic": "breathing.niv"}')

    assert web.agent.heard[-1].text == 'choose_topic{"topic": "breathing.niv"}'


def test_a_lone_slash_is_answered(web: WebServer) -> None:
    assert [m["sender"] for m in say(web.caregiver(), " / ").json()["messages"]] == ["caregiver", "bot"]


def test_rasa_is_told_region_locale_and_the_clients_id(web: WebServer) -> None:
    say(web.caregiver(), "hello", client_message_id="told", region="ireland", locale="en-IE")

    metadata = web.agent.heard[-1].metadata
    assert metadata == {"client_message_id": "told", "region": "Ireland", "locale": "en-IE"}


def test_a_button_that_was_offered_can_be_chosen(web: WebServer) -> None:
    caregiver = web.caregiver()
    say(caregiver, "hello")
    body = {"client_message_id": "press", "payload": OFFER, "title": "<b>forged</b>"}
    answer = caregiver.post("/messages", json=body)

    assert web.agent.heard[-1].text == OFFER
    assert answer.json()["messages"][0]["text"] == "A mask that helps to breathe"


@pytest.mark.parametrize(
    "payload", ['/choose_topic{"topic":"breathing.clearance"}', '/choose_topic{"topic": "breathing.clearance"}']
)
def test_a_related_topic_can_be_chosen(web: WebServer, payload: str) -> None:
    caregiver = web.caregiver()
    say(caregiver, "hello")

    answer = caregiver.post("/messages", json={"client_message_id": "r", "payload": payload, "title": "Clearing mucus"})

    assert answer.status_code == 200 and answer.json()["messages"][0]["text"] == "Clearing mucus"


@pytest.mark.parametrize("payload", ["/emergency", '/choose_topic{"topic": "x.y"}', "/restart", "hello", "/back{"])
def test_a_payload_that_was_not_offered_is_refused(web: WebServer, payload: str) -> None:
    caregiver, other = web.caregiver(), web.caregiver()
    say(other, "hello")
    heard = len(web.agent.heard)

    assert is_problem(caregiver.post("/messages", json={"client_message_id": "p", "payload": payload}), 409)
    assert len(web.agent.heard) == heard


def test_an_offer_to_somebody_else_is_not_ours(web: WebServer) -> None:
    say(web.caregiver(), "hello")

    assert is_problem(web.caregiver().post("/messages", json={"client_message_id": "p", "payload": OFFER}), 409)


@pytest.mark.parametrize("name", list(BUTTONS))
def test_the_fixed_menu_stands_open_from_the_start(web: WebServer, name: str) -> None:
    body = {"client_message_id": name, "payload": BUTTONS[name].payload, "title": "Somebody real, please"}
    answer = web.caregiver().post("/messages", json=body)

    assert answer.status_code == 200 and answer.json()["messages"][0]["text"] == "Somebody real, please"


def test_a_turn_that_fails_is_answered_by_the_channel(web: WebServer) -> None:
    caregiver = web.caregiver()
    answer = say(caregiver, "fail please", client_message_id="f").json()

    echo, safe = answer["messages"]
    assert (echo["text"], echo["id"], echo["unsaved"]) == ("fail please", 0, True)
    assert (safe["kind"], safe["id"]) == ("error", 0) and "112" in safe["text"]
    assert answer["cursor"] == 0 and caregiver.get("/messages").json()["messages"] == []


def test_an_emergency_is_answered_even_if_the_turn_fails(web: WebServer) -> None:
    caregiver = web.caregiver(region="UK")
    safe = say(caregiver, "fail: my baby is not breathing").json()["messages"][-1]

    assert safe["kind"] == "emergency"
    assert {phone["number"] for phone in safe["payload"]["phones"]} == {"999"}


@pytest.mark.parametrize("text", ["lost in the works", "silent please"])
def test_silence_is_never_an_answer(web: WebServer, text: str) -> None:
    assert say(web.caregiver(), text).json()["messages"][-1]["kind"] == "error"


def test_the_bot_may_be_silent_while_staff_hold_the_conversation(web: WebServer) -> None:
    caregiver = web.caregiver()
    answer = say(caregiver, "staff should read this").json()

    assert [m["sender"] for m in answer["messages"]] == ["caregiver"]
    assert caregiver.get("/messages").json()["with_staff"] is True


def test_a_failed_message_can_be_sent_again_with_its_id(web: WebServer) -> None:
    caregiver = web.caregiver()
    say(caregiver, "fail once", client_message_id="retry")
    answer = say(caregiver, "now it works", client_message_id="retry").json()

    assert [m.get("unsaved") for m in answer["messages"]] == [None, None]


def test_an_emergency_text_shows_the_numbers_of_the_region_that_was_chosen(web: WebServer) -> None:
    caregiver = web.caregiver()
    everywhere = say(caregiver, "my baby is not breathing").json()["messages"][-1]
    chosen = say(caregiver, "my baby is not breathing", region="US").json()["messages"][-1]

    assert len(everywhere["payload"]["phones"]) > 3
    assert {phone["number"] for phone in chosen["payload"]["phones"]} == {"911"}
    assert "911" in chosen["text"] and "999" not in chosen["text"]


def test_a_staff_reply_has_its_author(web: WebServer) -> None:
    caregiver = web.caregiver()
    cursor = say(caregiver, "hello").json()["cursor"]
    web.staff_says(web.conversation_of(caregiver), "I am here.")

    (message,) = caregiver.get("/messages", params={"after": cursor}).json()["messages"]
    assert (message["sender"], message["kind"], message["text"]) == ("staff", "staff", "I am here.")
    assert message["payload"]["author"] == {"name": "Example Nurse", "role": "Specialist nurse"}


def test_erasing_a_conversation_ends_its_token(web: WebServer) -> None:
    caregiver = web.caregiver()
    say(caregiver, "a secret of mine")
    conversation = web.conversation_of(caregiver)
    answer = caregiver.delete("/conversation")

    assert answer.status_code == 200 and answer.json()["erased"]["messages"] == 2
    for method, path in [("GET", "/messages"), ("GET", "/events"), ("GET", "/transcript"), ("POST", "/token")]:
        assert is_problem(caregiver.request(method, path), 401)
    assert is_problem(say(caregiver, "hello?"), 401)
    with web.engine.connect() as connection:
        assert not connection.execute(sa.text("SELECT 1 FROM events WHERE sender_id = :c"), {"c": conversation}).all()


def test_erasing_waits_for_the_turn_that_is_under_way(web: WebServer) -> None:
    caregiver = web.caregiver()
    web.agent.go_on.clear()
    threading.Thread(target=lambda: say(caregiver, "slow last words")).start()
    wait_until(lambda: web.agent.heard and web.agent.heard[-1].text == "slow last words")
    conversation = web.agent.heard[-1].sender_id
    erased: list[httpx.Response] = []
    erasing = threading.Thread(target=lambda: erased.append(caregiver.delete("/conversation")))
    erasing.start()
    time.sleep(0.1)
    web.agent.go_on.set()
    erasing.join(10)

    assert erased[0].json()["erased"]["messages"] == 2
    with web.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT 1 FROM messages WHERE conversation_id = :c"), {"c": conversation})
        assert not rows.all()


def test_what_stores_itself_after_the_erasure_does_not_revive_the_token(web: WebServer) -> None:
    caregiver = web.caregiver()
    conversation = web.conversation_of(caregiver)
    caregiver.delete("/conversation")
    web.staff_says(conversation, "Too late.")

    assert is_problem(caregiver.get("/messages"), 401)


def test_without_the_database_the_emergency_text_still_comes(tmp_path: Path) -> None:
    with serve_web(tmp_path) as web:
        caregiver = web.caregiver()
        with web.engine.begin() as connection:
            for table in ("messages", "conversations"):
                connection.execute(sa.text(f"DROP TABLE {table}"))

        answer = say(caregiver, "my baby is not breathing", region="UK")

        assert answer.status_code == 200 and answer.json()["messages"][-1]["kind"] == "emergency"
        assert say(caregiver, "hello").json()["messages"][-1]["kind"] == "error"
        assert is_problem(caregiver.get("/messages"), 503)
        assert is_problem(caregiver.get("/health"), 503)


def test_a_slow_turn_is_accepted_and_its_reply_comes_later(tmp_path: Path) -> None:
    with serve_web(tmp_path, {"SMA_TURN_TIMEOUT_S": "0.2"}) as web:
        caregiver = web.caregiver()
        answer = say(caregiver, "slow one", client_message_id="s")
        urgent = say(caregiver, "my baby is not breathing")

        assert (answer.status_code, answer.json()) == (202, {"accepted": True, "messages": [], "cursor": 0})
        assert urgent.status_code == 202 and urgent.json()["messages"][0]["kind"] == "emergency"
        assert say(caregiver, "slow one", client_message_id="s").status_code == 202
        web.agent.go_on.set()
        wait_until(lambda: len(caregiver.get("/messages").json()["messages"]) == 4)
        assert say(caregiver, "slow one", client_message_id="s").json()["messages"][1]["kind"] == "answer"


def test_a_slow_turn_that_fails_in_the_end_is_answered_all_the_same(tmp_path: Path) -> None:
    with serve_web(tmp_path, {"SMA_TURN_TIMEOUT_S": "0.2"}) as web:
        caregiver = web.caregiver()
        assert say(caregiver, "slow failure", client_message_id="s").status_code == 202
        web.agent.go_on.set()
        wait_until(lambda: caregiver.get("/messages").json()["messages"])
        said, sorry = caregiver.get("/messages").json()["messages"]

        assert said["text"] == "slow failure" and sorry["kind"] == "error"
        assert say(caregiver, "slow failure", client_message_id="s").json()["messages"] == [said, sorry]


def test_a_message_is_kept_when_its_sender_hangs_up(web: WebServer) -> None:
    caregiver = web.caregiver()
    web.agent.go_on.clear()
    with pytest.raises(httpx.ReadTimeout):
        caregiver.post("/messages", json={"client_message_id": "gone", "text": "slow line"}, timeout=0.3)
    web.agent.go_on.set()
    answer = say(caregiver, "slow line", client_message_id="gone").json()

    assert [m["sender"] for m in answer["messages"]] == ["caregiver", "bot"]
    assert caregiver.get("/messages").json()["messages"] == answer["messages"]
