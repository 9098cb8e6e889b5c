"""What the tests of the console share: a world with people in it, and the forms they fill."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet
from starlette.testclient import TestClient

from bot.core.handoffs import Reason
from bot.core.roles import Role
from bot.core.settings import Settings
from bot.store.database import transaction, utc_now
from bot.store.handoffs import request_handoff
from bot.store.one_time_links import make_link
from bot.store.rasa_api import Delivered, Failed
from bot.store.set_up import open_link, use_link
from bot.store.staff import StaffMember, add_user
from bot.store.tables import Conversation, Feedback, Message, Turn, new_conversation
from bot.store.totp import code_at

PASSWORD = "five quiet herons walk"
DATA_KEY = Fernet.generate_key().decode()
BASE = "http://console.test"


class Clock:
    """Time that tests move."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class FakeRasa:
    """Stands where Rasa is, and stores what it is given as the tracker store would."""

    engine: sa.engine.Engine
    posted: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    is_down: bool = False

    def post_events(self, conversation_id: str, events: Any) -> Delivered | Failed:
        if self.is_down:
            return Failed("Rasa cannot be reached (ConnectError).", is_permanent=False)
        self.posted.append((conversation_id, list(events)))
        with transaction(self.engine) as session:
            for event in events:
                if event["event"] == "bot":
                    payload = event["data"]["custom"]
                    is_staff = payload["kind"] == "staff"
                    session.add(
                        Message(
                            conversation_id=conversation_id,
                            at=utc_now(),
                            sender="staff" if is_staff else "bot",
                            kind=payload["kind"],
                            text=event["text"],
                            payload=payload,
                            client_message_id=event["metadata"]["client_message_id"],
                            delivery="sent",
                        )
                    )
        return Delivered()


@dataclass
class World:
    """Everything a test needs."""

    engine: sa.engine.Engine
    settings: Settings
    app: Any
    clock: Clock
    rasa: FakeRasa
    members: dict[str, StaffMember] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, *roles: Role, title: str = "nurse") -> StaffMember:
        """Somebody who has used their link."""
        email = f"{name.lower().replace(' ', '')}@example.org"
        member = add_user(self.engine, email=email, name=name, title=title, roles=roles)
        token = make_link(self.engine, BASE, user_id=member.id, now=self.clock.now).rsplit("/", 1)[1]
        link = open_link(self.engine, token, data_key=DATA_KEY, now=self.clock.now)
        assert link
        code = code_at(link.totp_secret, self.clock.now - timedelta(seconds=30))
        self.members[name] = use_link(
            self.engine, token, password=PASSWORD, code=code, data_key=DATA_KEY, now=self.clock.now
        )
        self.secrets[name] = link.totp_secret
        return self.members[name]

    def browser(self) -> TestClient:
        """Nobody signed in."""
        return TestClient(self.app, base_url=BASE, follow_redirects=True)

    def code(self, name: str) -> str:
        """What the phone shows now."""
        return code_at(self.secrets[name], self.clock.now)

    def signed_in(self, name: str) -> TestClient:
        """A browser of somebody who has just signed in."""
        browser = self.browser()
        self.clock.go_on(seconds=31)  # a code is good once
        answer = sign_in(browser, f"{name.lower().replace(' ', '')}@example.org", PASSWORD, self.code(name))
        assert answer.status_code == 200, answer.text
        return browser

    def as_role(self, role: Role) -> TestClient:
        """A browser of somebody with this role alone."""
        name = "".join(word.capitalize() for word in role.value.split())
        if name not in self.members:
            self.add(name, role)
        return self.signed_in(name)

    def waiting(
        self, conversation_id: str = "web-1", *, about: str = "Can she fly with a ventilator?", **kwargs: Any
    ) -> int:
        """A caregiver who has asked for a person; returns the hand-off's id."""
        talk(self.engine, conversation_id, at=self.clock.now - timedelta(minutes=12))
        return request_handoff(
            self.engine,
            conversation_id,
            reason=Reason.ASKED,
            about=about,
            now=self.clock.now - timedelta(minutes=10),
            topic="breathing.niv",
            kinds=(),
            **kwargs,
        ).handoff.id


def talk(
    engine: sa.engine.Engine,
    conversation_id: str,
    *,
    at: datetime,
    question: str = "What is BiPAP?",
    answer: str = "BiPAP is a machine that helps to breathe.",
    channel: str = "web",
    **payload: Any,
) -> int:
    """One question and its answer; returns the id of the answer."""
    with transaction(engine) as session:
        if session.get(Conversation, conversation_id) is None:
            session.add(new_conversation(conversation_id, channel, at))
            session.flush()
        session.get(Conversation, conversation_id).turns += 1
        turn = Turn(
            conversation_id=conversation_id,
            at=at,
            channel=channel,
            text=question,
            intent="faq/breathing.niv",
            kind="answer",
            topic="breathing.niv",
            confidence=0.83,
            choices=[
                {"label": "faq/breathing.niv", "confidence": 0.83},
                {"label": "faq/breathing.trach", "confidence": 0.09},
            ],
            took_ms=31.5,
            flags=[],
        )
        session.add(turn)
        session.flush()
        session.add(
            Message(
                conversation_id=conversation_id,
                turn_id=turn.id,
                at=at,
                sender="caregiver",
                text=question,
                payload={},
                delivery="delivered",
            )
        )
        full = {
            "kind": "answer",
            "topic": "breathing.niv",
            "text": answer,
            "sources": [
                {
                    "title": "Standards of care",
                    "publisher": "Neuromuscular Disorders",
                    "year": 2018,
                    "url": "https://doi.org/10.1016/j.nmd.2017.11.004",
                }
            ],
            **payload,
        }
        reply = Message(
            conversation_id=conversation_id,
            turn_id=turn.id,
            at=at,
            sender="bot",
            kind="answer",
            text=answer,
            payload=full,
            delivery="sent",
        )
        session.add(reply)
        session.flush()
        return int(reply.id)


def thumb_down(engine: sa.engine.Engine, conversation_id: str, message_id: int, reason: str) -> None:
    """A caregiver says that it did not help."""
    with transaction(engine) as session:
        session.add(
            Feedback(
                conversation_id=conversation_id, message_id=message_id, at=utc_now(), is_helpful=False, reason=reason
            )
        )


def csrf_of(text: str) -> str:
    """The token of the forms on a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
    assert found, text[:500]
    return found[1]


def sign_in(browser: TestClient, email: str, password: str, code: str, next: str = "/account") -> Any:
    """Fill the form and send it."""
    page = browser.get("/sign-in")
    form = {"csrf": csrf_of(page.text), "email": email, "password": password, "code": code, "next": next}
    return browser.post("/sign-in", data=form)


def post(browser: TestClient, path: str, **fields: Any) -> Any:
    """Send a form of ours."""
    return browser.post(path, data={"csrf": csrf_of(browser.get("/account").text), **fields})
