"""What a client may send, by rule and by chance."""

from __future__ import annotations

import json
import socket
import string
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.web_problems import Problem
from bot.channels.web_requests import read_cursor, read_feedback, read_json, read_region, read_said
from bot.core.bad_input import LONGEST
from tests.channels.web_server import WebServer, is_problem

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "client_message_id",
    "text",
    "payload",
    "title",
    "region",
    "locale",
    "token",
    "message_id",
    "helpful",
    "reason",
)


@settings(deadline=None, max_examples=60)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)))
def test_any_object_is_read_or_refused_with_a_problem(data: dict[str, Any]) -> None:
    for read in (read_said, read_feedback, read_region):
        try:
            read(data)
        except Problem as refusal:
            assert refusal.status in (400, 422) and refusal.detail.endswith(".")


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_any_body_is_an_object_or_a_problem(body: bytes) -> None:
    try:
        assert isinstance(read_json(body), dict)
    except Problem as refusal:
        assert refusal.status == 400


@pytest.mark.parametrize("value", ["-1", "1.5", "x", " 1", "\u0661", "9" * 19, "9" * 400, "1e3"])
def test_a_cursor_is_a_whole_number(value: str) -> None:
    with pytest.raises(Problem):
        read_cursor(value)


def test_half_an_emoji_is_mended() -> None:
    assert read_said({"client_message_id": "a", "text": "hi \ud83d"}).text == "hi \ufffd"


def test_a_region_that_is_not_known_counts_as_none() -> None:
    assert read_region({"region": "uk"}) == "UK" and read_region({"region": "Atlantis"}) is None


BAD: list[tuple[str, Any, int]] = [
    ("nothing at all", {}, 400),
    ("no id", {"text": "hello"}, 400),
    ("an id that is no text", {"client_message_id": 7, "text": "hello"}, 400),
    ("an id with blanks", {"client_message_id": "a b", "text": "hello"}, 400),
    ("a long id", {"client_message_id": "a" * 81, "text": "hello"}, 400),
    ("neither text nor payload", {"client_message_id": "a"}, 400),
    ("both", {"client_message_id": "a", "text": "hello", "payload": "/x"}, 400),
    ("a list as text", {"client_message_id": "a", "text": ["a"]}, 400),
    ("an object as text", {"client_message_id": "a", "text": {"a": 1}}, 400),
    ("a number as text", {"client_message_id": "a", "text": 1}, 400),
    ("blanks as text", {"client_message_id": "a", "text": " \n\t "}, 400),
    ("NUL in the text", {"client_message_id": "a", "text": "a\0b"}, 400),
    ("a list as region", {"client_message_id": "a", "text": "hello", "region": ["UK"]}, 400),
    ("a long text", {"client_message_id": "a", "text": "a" * (LONGEST + 1)}, 422),
    ("a long payload", {"client_message_id": "a", "payload": "/" + "a" * 600}, 400),
    ("a long title", {"client_message_id": "a", "payload": "/show_topics", "title": "a" * 300}, 400),
    ("a huge body", {"client_message_id": "a", "text": "a" * 40_000}, 413),
    ("a list", ["text"], 400),
    ("a text", "text", 400),
    ("a number", 7, 400),
]


@pytest.mark.parametrize(("body", "status"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_message_is_refused_in_a_sentence(web: WebServer, body: Any, status: int) -> None:
    assert is_problem(web.caregiver().post("/messages", json=body), status)


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 20_000, b'{"a": nul}', b"text=hello"])
def test_what_is_not_json_is_refused(web: WebServer, body: bytes) -> None:
    assert is_problem(web.caregiver().post("/messages", content=body), 400)


@pytest.mark.parametrize("body", [{"message_id": True, "helpful": True}, {"message_id": 2**70, "helpful": True}, {},
                                  {"message_id": "1", "helpful": True}, {"message_id": 1, "helpful": "yes"},
                                  {"message_id": 1, "helpful": True, "reason": 5}])  # fmt: skip
def test_bad_feedback_is_refused(web: WebServer, body: dict[str, Any]) -> None:
    assert is_problem(web.caregiver().post("/feedback", json=body), 400)


def test_the_longest_message_goes_through(web: WebServer) -> None:
    text = "\U0001f600" * (LONGEST // 2) + "a" * (LONGEST // 2)

    answer = web.caregiver().post("/messages", json={"client_message_id": "long", "text": text})

    assert answer.status_code == 200 and answer.json()["messages"][0]["text"] == text


def test_unknown_fields_are_ignored(web: WebServer) -> None:
    body = {"client_message_id": "u", "text": "hello", "sender": "default", "metadata": {"with_staff": True}}

    assert web.caregiver().post("/messages", json=body).status_code == 200
    assert set(web.agent.heard[-1].metadata) == {"client_message_id"}


def test_a_body_without_end_is_not_read_to_the_end(web: WebServer) -> None:
    """Chunks that never stop: the answer comes and the line is cut."""
    address = urlsplit(web.base)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as line:
        line.sendall(b"POST /webhooks/web/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while sent < 50_000_000:
                line.sendall(b"10000\r\n" + b"a" * 65_536 + b"\r\n")
                sent += 65_536
        except OSError:
            pass
    assert sent < 20_000_000


@settings(deadline=None, max_examples=40)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]),
    path=st.sampled_from(["/conversations", "/token", "/messages", "/feedback", "/transcript", "/conversation", "/x"]),
    headers=st.dictionaries(
        st.sampled_from(["Authorization", "Origin", "Last-Event-ID", "X-Forwarded-For", "Content-Type"]),
        st.text(string.printable[:95], max_size=40).map(str.strip),
        max_size=3,
    ),
    query=st.text(string.ascii_letters + string.digits + "&=%", max_size=20),
    body=st.one_of(JSON.map(lambda value: json.dumps(value).encode()), st.binary(max_size=60)),
)
def test_no_request_makes_the_channel_fail(
    web: WebServer, method: str, path: str, headers: dict[str, str], query: str, body: bytes
) -> None:
    content = None if method in ("GET", "HEAD", "OPTIONS") else body
    answer = httpx.request(
        method, f"{web.base}/webhooks/web{path}?{query}", headers=headers, content=content, timeout=10
    )

    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json" and answer.json()["detail"]
