"""The events that the staff side hands to Rasa: who is speaking, what they say, and that the bot is back. Pure.

They are posted to `POST {rasa}/conversations/{id}/tracker/events?execute_side_effects=true&output_channel=latest`
(bot/store/rasa_api.py), which stores them and delivers the message by the conversation's own channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from bot.core.composer import BUTTONS, load_fixed_replies
from bot.core.content import CONTENT_DIR
from bot.core.handoffs import Staff
from bot.core.replies import Reply, ReplyKind, Source

Events = list[dict[str, Any]]

FORM_SLOTS = ("handoff_about", "handoff_contact", "handoff_consent", "requested_slot")


def take_over(staff: Staff, *, key: str) -> Events:
    """From now on this person speaks and the bot is silent; a form that was open is left."""
    reply = fixed("handoff/taken_over", name=staff.name, role=staff.role)
    said = replace(reply, author={"name": staff.name, "role": staff.role})
    return [{"event": "active_loop", "name": None}, *_forget_form(), _with_staff(True), bot_said(said, key=key)]


def staff_reply(text: str, staff: Staff, *, key: str, sources: Sequence[Source] = ()) -> Events:
    """A message that a person wrote. It also sets `with_staff`: whoever answers has taken over."""
    author = {"name": staff.name, "role": staff.role}
    reply = Reply(ReplyKind.STAFF, text, author=author, sources=tuple(sources))
    return [_with_staff(True), bot_said(reply, key=key)]


def give_back(*, key: str) -> Events:
    """The person has closed the conversation: the bot answers again and asks whether it helped."""
    return [_with_staff(False), bot_said(fixed("handoff/given_back"), key=key)]


def back_to_waiting(*, key: str) -> Events:
    """Whoever held it let go: the request waits again, and the bot answers meanwhile."""
    return [_with_staff(False), bot_said(fixed("handoff/released"), key=key)]


def declined(*, key: str) -> Events:
    """The team cannot take the request."""
    return [_with_staff(False), bot_said(fixed("handoff/declined"), key=key)]


def called(*, key: str) -> Events:
    """A red flag has put the conversation into the queue without the person having asked for it."""
    return [bot_said(fixed("handoff/called"), key=key)]


def expired(*, key: str) -> Events:
    """Nobody took the request in time."""
    return [_with_staff(False), bot_said(fixed("handoff/expired"), key=key)]


def fixed(label: str, **filled: str) -> Reply:
    """A text of content/replies.yml as a reply, with `{name}` and the like filled in."""
    row = _texts()[label]
    text = row.text
    for name, value in filled.items():
        text = text.replace("{" + name + "}", value)
    return Reply(row.kind, text, buttons=[BUTTONS[b] for b in row.buttons], extra={"label": label})


def bot_said(reply: Reply, *, key: str) -> dict[str, Any]:
    """A reply as Rasa's bot event; `key` is kept with it, so that the same message is never stored twice."""
    buttons = [vars(button) for button in reply.buttons]
    data: dict[str, Any] = {"custom": reply.payload()}
    if buttons:
        data["buttons"] = buttons
    return {"event": "bot", "text": reply.plain_text(), "data": data, "metadata": {"client_message_id": key}}


@lru_cache(maxsize=1)
def _texts() -> Any:
    return load_fixed_replies(CONTENT_DIR / "replies.yml")


def _with_staff(value: bool) -> dict[str, Any]:
    return {"event": "slot", "name": "with_staff", "value": value}


def _forget_form() -> Events:
    return [{"event": "slot", "name": name, "value": None} for name in FORM_SLOTS]
