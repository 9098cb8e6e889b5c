"""A hand-off from the wish to "did it help", against the real processes, and with processes that are killed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from bot.core.handoffs import Handoff, HandoffState, Outcome, Reason, Staff
from bot.store import handoffs, staff_messages
from bot.store.contacts import reveal
from bot.store.database import utc_now
from bot.store.delivery import deliver, deliver_due
from bot.store.handoff_reads import get_handoff, queue
from bot.store.rasa_api import RasaApi
from bot.store.staff_messages import DeliveryState, Outgoing
from tests.journeys.stack import Stack

ANA = Staff("1", "Ana Ruiz", "nurse")
EMERGENCY = "my baby is blue and not breathing"
PHONE = "07700 900123"
SEEN_WITHIN_S = 2.0


class Caregiver:
    """A web client."""

    def __init__(self, stack: Stack) -> None:
        self.http = httpx.Client(base_url=f"{stack.web}/webhooks/web", timeout=60)
        answer = self.http.post("/conversations", json={"region": "UK"})
        answer.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def say(self, text: str) -> list[dict[str, Any]]:
        return self._post({"text": text})

    def press(self, title: str, said: list[dict[str, Any]]) -> list[dict[str, Any]]:
        buttons = [button for message in said for button in message.get("payload", {}).get("buttons", ())]
        return self._post(next(button for button in buttons if button["title"] == title))

    def everything(self) -> dict[str, Any]:
        return self.http.get("/messages").json()

    def labels(self) -> list[str]:
        """What the other side has said."""
        messages = [message for message in self.everything()["messages"] if message["sender"] != "caregiver"]
        return [message["payload"].get("label") or message["kind"] for message in messages]

    def _post(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self.http.post("/messages", json={"client_message_id": uuid.uuid4().hex, **body})
        assert answer.status_code == 200, answer.text
        return answer.json()["messages"][1:]


@pytest.fixture
def caregiver(stack: Stack) -> Iterator[Caregiver]:
    made = Caregiver(stack)
    yield made
    made.http.close()


@pytest.fixture
def api(stack: Stack) -> Iterator[RasaApi]:
    with RasaApi(stack.web, stack.internal_token) as made:
        yield made


def ask(stack: Stack, caregiver: Caregiver) -> Handoff:
    """Through the form."""
    caregiver.say("I would like to talk to a person")
    caregiver.say("a plan for school for my son Oliver")
    said = caregiver.say(PHONE)
    caregiver.press("Yes, send it", said)
    newest = max((row.handoff for row in queue(stack.engine)), key=lambda handoff: handoff.id)
    assert newest.about == "a plan for school for my son <name>" and newest.has_contact
    return newest


def until(is_so: Callable[[], bool], *, within_s: float = 30.0) -> float:
    """Wait for something; gives the seconds that it took."""
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < within_s
        time.sleep(0.05)
    return time.monotonic() - started


def test_from_the_wish_to_the_thanks(stack: Stack, caregiver: Caregiver, api: RasaApi) -> None:
    asked = ask(stack, caregiver)
    assert caregiver.everything()["waiting"] is True

    handoffs.claim(stack.engine, asked.id, ANA, now=utc_now())
    deliver(stack.engine, api, asked.conversation_id)
    assert caregiver.labels()[-1] == "handoff/taken_over" and caregiver.everything()["with_staff"] is True
    assert caregiver.say("thank you, what is a cough assist") == []  # the bot is silent

    staff_messages.queue_reply(stack.engine, asked.id, ANA, "Ask the school for a care plan.", key="k1", now=utc_now())
    deliver(stack.engine, api, asked.conversation_id)
    assert until(lambda: caregiver.labels()[-1] == "staff", within_s=SEEN_WITHIN_S) < SEEN_WITHIN_S
    staff = caregiver.everything()["messages"][-1]
    assert staff["payload"]["author"] == {"name": "Ana Ruiz", "role": "nurse"} and staff["sender"] == "staff"

    (emergency,) = caregiver.say(EMERGENCY)
    assert emergency["kind"] == "emergency" and get_handoff(stack.engine, asked.id).is_urgent
    assert caregiver.everything()["with_staff"] is True

    views: list[Any] = []
    shown = reveal(stack.engine, asked.id, ANA, key=stack.environ["SMA_DATA_KEY"], now=utc_now(),
                   on_view=lambda _session, view: views.append(view))  # fmt: skip
    assert shown and shown.value == "+44 7700 900123" and len(views) == 1

    handoffs.close(stack.engine, asked.id, ANA, outcome=Outcome.ANSWERED, now=utc_now())
    (meanwhile,) = caregiver.say("what is a feeding tube for")  # nobody has told the chat yet that Ana has left
    assert meanwhile["kind"] == "answer"
    deliver(stack.engine, api, asked.conversation_id)
    feed = caregiver.everything()
    assert feed["with_staff"] is False and feed["messages"][-1]["payload"]["label"] == "handoff/given_back"
    (thanks,) = caregiver.press("Yes, it helped", feed["messages"])
    assert thanks["payload"]["label"] == "handoff/helped_yes" and get_handoff(stack.engine, asked.id).helped is True
    (answer,) = caregiver.say("what is spinal muscular atrophy")
    assert answer["kind"] == "answer"

    stored = b"".join(path.read_bytes() for path in stack.folder.glob("stack.db*"))
    assert b"7700 900123" not in stored and b"Oliver" not in stored


def test_the_form_waits_while_the_action_server_is_away(stack: Stack, caregiver: Caregiver) -> None:
    caregiver.say("I would like to talk to a person")
    stack.kill("actions")
    (safe,) = caregiver.say("a plan for school")
    assert safe["kind"] == "error" and "112" in safe["text"]
    (emergency,) = caregiver.say(EMERGENCY)
    assert emergency["kind"] == "emergency"
    stack.start("actions")
    said = caregiver.say("a plan for school")
    assert said[-1]["payload"]["label"] == "handoff/contact"
    caregiver.say("stop")


@pytest.mark.parametrize("round_", range(2))
def test_rasa_is_killed_between_a_reply_and_its_delivery(
    stack: Stack, caregiver: Caregiver, api: RasaApi, round_: int
) -> None:
    asked = ask(stack, caregiver)
    staff_messages.queue_reply(stack.engine, asked.id, ANA, "Hello.", key=f"kill-{asked.id}", now=utc_now())
    stack.kill("rasa")
    sent: list[Outgoing] = deliver(stack.engine, api, asked.conversation_id)
    assert sent[0].state is DeliveryState.PENDING and sent[0].error
    stack.start("rasa")

    def is_delivered() -> bool:
        deliver_due(stack.engine, api)
        return staff_messages.messages_of(stack.engine, asked.conversation_id, only_pending=True) == []

    until(is_delivered)
    assert caregiver.labels()[-2:] == ["handoff/taken_over", "staff"]
    assert get_handoff(stack.engine, asked.id).state is HandoffState.ACTIVE


def test_a_crisis_puts_the_chat_into_the_queue_says_so_and_can_be_taken_back(
    stack: Stack, caregiver: Caregiver, api: RasaApi
) -> None:
    (crisis,) = caregiver.say("i want to end my life")
    assert crisis["kind"] == "crisis"
    waiting = next(each.handoff for each in queue(stack.engine) if each.handoff.reason is Reason.RED_FLAG)
    assert waiting.is_urgent and waiting.state is HandoffState.REQUESTED
    deliver(stack.engine, api, waiting.conversation_id)
    assert caregiver.labels() == ["crisis", "handoff/called"]
    said = caregiver.everything()["messages"]
    caregiver.press("Take my request back", said)
    assert get_handoff(stack.engine, waiting.id).state is HandoffState.CANCELLED
    assert caregiver.labels()[-1] == "handoff/withdrawn"
