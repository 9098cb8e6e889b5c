"""The routes of docs/web-channel.md, over HTTP."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.channels.web_server import ANSWER, WebServer, is_problem, say


def test_a_conversation_starts_with_a_token_and_a_cursor(web: WebServer) -> None:
    answer = web.client().post("/conversations", json={"region": "UK", "locale": "en-GB"})

    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"token", "expires_at", "renew_after", "cursor", "organisation"}
    assert body["cursor"] == 0 and body["renew_after"] < body["expires_at"] and body["expires_at"].endswith("Z")


def test_a_body_is_not_needed_to_start(web: WebServer) -> None:
    assert web.client().post("/conversations").status_code == 201


def test_a_message_comes_back_as_stored_with_the_reply(web: WebServer) -> None:
    answer = say(web.caregiver(), "what is a mask for", client_message_id="one-1")

    said, reply = answer.json()["messages"]
    assert answer.status_code == 200
    assert (said["sender"], said["text"], said["client_message_id"]) == ("caregiver", "what is a mask for", "one-1")
    assert (reply["sender"], reply["kind"]) == ("bot", "answer")
    assert reply["payload"]["title"] == ANSWER.title and reply["payload"]["text"] == ANSWER.text
    assert said["id"] < reply["id"] == answer.json()["cursor"]


def test_everything_since_a_cursor_is_given_again(web: WebServer) -> None:
    caregiver = web.caregiver()
    first = say(caregiver, "one").json()
    second = say(caregiver, "two").json()

    everything = caregiver.get("/messages", params={"after": 0}).json()
    later = caregiver.get("/messages", params={"after": first["cursor"]}).json()
    nothing = caregiver.get("/messages", params={"after": second["cursor"]}).json()

    assert everything["messages"] == first["messages"] + second["messages"]
    assert later["messages"] == second["messages"] and later["cursor"] == second["cursor"]
    assert nothing == {"messages": [], "cursor": second["cursor"], "with_staff": False, "waiting": False}


def test_nothing_that_a_person_writes_stands_as_markup_in_an_answer(web: WebServer) -> None:
    text = "<script>alert(1)</script> & <img src=x onerror=alert(1)> \u2028"
    answer = say(web.caregiver(), text)

    assert not set("<>&\u2028") & set(answer.text)
    assert answer.json()["messages"][0]["text"] == text.strip()
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/json"


def test_feedback_is_stored_and_replaced(web: WebServer) -> None:
    caregiver = web.caregiver()
    reply = say(caregiver, "hello").json()["messages"][-1]
    for helpful in (True, False):
        body = {"message_id": reply["id"], "helpful": helpful, "reason": "write to me at a@b.example"}
        assert caregiver.post("/feedback", json=body).status_code == 204

    with web.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT is_helpful, reason FROM feedback WHERE message_id = :id"), reply
        ).all()
    assert [tuple(row) for row in rows] == [(0, "write to me at <email>")]


def test_feedback_on_somebody_elses_message_is_refused(web: WebServer) -> None:
    reply = say(web.caregiver(), "hello").json()["messages"][-1]
    said = web.caregiver()
    own = say(said, "hello").json()["messages"][0]

    assert is_problem(said.post("/feedback", json={"message_id": reply["id"], "helpful": True}), 404)
    assert is_problem(said.post("/feedback", json={"message_id": own["id"], "helpful": True}), 404)


def test_the_transcript_is_a_file_with_everything_said(web: WebServer) -> None:
    caregiver = web.caregiver()
    said = say(caregiver, "hello").json()["messages"]
    caregiver.post("/feedback", json={"message_id": said[-1]["id"], "helpful": True})
    answer = caregiver.get("/transcript")

    assert answer.headers["content-disposition"].startswith('attachment; filename="sma-companion-chat-20')
    kept = answer.json()["messages"]
    assert [m["text"] for m in kept] == [m["text"] for m in said] and kept[-1]["feedback"] == {"helpful": True}


def test_a_fresh_token_opens_the_same_conversation(web: WebServer) -> None:
    caregiver = web.caregiver()
    said = say(caregiver, "hello").json()["messages"]
    fresh = caregiver.post("/token").json()
    caregiver.headers["Authorization"] = f"Bearer {fresh['token']}"

    assert set(fresh) == {"token", "expires_at", "renew_after"}
    assert caregiver.get("/messages").json()["messages"] == said


def test_a_token_may_come_in_the_body(web: WebServer) -> None:
    caregiver = web.caregiver()
    token = caregiver.headers.pop("Authorization").split()[1]

    assert say(caregiver, "hello", token=token).status_code == 200


def test_another_token_reads_nothing_of_a_conversation(web: WebServer) -> None:
    say(web.caregiver(), "a secret of mine")

    assert web.caregiver().get("/messages").json()["messages"] == []
    assert web.caregiver().get("/transcript").json()["messages"] == []


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer x", "Basic eDp5", "Bearer a.b.c", f"Bearer {'.' * 5000}"], ids=range(5)
)
def test_a_token_that_is_none_opens_nothing(web: WebServer, header: str) -> None:
    client = web.client(Authorization=header)

    assert is_problem(client.get("/messages"), 401)
    assert is_problem(say(client, "hello"), 401)
