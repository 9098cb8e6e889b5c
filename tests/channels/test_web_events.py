"""The event stream."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.web_events import PIECES_WAITING, Feed
from bot.store.conversation_state import ConversationState
from bot.store.messages import StoredMessage
from tests.channels.web_server import WebServer, is_problem, say, serve_web


class Stream:
    """Reads Server-Sent Events."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def next(self, kind: str = "message") -> dict[str, Any]:
        """The next event of a kind; its id stands under `_id`."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields.get("event") == kind:
                return {**json.loads(fields["data"]), "_id": fields.get("id")}
            else:
                fields = {}
        raise EOFError


@contextmanager
def listening(client: httpx.Client, **headers: str) -> Iterator[Stream]:
    """An open stream."""
    with client.stream("GET", "/events", headers=headers, timeout=5) as response:
        assert response.status_code == 200, response.read()
        yield Stream(response)


def test_a_stream_gives_what_was_said_and_what_is_said(web: WebServer) -> None:
    caregiver = web.caregiver()
    before = say(caregiver, "before").json()["messages"]
    with listening(caregiver) as stream:
        assert [stream.next()["id"] for _ in before] == [m["id"] for m in before]
        after = say(caregiver, "after").json()["messages"]
        heard = [stream.next() for _ in after]

    assert [{**m, "_id": None} for m in heard] == [{**m, "_id": None} for m in after]
    assert [m["_id"] for m in heard] == [str(m["id"]) for m in after]


def test_a_stream_goes_on_after_the_last_event_that_was_heard(web: WebServer) -> None:
    caregiver = web.caregiver()
    said = [say(caregiver, f"number {number}").json() for number in range(3)]
    with listening(caregiver, **{"Last-Event-ID": str(said[0]["cursor"])}) as stream:
        ids = [stream.next()["id"] for _ in range(4)]

    assert ids == [m["id"] for answer in said[1:] for m in answer["messages"]]


def test_a_reply_of_staff_arrives_within_two_seconds(web: WebServer) -> None:
    caregiver = web.caregiver()
    cursor = say(caregiver, "hello").json()["cursor"]
    with listening(caregiver, **{"Last-Event-ID": str(cursor)}) as stream:
        stream.next("state")
        started = time.monotonic()
        web.staff_says(web.conversation_of(caregiver), "I am here.")
        message = stream.next()

    assert message["sender"] == "staff" and time.monotonic() - started < 2


def test_the_state_is_told_at_first_and_when_it_changes(web: WebServer) -> None:
    caregiver = web.caregiver()
    with listening(caregiver) as stream:
        first = stream.next("state")
        say(caregiver, "staff please")
        second = stream.next("state")

    assert (first["with_staff"], second["with_staff"]) == (False, True)


def test_every_listener_of_a_conversation_hears_everything_and_nobody_else(web: WebServer) -> None:
    caregiver, other = web.caregiver(), web.caregiver()
    with listening(caregiver) as one, listening(caregiver) as two, listening(other) as three:
        said = [m["id"] for m in say(caregiver, "to both").json()["messages"]]
        assert [one.next()["id"], one.next()["id"]] == [two.next()["id"], two.next()["id"]] == said
        mine = say(other, "to me").json()["messages"][0]["id"]
        assert three.next()["id"] == mine


def test_a_stream_ends_when_the_conversation_is_erased(web: WebServer) -> None:
    caregiver = web.caregiver()
    with listening(caregiver) as stream:
        stream.next("state")
        caregiver.delete("/conversation")
        with pytest.raises(EOFError):
            stream.next()


def test_headers_keep_proxies_from_holding_the_stream_back(web: WebServer) -> None:
    with listening(web.caregiver()) as stream:
        headers = stream.response.headers

    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-store" and headers["x-accel-buffering"] == "no"


def test_bad_cursors_and_tokens_are_refused(web: WebServer) -> None:
    assert is_problem(web.caregiver().get("/events", headers={"Last-Event-ID": "x"}), 400)
    assert is_problem(web.client().get("/events"), 401)


def test_one_conversation_cannot_take_all_streams(tmp_path: Path) -> None:
    with serve_web(tmp_path) as web:
        caregiver = web.caregiver()
        client = httpx.Client(base_url=caregiver.base_url, headers=caregiver.headers, timeout=5)
        streams = [client.stream("GET", "/events") for _ in range(10)]
        try:
            assert [stream.__enter__().status_code for stream in streams] == [200] * 10
            assert is_problem(caregiver.get("/events"), 429)
        finally:
            client.close()


def message(conversation_id: str, number: int) -> StoredMessage:
    return StoredMessage(number, conversation_id, None, datetime(2026, 11, 22), "bot", "answer", "text", {}, None)


class Database:
    """Two queries, counted."""

    def __init__(self, conversations: int) -> None:
        self.messages: dict[str, list[StoredMessage]] = {f"web-{n}": [] for n in range(conversations)}
        self.queries = 0
        self.is_down = False

    def states(self, ids: Any) -> dict[str, ConversationState]:
        self.queries += 1
        if self.is_down:
            raise RuntimeError("down")
        at = datetime(2026, 11, 22)
        return {
            each: ConversationState(each, at, None, False, False, max((m.id for m in self.messages[each]), default=0))
            for each in ids
        }

    def news(self, cursors: Any) -> list[StoredMessage]:
        self.queries += 1
        return [m for each, after in cursors.items() for m in self.messages[each] if m.id > after]


async def run_feed(database: Database, seconds: float, cursor: int = 0) -> list[list[str]]:
    """What each listener hears in that time, one listener for each conversation."""
    feed = Feed(database.states, database.news, lambda m, _state: {"id": m.id}, poll_every_s=0.05)
    feed.start()
    heard: list[list[str]] = []
    contexts = [feed.listening(each, cursor) for each in database.messages]
    listeners = [context.__enter__() for context in contexts]
    await asyncio.sleep(seconds)
    for listener in listeners:
        pieces = []
        while not listener._queue.empty():
            pieces.append(await listener.next(1) or "(end)")
        heard.append(pieces)
    for context in contexts:
        context.__exit__(None, None, None)
    await feed.stop()
    return heard


def test_the_number_of_queries_does_not_grow_with_the_listeners() -> None:
    counts = []
    for size in (1, 300):
        database = Database(size)
        asyncio.run(run_feed(database, 0.5))
        counts.append(database.queries)

    assert counts[1] <= counts[0] + 3 and counts[0] <= 12


def test_a_fault_of_the_database_does_not_end_the_streams() -> None:
    database = Database(1)
    database.is_down = True

    async def mend() -> list[list[str]]:
        running = asyncio.ensure_future(run_feed(database, 0.6))
        await asyncio.sleep(0.2)
        database.messages["web-0"].append(message("web-0", 7))
        database.is_down = False
        return await running

    (pieces,) = asyncio.run(mend())
    assert pieces[-1] == 'event: message\nid: 7\ndata: {"id": 7}\n\n'


def test_a_listener_that_does_not_keep_up_is_let_go() -> None:
    database = Database(1)
    database.messages["web-0"] = [message("web-0", n) for n in range(1, PIECES_WAITING + 50)]

    (pieces,) = asyncio.run(run_feed(database, 0.2))
    assert len(pieces) == PIECES_WAITING + 1 and pieces[-1] == "(end)"
