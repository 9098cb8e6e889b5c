"""One visit of one page: who, what was sent, and the ways to answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.core.settings import Settings
from bot.core.topics import Topics
from bot.store import audit
from bot.store.database import utc_now
from bot.store.delivery import deliver
from bot.store.rasa_api import RasaApi
from bot.store.staff import StaffMember
from console.security import Cookies

logger = logging.getLogger(__name__)
DELIVERY_SHOWN_WITHIN_S = 1.5
"""How long a page waits for Rasa before it says that a message is still on its way."""

NOTICES: Mapping[str, str] = {
    "claimed": "You hold this conversation now. The caregiver has been told who is speaking.",
    "released": "Released. The request waits in the queue again.",
    "transferred": "Transferred. The caregiver has been told who is speaking now.",
    "declined": "Declined. The caregiver has been told.",
    "closed": "Closed. The bot answers again.",
    "sent": "Your reply is on its way; its state is shown under it.",
    "retried": "Sent again.",
    "noted": "Note added.",
    "signed-out": "You are signed out.",
    "set-up": "Your account is ready. Sign in with your password and the code of your phone.",
    "password": "Your password is changed. Other devices are signed out.",
    "elsewhere": "All other devices are signed out.",
    "approved": "Approved. Answers show it within a minute.",
    "withdrawn": "The approval is withdrawn.",
    "disabled": "Disabled, and signed out everywhere.",
    "enabled": "Enabled again.",
    "roles": "Roles changed.",
    "no-contact": "The caregiver left no way to be reached.",
    "unlocked": "Unlocked.",
}


@dataclass
class Console:
    """What all pages share."""

    settings: Settings
    engine: sa.engine.Engine
    templates: Environment
    topics: Topics
    cookies: Cookies
    rasa: RasaApi
    clock: Callable[[], datetime] = utc_now
    senders: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, thread_name_prefix="deliver"))

    def deliver(self, conversation_id: str) -> None:
        """Hand what waits for a conversation to Rasa; goes on in the background when that takes long."""
        sending = self.senders.submit(deliver, self.engine, self.rasa, conversation_id, clock=self.clock)
        try:
            sending.result(timeout=DELIVERY_SHOWN_WITHIN_S)
        except TimeoutError:
            logger.info("ending=delivery_goes_on")


@dataclass(frozen=True)
class Visit:
    """A request, read."""

    request: Request
    console: Console
    form: Mapping[str, str]
    lists: Mapping[str, list[str]]
    """Fields of the form that may come several times."""
    member: StaffMember | None
    token: str
    """Of the session; empty when nobody is signed in."""
    now: datetime

    @property
    def engine(self) -> sa.engine.Engine:
        """The database."""
        return self.console.engine

    @property
    def me(self) -> StaffMember:
        """Who is signed in, on pages that need it."""
        assert self.member is not None
        return self.member

    def number(self, name: str) -> int:
        """A number of the path."""
        return int(self.request.path_params[name])

    def asked(self, name: str) -> str:
        """A value of the query, empty without one."""
        return self.request.query_params.get(name, "")

    def page_number(self) -> int:
        """Which page of a list."""
        text = self.asked("page")
        return min(int(text), 10_000) if text.isascii() and text.isdigit() and int(text) else 1

    def audit(self, act: str, object: str, **detail: Any) -> None:
        """Write down what is about to be done or shown; when that fails, it is not."""
        actor = str(self.member.id) if self.member else "nobody"
        audit.append(self.engine, actor=actor, act=act, object=object, at=self.now, detail=detail)

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page."""
        basis, is_new = (self.token, False) if self.member else self.console.cookies.form_basis(self.request)
        known = {
            "me": self.member, "path": self.request.url.path, "csrf": self.console.cookies.csrf_token(basis),
            "notice": NOTICES.get(self.asked("said"), ""), "now": self.now, "problem": "",
            "organisation": self.console.settings.sma_organisation,
        }  # fmt: skip
        response = HTMLResponse(self.console.templates.get_template(template).render({**known, **values}), status)
        if is_new:
            self.console.cookies.set_form(response, basis)
        return response

    def refuse(self, title: str, text: str, *, status: int, back: str = "/", written: str = "") -> Response:
        """A page that says why not, and what to do; `written` gives back what was typed."""
        return self.page("refusal.html", status=status, title=title, text=text, back=back, written=written)

    def go(self, path: str, *, said: str = "", anchor: str = "") -> Response:
        """To another page after an act, with a word on what happened."""
        mark = f"{'&' if '?' in path else '?'}said={said}" if said else ""
        return RedirectResponse(f"{path}{mark}{anchor}", status_code=303)
