"""A caregiver on the web, against the real processes."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from bot.chat import Client
from tests.journeys.stack import Stack

QUESTION = "how is spinraza given"
EMERGENCY = "my baby is blue and not breathing"
SENTINEL = "zanzibarium"
"""A word that is in no content; whoever logs what was typed logs it."""


class Caregiver:
    """A web client that sends again until it is answered, as the widget does."""

    def __init__(self, stack: Stack) -> None:
        self.http = httpx.Client(base_url=f"{stack.web}/webhooks/web", timeout=60)
        answer = self.http.post("/conversations", json={"region": "UK"})
        answer.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def say(self, text: str, *, key: str | None = None) -> list[dict[str, Any]]:
        answer = self.http.post("/messages", json={"client_message_id": key or uuid.uuid4().hex, "text": text})
        assert answer.status_code == 200, answer.text
        messages: list[dict[str, Any]] = answer.json()["messages"]
        return messages

    def everything(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.http.get("/messages").json()["messages"]
        return messages


@pytest.fixture
def caregiver(stack: Stack) -> Iterator[Caregiver]:
    made = Caregiver(stack)
    yield made
    made.http.close()


def test_a_question_is_answered_with_its_sources(caregiver: Caregiver) -> None:
    said, reply = caregiver.say(QUESTION)

    assert said["text"] == QUESTION and reply["kind"] == "answer"
    payload = reply["payload"]
    assert payload["sources"] and all(source["url"].startswith("https://") for source in payload["sources"])
    assert payload["review_status"] in ("draft", "approved") and payload["disclaimer"]
    assert caregiver.everything() == [said, reply]


def test_a_button_leads_to_its_topic(caregiver: Caregiver) -> None:
    _, reply = caregiver.say(QUESTION)
    button = next(b for b in reply["payload"]["buttons"] if b["payload"].startswith("/choose_topic"))
    body = {"client_message_id": "press", **button}
    said, answer = caregiver.http.post("/messages", json=body).json()["messages"]

    assert said["text"] == button["title"] and answer["kind"] == "answer"
    assert answer["payload"]["topic"] == json.loads(button["payload"].removeprefix("/choose_topic"))["topic"]


def test_an_emergency_needs_no_action_server_and_a_question_is_not_met_with_silence(
    stack: Stack, caregiver: Caregiver
) -> None:
    stack.kill("actions")
    _, urgent = caregiver.say(EMERGENCY)
    _, sorry = caregiver.say(QUESTION)

    assert urgent["kind"] == "emergency" and {p["number"] for p in urgent["payload"]["phones"]} == {"999"}
    assert sorry["kind"] == "error" and "emergency" in sorry["text"].lower()


def test_the_same_message_at_the_same_time_is_answered_once(caregiver: Caregiver) -> None:
    answers: list[list[dict[str, Any]]] = []
    tries = [threading.Thread(target=lambda: answers.append(caregiver.say(QUESTION, key="same"))) for _ in range(5)]
    for each in tries:
        each.start()
    for each in tries:
        each.join(60)

    assert answers == [caregiver.everything()] * 5 and len(answers[0]) == 2


def test_a_reply_of_staff_arrives_within_two_seconds(stack: Stack, caregiver: Caregiver) -> None:
    cursor = caregiver.say(QUESTION)[-1]["id"]
    with stack.engine.connect() as connection:
        newest = "SELECT id FROM conversations ORDER BY started_at DESC LIMIT 1"
        conversation = connection.execute(sa.text(newest)).scalar_one()
    payload = {"kind": "staff", "text": "I am here.", "author": {"name": "Example Nurse", "role": "Specialist nurse"}}
    event = {"event": "bot", "text": "I am here.", "data": {"custom": payload}, "timestamp": time.time()}
    with caregiver.http.stream("GET", "/events", headers={"Last-Event-ID": str(cursor)}) as stream:
        lines = stream.iter_lines()
        next(line for line in lines if line.startswith("event: state"))
        started = time.monotonic()
        answer = httpx.post(
            f"{stack.web}/conversations/{conversation}/tracker/events",
            params={"token": stack.internal_token, "execute_side_effects": "true", "output_channel": "latest"},
            json=event,
        )
        assert answer.status_code == 200, answer.text
        data = next(line for line in lines if line.startswith("data: ") and "I am here." in line)
        took_s = time.monotonic() - started

    assert json.loads(data[6:])["sender"] == "staff" and took_s < 2
    assert caregiver.everything()[-1]["payload"]["author"]["name"] == "Example Nurse"


def test_nothing_is_lost_and_nothing_doubled_when_rasa_dies_in_the_middle_of_a_turn(
    stack: Stack, caregiver: Caregiver
) -> None:
    before = caregiver.say(QUESTION, key="first")
    stack.pause("actions")
    broken: list[type[Exception]] = []

    def say_and_lose_the_line() -> None:
        try:
            caregiver.say("what is a cough assist", key="second")
        except httpx.HTTPError as error:
            broken.append(type(error))

    lost = threading.Thread(target=say_and_lose_the_line)
    lost.start()
    time.sleep(0.5)
    stack.kill("rasa")
    lost.join(60)
    stack.go_on("actions")
    stack.restart("rasa")
    again = caregiver.say("what is a cough assist", key="second")
    once_more = caregiver.say("what is a cough assist", key="second")
    repeated = caregiver.say(QUESTION, key="first")

    assert broken, "the line was to be cut in the middle of the turn"
    assert [m["sender"] for m in again] == ["caregiver", "bot"] and again[1]["kind"] != "error"
    assert once_more == again and repeated == before
    assert caregiver.everything() == before + again


def test_a_chat_goes_on_after_a_restart(stack: Stack, caregiver: Caregiver) -> None:
    caregiver.say(QUESTION)
    stack.restart("rasa")
    _, reply = caregiver.say("does it hurt")

    assert reply["payload"].get("topic", "").startswith("treatments.nusinersen"), "what was said before still counts"
    assert len(caregiver.everything()) == 4


def test_an_erased_chat_leaves_nothing_behind(stack: Stack, caregiver: Caregiver) -> None:
    caregiver.say("please keep the word obliviatorium")
    erased = caregiver.http.delete("/conversation").json()["erased"]

    assert erased["messages"] == 2 and erased["events"] > 2
    assert caregiver.http.get("/messages").status_code == 401
    with stack.engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            rows = connection.execute(sa.text(f'SELECT * FROM "{table}"')).all()
            assert not any("obliviatorium" in str(row) for row in rows), table


def test_the_terminal_client_talks_to_the_same_channel(stack: Stack) -> None:
    client = Client(stack.web)

    assert [message["kind"] for message in client.say(text=QUESTION)] == ["answer"]
    assert client.say(text=EMERGENCY)[0]["kind"] == "emergency"


def test_the_demo_page_stands_at_the_root(stack: Stack) -> None:
    assert "<sma-companion" in httpx.get(stack.web).text


def test_what_a_person_writes_is_in_no_log(stack: Stack, caregiver: Caregiver) -> None:
    body = {"client_message_id": "x", "text": [SENTINEL]}
    caregiver.say(f"{SENTINEL} {QUESTION}")
    caregiver.say(f"{SENTINEL} {EMERGENCY}")
    caregiver.say(f"/{SENTINEL}{{}}")
    caregiver.http.post("/messages", json=body)
    caregiver.http.post("/messages", json={"client_message_id": "y", "payload": f"/{SENTINEL}"})
    caregiver.http.post("/feedback", json={"message_id": 1, "helpful": True, "reason": SENTINEL})
    caregiver.http.get(f"/{SENTINEL}?text={SENTINEL}")
    stack.kill("actions")
    caregiver.say(f"{SENTINEL} {QUESTION}")

    for name in ("actions", "rasa"):
        assert stack.log(name) and SENTINEL not in stack.log(name)
