"""A caregiver and a clinician who send again what was not acknowledged, as the widget and a person at a desk do."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import sqlalchemy as sa

from bot.core.handoffs import Outcome, Staff
from bot.core.roles import Role
from bot.store import handoffs, staff_messages
from bot.store.database import utc_now
from bot.store.one_time_links import make_link
from bot.store.set_up import open_link, use_link
from bot.store.staff import StaffMember, add_user
from bot.store.totp import STEP_S, code_at
from tests.journeys.stack import Stack

PASSWORD = "five quiet herons walk"
PHONE = "07700 900123"
ABOUT = "a plan for school"
WISH = "I would like to talk to a person"
WITHIN_S = 60.0


def until(is_so: Callable[[], bool], *, what: str, within_s: float = WITHIN_S) -> float:
    """Wait for something; gives the seconds that it took."""
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < within_s, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - started


class Caregiver:
    """A web client. Messages go out in order; one whose line broke stays first, and goes again with the same key."""

    def __init__(self, stack: Stack) -> None:
        self.http = httpx.Client(base_url=f"{stack.web}/webhooks/web", timeout=60, verify=False)
        answer = self.http.post("/conversations", json={"region": "UK"})
        answer.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        with stack.engine.connect() as connection:
            newest = "SELECT id FROM conversations ORDER BY started_at DESC LIMIT 1"
            self.conversation_id = str(connection.execute(sa.text(newest)).scalar_one())
        self.unsent: list[dict[str, Any]] = []
        self.acknowledged: list[str] = []
        """Keys, in the order in which they were written."""
        self.cuts = 0

    def say(self, text: str) -> list[dict[str, Any]]:
        """Write something; gives what the bot said to it, nothing when the line broke."""
        return self._write({"text": text})

    def press(self, title: str) -> list[dict[str, Any]]:
        """Choose the newest button with this title."""
        return self._write(self._button(title))

    def send_again(self) -> None:
        """Until everything is acknowledged."""

        def is_sent() -> bool:
            self._flush()
            return not self.unsent

        until(is_sent, what="the caregiver's messages are acknowledged")

    def next_answer(self) -> Callable[[], object]:
        """What they answer to the question that the bot has asked last; the wish for a person when it asked nothing."""
        label = (self.labels() or [""])[-1]
        if label.startswith("handoff/consent"):
            body = self._button("Yes, send it")
        elif label.startswith("handoff/contact"):
            body = {"text": PHONE}
        else:
            body = {"text": ABOUT if label.startswith("handoff/about") else WISH}
        return lambda: self._write(body)

    def feed(self) -> dict[str, Any]:
        """Everything said, and who is speaking."""
        answer = self.http.get("/messages")
        assert answer.status_code == 200, answer.text
        feed: dict[str, Any] = answer.json()
        return feed

    def said_to_me(self) -> list[dict[str, Any]]:
        """What the bot and the staff have said."""
        return [message for message in self.feed()["messages"] if message["sender"] != "caregiver"]

    def labels(self) -> list[str]:
        """The same, each as its label or kind."""
        return [message["payload"].get("label") or message["kind"] for message in self.said_to_me()]

    def _button(self, title: str) -> dict[str, Any]:
        buttons = [b for m in self.said_to_me() for b in m["payload"].get("buttons", ()) if b["title"] == title]
        return {"payload": buttons[-1]["payload"], "title": title}

    def _write(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        self.unsent.append({"client_message_id": uuid.uuid4().hex, **body})
        return self._flush()

    def _flush(self) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = []
        while self.unsent:
            try:
                answer = self.http.post("/messages", json=self.unsent[0])
            except httpx.TransportError:
                self.cuts += 1
                return []
            assert answer.status_code in (200, 202), answer.text
            heard = answer.json()["messages"]
            if answer.status_code == 202 or any(message.get("unsaved") for message in heard):
                return [message for message in heard if message["sender"] != "caregiver"]
            self.acknowledged.append(self.unsent.pop(0)["client_message_id"])
            said = heard[1:]
        return said


@dataclass
class Clinician:
    """A responder with an account of the console, signed in there."""

    stack: Stack
    member: StaffMember
    totp_secret: str
    http: httpx.Client
    csrf: str = ""

    @classmethod
    def with_account(cls, stack: Stack, *, name: str, title: str) -> Clinician:
        """Somebody new who has used their link; the console need not run yet."""
        email, key, now = f"{uuid.uuid4().hex[:8]}@example.org", stack.environ["SMA_DATA_KEY"], utc_now()
        added = add_user(stack.engine, email=email, name=name, title=title, roles=[Role.RESPONDER])
        token = make_link(stack.engine, stack.console, user_id=added.id, now=now).rsplit("/", 1)[1]
        link = open_link(stack.engine, token, data_key=key, now=now)
        assert link
        # A code is good once: the one before, so that the present one is left for signing in.
        code = code_at(link.totp_secret, now - timedelta(seconds=STEP_S))
        member = use_link(stack.engine, token, password=PASSWORD, code=code, data_key=key, now=now)
        return cls(stack, member, link.totp_secret, httpx.Client(base_url=stack.console, timeout=30, verify=False))

    @property
    def code(self) -> str:
        """What their phone shows now."""
        return code_at(self.totp_secret, utc_now())

    @property
    def as_staff(self) -> Staff:
        """As the hand-offs see them."""
        return self.member.as_staff

    def sign_in(self) -> None:
        """Password and code; the session outlives the console's process."""
        form = {"email": self.member.email, "password": PASSWORD, "code": self.code, "next": "/queue"}
        answer = self.http.post("/sign-in", data={"csrf": _csrf_of(self.http.get("/sign-in").text), **form})
        assert answer.status_code == 303, answer.text
        self.csrf = _csrf_of(self.http.get("/account").text)

    def read(self, path: str) -> str:
        """A page of the console."""
        answer = self.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.text


@dataclass
class Desk:
    """What a clinician does with one hand-off, in order; an act without an answer is done again, with the same key."""

    clinician: Clinician
    handoff_id: int
    delivers: bool = True
    """False: acts are written down and nothing more, as if the console died before the delivery; that is for notify."""
    undone: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    """Replies, in order."""
    refused: list[str] = field(default_factory=list)
    """Acts to which the console said no, with its reason."""
    cuts: int = 0

    def claim(self) -> None:
        """Take the request."""
        self._do("claim", {})

    def reply(self, text: str) -> None:
        """Answer the caregiver."""
        self._do("reply", {"text": text, "key": uuid.uuid4().hex})

    def close(self) -> None:
        """End it."""
        self._do("close", {"outcome": Outcome.ANSWERED.value})

    def do_again(self) -> None:
        """Until every act has an answer."""

        def is_done() -> bool:
            self._flush()
            return not self.undone

        until(is_done, what="the console answers")

    def _do(self, act: str, form: dict[str, str]) -> None:
        self.undone.append((act, form))
        self._flush()

    def _flush(self) -> None:
        while self.undone:
            act, form = self.undone[0]
            try:
                refusal = self._post(act, form) if self.delivers else self._write_down(act, form)
            except httpx.TransportError:
                self.cuts += 1
                return
            self.undone.pop(0)
            if refusal:
                self.refused.append(f"{act}: {refusal}")
            elif act == "reply":
                self.accepted.append(form["text"])

    def _post(self, act: str, form: dict[str, str]) -> str:
        data = {"csrf": self.clinician.csrf, **form}
        answer = self.clinician.http.post(f"/handoffs/{self.handoff_id}/{act}", data=data)
        assert answer.status_code in (303, 409), answer.text
        return re.sub(r"<[^>]+>|\s+", " ", answer.text) if answer.status_code == 409 else ""

    def _write_down(self, act: str, form: dict[str, str]) -> str:
        engine, staff, now = self.clinician.stack.engine, self.clinician.as_staff, utc_now()
        if act == "claim":
            handoffs.claim(engine, self.handoff_id, staff, now=now)
        elif act == "reply":
            staff_messages.queue_reply(engine, self.handoff_id, staff, form["text"], key=form["key"], now=now)
        else:
            handoffs.close(engine, self.handoff_id, staff, outcome=Outcome.ANSWERED, now=now)
        return ""


def _csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found, page[:500]
    return found[1]
