"""A stand-in for the web channel: docs/web-channel.md in memory, with canned replies chosen by a word of the message.

python tests/widget/stand_in.py 8123      then open http://127.0.0.1:8123/
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

WIDGET = Path(__file__).resolve().parents[2] / "widget"
BASE = "/webhooks/web"
STRICT = "default-src 'self'"
XSS = (
    '<img src=x onerror="window.hacked=1">',
    "<script>window.hacked=1</script>",
    '"><svg onload=window.hacked=1>',
    "javascript:window.hacked=1",
    "{{constructor.constructor('window.hacked=1')()}}",
    '<a href="javascript:window.hacked=1" style="position:fixed">x</a>',
)

ANSWER = {
    "kind": "answer",
    "topic": "treatments.nusinersen_procedure",
    "title": "How is nusinersen (Spinraza) given?",
    "text": "Nusinersen is given by lumbar puncture. Trained staff put a thin needle into the lower back and let the "
    "medicine flow into the fluid around the spinal cord.\n\n"
    "The first doses come close together. After that it is usually given every 4 months.\n\n"
    "To make it easier, the team may use:\n- numbing of the skin\n- medicine that makes a person sleepy\n"
    "- pictures that guide the needle, which helps when the spine is curved\n\n"
    "If a visit is missed or moved, call the treatment centre to plan again.",
    "disclaimer": "This is general information about medicines, not advice about treatment for one person. Starting, "
    "stopping or changing a medicine is a decision to make with your SMA team.",
    "sources": [
        {"title": "Spinraza (nusinersen) prescribing information", "publisher": "FDA", "year": 2024,
         "url": "https://www.accessdata.fda.gov/scripts/cder/daf/"},
        {"title": "Intrathecal nusinersen in adults", "publisher": "PubMed Central", "year": 2018,
         "url": "https://pmc.ncbi.nlm.nih.gov/articles/PMC6174643"},
    ],
    "review_status": "draft",
    "as_of": "2026-11-22",
    "related": [
        {"topic": "treatments.nusinersen_what", "title": "What is nusinersen (Spinraza)?"},
        {"topic": "orthopaedic.scoliosis", "title": "Curved spine (scoliosis), braces and surgery"},
    ],
    # As the channel sends it: what is related is among the buttons as well.
    "buttons": [
        {"title": "What is nusinersen (Spinraza)?",
         "payload": '/choose_topic{"topic": "treatments.nusinersen_what"}'},
        {"title": "Curved spine (scoliosis), braces and surgery",
         "payload": '/choose_topic{"topic": "orthopaedic.scoliosis"}'},
        {"title": "Talk to a person", "payload": "/human"},
    ],
}  # fmt: skip
CLARIFY = {
    "kind": "clarify",
    "text": "I want to be sure that I have understood you. Which of these comes closest to your question?",
    "buttons": [
        {
            "title": "Cough assist, suction and clearing mucus",
            "payload": '/choose_topic{"topic": "breathing.clearance"}',
        },
        {"title": "Colds and chest infections", "payload": '/choose_topic{"topic": "breathing.infections"}'},
        {"title": "None of these", "payload": "/none"},
    ],
}
EMERGENCY = {
    "kind": "emergency",
    "text": "This may be an emergency. Call now, and say that the person has spinal muscular atrophy (SMA).\n\n"
    "- If the person has a written emergency plan, have it at hand.\n"
    "- If they use a breathing machine, keep it on.\n\nI am a bot. I cannot call for help.",
    "phones": [
        {"label": "Emergency (UK)", "number": "999", "tel": "999"},
        {"label": "Emergency (EU)", "number": "112", "tel": "112"},
    ],
}
CRISIS = {
    "kind": "crisis",
    "text": "I'm glad that you wrote this. Please talk to a person now.",
    "phones": [{"label": "Samaritans (UK and Ireland)", "number": "116 123", "tel": "116123"}],
}
ARABIC = {
    "kind": "unsure",
    "language": "ar",
    "rtl": True,
    "text": "أجيب باللغة الإنجليزية فقط.\n\nفي حالة الطوارئ اتصل برقم الطوارئ المحلي.",
    "buttons": [{"title": "Talk to a person", "payload": "/human"}],
}
HANDOFF = {
    "kind": "handoff",
    "text": "Done. I have passed this on, and a person from the team can now read this chat. They will answer here.",
}
STAFF = {
    "kind": "staff",
    "text": "Hello, I have read your question. A curved spine does not always rule it out.\n\nPlease ask your centre "
    "which kind of picture they use to guide the needle.",
    "author": {"name": "Example Nurse", "role": "Specialist nurse"},
}
DECISION = {
    "kind": "clinical_decision",
    "text": "I can't tell you how much medicine to give. The label, or the plan from the team, shows what was ordered.",
    "buttons": [{"title": "Talk to a person", "payload": "/human"}],
}
HOSTILE = {
    "kind": "answer",
    "title": XSS[0],
    "text": "\n\n".join(XSS) + "\n\n- " + XSS[1],
    "disclaimer": XSS[2],
    "sources": [{"title": XSS[1], "publisher": XSS[0], "url": "javascript:window.hacked=1"},
                {"title": XSS[5], "publisher": XSS[2], "url": "data:text/html,<script>window.hacked=1</script>"}],
    "review_status": "approved",
    "reviewed": XSS[0],
    "as_of": XSS[2],
    "language": '" onload="window.hacked=1',
    "related": [{"topic": XSS[2], "title": XSS[1]}],
    "buttons": [{"title": XSS[0], "payload": XSS[1]}],
    "phones": [{"label": XSS[0], "number": XSS[1], "tel": "javascript:window.hacked=1"}],
}  # fmt: skip
ANSWERS = {"clarify": CLARIFY, "emergency": EMERGENCY, "crisis": CRISIS, "rtl": ARABIC, "person": HANDOFF,
           "dose": DECISION, "xss": HOSTILE}  # fmt: skip


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _problem(status: int, detail: str, **headers: str) -> JSONResponse:
    body = {"type": "about:blank", "title": "Refused", "status": status, "detail": detail}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


@dataclass
class Talk:
    """One conversation."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    by_client_id: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    offered: set[str] = field(default_factory=set)
    feedback: dict[int, dict[str, Any]] = field(default_factory=dict)
    with_staff: bool = False
    waiting: bool = False

    def add(self, sender: str, text: str, payload: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        message = {"id": len(self.messages) + 1, "at": _now(), "sender": sender, "text": text, **more}
        if payload:
            message |= {"kind": payload["kind"], "payload": payload}
            self.offered |= {button["payload"] for button in payload.get("buttons", ())}
            self.offered |= {f'/choose_topic{{"topic": {json.dumps(r["topic"])}}}' for r in payload.get("related", ())}
        self.messages.append(message)
        return message

    def since(self, cursor: int) -> dict[str, Any]:
        fresh = [message for message in self.messages if message["id"] > cursor]
        last = self.messages[-1]["id"] if self.messages else 0
        return {"messages": fresh, "cursor": last, "with_staff": self.with_staff, "waiting": self.waiting}


class Channel:
    """The routes, and what tests may look at or set."""

    def __init__(self) -> None:
        self.talks: dict[str, Talk] = {}
        self.refusals: list[Response] = []
        """Answers to give, in turn, instead of taking the next messages."""
        self.posts: list[dict[str, Any]] = []
        self.has_streams = True

    def _talk(self, request: Request) -> Talk | None:
        return self.talks.get(request.headers.get("authorization", "").removeprefix("Bearer "))

    @property
    def talk(self) -> Talk:
        """The latest conversation."""
        return list(self.talks.values())[-1]

    def staff_says(self, **changes: Any) -> None:
        self.talk.with_staff, self.talk.waiting = True, False
        payload = {**STAFF, **changes}
        self.talk.add("staff", payload["text"], payload)

    async def start(self, request: Request) -> Response:
        token = secrets.token_urlsafe(16)
        self.talks[token] = Talk()
        return JSONResponse({**self._times(token), "cursor": 0, "organisation": ""}, 201)

    def _times(self, token: str) -> dict[str, str]:
        later = datetime.now(timezone.utc) + timedelta(days=30)
        return {"token": token, "expires_at": later.isoformat(), "renew_after": later.isoformat()}

    async def renew(self, request: Request) -> Response:
        old = request.headers.get("authorization", "").removeprefix("Bearer ")
        if old not in self.talks:
            return _problem(401, "This chat has ended.")
        return JSONResponse(self._times(old))

    async def say(self, request: Request) -> Response:
        talk = self._talk(request)
        if talk is None:
            return _problem(401, "This chat has ended. Please start a new one.")
        body = await request.json()
        self.posts.append(body)
        if self.refusals:
            return self.refusals.pop(0)
        client_id = body["client_message_id"]
        if client_id not in talk.by_client_id:
            payload = body.get("payload")
            if payload and payload not in talk.offered:
                return _problem(409, "That choice is not on offer here.")
            text = body["title"] if payload else body["text"]
            if len(text) > 2000:
                return _problem(422, "Please keep it under 2,000 characters.")
            if text.startswith("error"):
                return _problem(500, "Something went wrong. In an emergency call 999, or 112 in the EU.")
            talk.by_client_id[client_id] = [talk.add("caregiver", text, client_message_id=client_id)]
            if "slow" in text:
                asyncio.get_running_loop().call_later(0.7, lambda: talk.add("bot", ANSWER["text"], ANSWER))
                return JSONResponse({"accepted": True}, 202)
            self._reply(talk, text.lower(), talk.by_client_id[client_id])
            if "drop" in text:
                return Response(b"{", headers={"content-length": "999"})
        return JSONResponse({"messages": talk.by_client_id[client_id], "cursor": talk.messages[-1]["id"]})

    def _reply(self, talk: Talk, text: str, turn: list[dict[str, Any]]) -> None:
        if talk.with_staff and "emergency" not in text:
            return
        reply = next((reply for word, reply in ANSWERS.items() if word in text), ANSWER)
        turn.append(talk.add("bot", reply["text"], reply))
        if reply is HANDOFF:
            talk.waiting = True
        if "staff" in text:
            self.staff_says()

    async def messages(self, request: Request) -> Response:
        talk = self._talk(request)
        if talk is None:
            return _problem(401, "This chat has ended.")
        return JSONResponse(talk.since(int(request.query_params["after"])))

    async def events(self, request: Request) -> Response:
        talk = self._talk(request)
        if talk is None:
            return _problem(401, "This chat has ended.")
        if not self.has_streams:
            return _problem(404, "There is no stream here.")

        async def stream() -> AsyncIterator[str]:
            cursor, state = int(request.headers.get("last-event-id", 0)), None
            yield ": hello\n\n"
            while talk in self.talks.values() and self.has_streams:
                page = talk.since(cursor)
                for message in page["messages"]:
                    cursor = message["id"]
                    yield f"event: message\nid: {cursor}\ndata: {json.dumps(message)}\n\n"
                now = {"with_staff": talk.with_staff, "waiting": talk.waiting}
                if now != state:
                    state = now
                    yield f"event: state\ndata: {json.dumps(now)}\n\n"
                await asyncio.sleep(0.05)

        return StreamingResponse(stream(), media_type="text/event-stream")

    async def rate(self, request: Request) -> Response:
        talk, body = self._talk(request), await request.json()
        if talk is None:
            return _problem(401, "This chat has ended.")
        talk.feedback[body["message_id"]] = body
        return Response(status_code=204)

    async def transcript(self, request: Request) -> Response:
        talk = self._talk(request)
        if talk is None:
            return _problem(401, "This chat has ended.")
        return JSONResponse(talk.messages, headers={"Content-Disposition": 'attachment; filename="chat.json"'})

    async def erase(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.talks:
            return _problem(401, "This chat has ended.")
        return JSONResponse({"erased": {"messages": len(self.talks.pop(token).messages)}, "at": _now()})

    async def asset(self, request: Request) -> Response:
        path = request.url.path
        name = request.path_params.get("name") or f"{path.strip('/') or 'demo'}.html"
        headers = {"Content-Security-Policy": STRICT, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        return FileResponse(WIDGET / name, headers=headers)

    async def page(self, request: Request) -> Response:
        """A page that embeds the widget from another origin (localhost is not 127.0.0.1) or with attributes."""
        query = dict(request.query_params)
        script = query.pop("script", f"{BASE}/widget/widget.js")
        attributes = " ".join(f'{name}="{value}"' for name, value in query.items())
        return Response(
            f'<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>A page</title>'
            f"<main><h1>A page</h1><p>Words.</p></main><sma-companion {attributes}></sma-companion>"
            f'<script type="module" src="{script}"></script></html>',
            media_type="text/html",
        )

    def app(self) -> Starlette:
        routes = [
            *(Route(path, self.asset) for path in ("/", "/privacy", "/hostile")),
            Route("/page", self.page),
            Mount(BASE, routes=[
                Route("/conversations", self.start, methods=["POST"]),
                Route("/token", self.renew, methods=["POST"]),
                Route("/messages", self.say, methods=["POST"]),
                Route("/messages", self.messages),
                Route("/events", self.events),
                Route("/feedback", self.rate, methods=["POST"]),
                Route("/transcript", self.transcript),
                Route("/conversation", self.erase, methods=["DELETE"]),
                Route("/widget/{name}", self.asset),
            ]),
        ]  # fmt: skip
        cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"],
                          expose_headers=["Retry-After"])  # fmt: skip
        return Starlette(routes=routes, middleware=[cors])


@contextmanager
def serve(channel: Channel, *, port: int = 0) -> Iterator[str]:
    """The stand-in on loopback, in a thread; gives its address."""
    config = uvicorn.Config(
        channel.app(), host="127.0.0.1", port=port, log_level="error", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        channel.has_streams = False
        server.should_exit = True
        thread.join(timeout=5)


if __name__ == "__main__":
    with serve(Channel(), port=int(sys.argv[1]) if len(sys.argv) > 1 else 8123) as address:
        print(address)
        threading.Event().wait()
