"""What staff say reaches the conversation in order and once, whatever dies in between."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest

from bot.core.handoffs import Outcome, Reason, Staff
from bot.store import handoffs, staff_messages
from bot.store.database import transaction
from bot.store.delivery import deliver, deliver_due
from bot.store.rasa_api import Delivered, Failed, RasaApi
from bot.store.staff_messages import BACKOFF, DeliveryState
from bot.store.tables import Message
from tests.store.conversations import add_turn

NOW = datetime(2026, 11, 23, 10, 0)
ANA = Staff("1", "Ana", "nurse")


class Rasa:
    """Rasa's events API, as far as it is used; what it gets stands in `posts`."""

    def __init__(self) -> None:
        self.status = 200
        self.fault: type[httpx.HTTPError] | None = None
        self.posts: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.fault:
            raise self.fault("x")
        self.posts.append(request)
        return httpx.Response(self.status, json={})

    @property
    def keys(self) -> list[str]:
        import json

        events = [event for request in self.posts for event in json.loads(request.content)]
        return [event["metadata"]["client_message_id"] for event in events if event["event"] == "bot"]


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def rasa():
    return Rasa()


@pytest.fixture
def api(rasa):
    with RasaApi("http://rasa.test", "token", transport=httpx.MockTransport(rasa)) as made:
        yield made


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def held(any_engine):
    add_turn(any_engine, "web-1")
    made = handoffs.request_handoff(any_engine, "web-1", reason=Reason.ASKED, about="x", now=NOW, kinds=[])
    return handoffs.claim(any_engine, made.handoff.id, ANA, now=NOW)


def states(engine):
    return [(m.kind, m.state.value) for m in staff_messages.messages_of(engine, "web-1")]


def test_messages_go_out_in_order_by_the_conversations_own_channel(any_engine, held, rasa, api, clock):
    staff_messages.queue_reply(any_engine, held.id, ANA, "hello", key="k1", now=NOW)
    handoffs.close(any_engine, held.id, ANA, outcome=Outcome.ANSWERED, now=NOW)
    sent = deliver(any_engine, api, "web-1", clock=clock)
    assert [m.state for m in sent] == [DeliveryState.DELIVERED] * 3
    assert rasa.keys[1] == "k1" and len(rasa.keys) == 3
    url = rasa.posts[0].url
    assert url.path == "/conversations/web-1/tracker/events"
    assert dict(url.params) == {
        "execute_side_effects": "true", "output_channel": "latest", "include_events": "NONE", "token": "token",
    }  # fmt: skip


def test_nothing_is_sent_twice(any_engine, held, rasa, api, clock):
    deliver(any_engine, api, "web-1", clock=clock)
    deliver(any_engine, api, "web-1", clock=clock)
    assert deliver_due(any_engine, api, clock=clock) == 0
    assert len(rasa.posts) == 1


def test_a_message_that_rasa_stored_before_the_crash_is_not_sent_again(any_engine, held, rasa, api, clock):
    (waiting,) = staff_messages.messages_of(any_engine, "web-1")
    with transaction(any_engine) as session:
        session.add(
            Message(conversation_id="web-1", at=NOW, sender="bot", text="x", client_message_id=waiting.key, payload={})
        )
    deliver(any_engine, api, "web-1", clock=clock)
    assert rasa.posts == [] and states(any_engine) == [("switch", "delivered")]


def test_a_console_that_died_before_sending_loses_nothing(any_engine, held, rasa, api, clock):
    staff_messages.queue_reply(any_engine, held.id, ANA, "hello", key="k1", now=NOW)
    assert deliver_due(any_engine, api, clock=clock) == 1
    assert rasa.keys[-1] == "k1"


@pytest.mark.parametrize("fault", [httpx.ConnectError, httpx.ReadTimeout])
def test_while_rasa_is_away_messages_wait_and_keep_their_order(any_engine, held, rasa, api, clock, fault):
    staff_messages.queue_reply(any_engine, held.id, ANA, "hello", key="k1", now=NOW)
    rasa.fault = fault
    sent = deliver(any_engine, api, "web-1", clock=clock)
    assert sent[0].state is DeliveryState.PENDING and sent[0].error
    assert sent[1].attempts == 0  # not tried: nothing may overtake
    rasa.fault = None
    assert deliver(any_engine, api, "web-1", clock=clock)[0].state is DeliveryState.PENDING  # not due yet
    clock.now += BACKOFF[0]
    deliver_due(any_engine, api, clock=clock)
    assert states(any_engine) == [("switch", "delivered"), ("reply", "delivered")]
    assert rasa.keys[-1] == "k1"


@pytest.mark.parametrize("away_s", [4, 12, 24, 30, 38])
def test_a_reply_written_while_rasa_restarts_goes_out_within_seconds_of_its_return(
    any_engine, held, rasa, api, clock, away_s
):
    staff_messages.queue_reply(any_engine, held.id, ANA, "hello", key="k1", now=NOW)
    rasa.fault = httpx.ConnectError
    for _ in range(0, away_s, 2):  # as bot.notify looks
        deliver_due(any_engine, api, clock=clock)
        clock.now += timedelta(seconds=2)
    rasa.fault = None
    for _ in range(0, 6, 2):
        clock.now += timedelta(seconds=2)
        deliver_due(any_engine, api, clock=clock)
    assert rasa.keys[-1] == "k1"


def test_retries_have_a_bound_and_staff_see_why(any_engine, held, rasa, api, clock):
    rasa.status = 500
    for _ in range(20):
        deliver_due(any_engine, api, clock=clock)
        clock.now += timedelta(hours=2)
    (failed,) = staff_messages.messages_of(any_engine, "web-1")
    assert failed.state is DeliveryState.FAILED and failed.error == "Rasa answered 500."
    assert len(rasa.posts) == len(BACKOFF) + 1


def test_a_failed_message_can_be_tried_again_by_hand_and_does_not_hold_up_others(any_engine, held, rasa, api, clock):
    rasa.status = 400
    (failed,) = deliver(any_engine, api, "web-1", clock=clock)
    assert failed.state is DeliveryState.FAILED
    rasa.status = 200
    staff_messages.queue_reply(any_engine, held.id, ANA, "hello", key="k1", now=NOW)
    deliver(any_engine, api, "web-1", clock=clock)
    assert rasa.keys == [failed.key, "k1"]
    staff_messages.retry(any_engine, failed.id, now=clock.now)
    deliver(any_engine, api, "web-1", clock=clock)
    assert states(any_engine) == [("switch", "delivered"), ("reply", "delivered")]


def test_one_conversation_that_cannot_be_reached_does_not_hold_up_another(any_engine, held, rasa, api, clock):
    other = handoffs.request_handoff(any_engine, "web-2", reason=Reason.ASKED, about="x", now=NOW, kinds=[])
    handoffs.claim(any_engine, other.handoff.id, ANA, now=NOW)
    assert deliver_due(any_engine, api, clock=clock) == 2
    assert len(rasa.posts) == 2


def test_odd_conversation_ids_stay_one_part_of_the_path(rasa, api):
    api.post_events("tg/1?x=../..", [])
    assert rasa.posts[0].url.raw_path.startswith(b"/conversations/tg%2F1%3Fx%3D..%2F../tracker/events")


@pytest.mark.parametrize(("status", "permanent"), [(400, True), (401, False), (500, False), (503, False)])
def test_what_rasa_answers_is_a_value_not_an_exception(rasa, api, status, permanent):
    rasa.status = status
    result = api.post_events("web-1", [])
    assert isinstance(result, Failed) and result.is_permanent is permanent and result.why
    rasa.status = 200
    assert isinstance(api.post_events("web-1", []), Delivered)
