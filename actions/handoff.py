"""The talk before a hand-off: the form's questions, its validation, and what is done at its end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.forms import FormValidationAction

from actions.base import CollectingDispatcher, Events, SafeAction, Tracker, composer, pressed
from bot.core.composer import BUTTONS
from bot.core.contact import find_contact
from bot.core.handoff_talk import AGREED, FORM, SKIPPED, Label, Step, TalkIntent, is_skip, is_yes
from bot.core.handoffs import HandoffState, Reason, reason_for
from bot.core.office_hours import OfficeHours
from bot.core.redaction import redact
from bot.core.replies import Reply
from bot.core.settings import load_settings
from bot.core.staff_events import fixed
from bot.store import handoffs
from bot.store.contacts import can_encrypt, encrypt, is_token
from bot.store.conversation_state import read_state
from bot.store.database import make_engine, utc_now
from bot.store.handoff_reads import open_handoff

log = logging.getLogger(__name__)

LONGEST_ABOUT = 500
"""Characters kept of what it is about; the whole of it stays in the chat."""
_NOT_A_QUESTION = ("press", "choose_topic", "show_topics", *(intent.value for intent in TalkIntent))
REASON_SLOT = "handoff_reason"


@lru_cache(maxsize=1)
def engine() -> sa.engine.Engine:
    """The one database."""
    return make_engine(load_settings().database)


@lru_cache(maxsize=1)
def office_hours() -> OfficeHours:
    """When the team is here."""
    return OfficeHours.load()


class ActionStartHandoff(SafeAction):
    """Opens the form, unless a request waits already."""

    action_name = "action_start_handoff"

    def respond(self, tracker: Tracker) -> tuple[Reply | None, Events]:
        """With the reason, from what was said before."""
        try:
            found = open_handoff(engine(), tracker.sender_id)
        except sa.exc.SQLAlchemyError as error:
            # Said now, not after three questions.
            log.error("ending=error action=%s error=%s", self.name(), type(error).__name__)
            return fixed("handoff/unavailable"), []
        if found:
            label = "handoff/already_waiting" if found.state is HandoffState.REQUESTED else "handoff/already_claimed"
            name = found.holder.name if found.holder else ""
            return fixed(label, opening=office_hours().when_open(utc_now()).sentence, name=name), []
        if _is_form_open(tracker):
            return None, []  # the question is asked again after this
        label = pressed(tracker, "label") or _label(tracker) or "requests/human"
        topic = composer().topics.get(tracker.get_slot("last_topic") or "")
        reason = reason_for(label, last_kind=_last_kind(tracker), last_handoff=topic.handoff if topic else None,
                            misses=float(tracker.get_slot("misses") or 0))  # fmt: skip
        return None, [SlotSet(REASON_SLOT, reason.value), FollowupAction(FORM)]


class _Ask(SafeAction):
    """A question of the form; in other words after an unclear answer, and after something else was answered."""

    step: Step

    def question(self, tracker: Tracker) -> Reply:
        """The first wording."""
        raise NotImplementedError

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """Say what was not clear, else ask."""
        intent = (tracker.latest_message or {}).get("intent", {}).get("name")
        if _was_asking_for(tracker) != self.step.value:
            return self.question(tracker), []
        how = "unclear" if intent == TalkIntent.INPUT.value else "again"
        return fixed(f"handoff/{self.step.value.removeprefix('handoff_')}_{how}"), []


class ActionAskAbout(_Ask):
    """What it is about."""

    action_name = "action_ask_handoff_about"
    step = Step.ABOUT

    def question(self, tracker: Tracker) -> Reply:
        """A complaint has words of its own; a question asked just before can be passed on as it is."""
        label = "handoff/about_complaint" if tracker.get_slot(REASON_SLOT) == "complaint" else "handoff/about"
        reply = fixed(label, opening=office_hours().when_open(utc_now()).sentence)
        if _last_question(tracker):
            return Reply(reply.kind, reply.text, buttons=[BUTTONS["last_question"], *reply.buttons], extra=reply.extra)
        return reply


class ActionAskContact(_Ask):
    """How to reach them."""

    action_name = "action_ask_handoff_contact"
    step = Step.CONTACT

    def question(self, tracker: Tracker) -> Reply:
        """Optional, and the words say so."""
        return fixed("handoff/contact")


class ActionAskConsent(_Ask):
    """Whether it may be sent."""

    action_name = "action_ask_handoff_consent"
    step = Step.CONSENT

    def question(self, tracker: Tracker) -> Reply:
        """Who will read what."""
        return fixed(
            "handoff/consent" if is_token(tracker.get_slot(Step.CONTACT.value)) else "handoff/consent_no_contact"
        )


class ValidateHandoffForm(FormValidationAction):
    """Checks each answer; what cannot be kept as it was typed is never put into a slot."""

    def name(self) -> str:
        """The name in domain.yml."""
        return f"validate_{FORM}"

    def domain_slots(self, domain: Mapping[str, Any]) -> list[str]:
        """The steps; named here, since the domain is not sent along."""
        return [step.value for step in Step]

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[str]:
        """Without a key to encrypt it with, nobody is asked for a contact."""
        if can_encrypt(load_settings().sma_data_key):
            return domain_slots
        return [slot for slot in domain_slots if slot != Step.CONTACT.value]

    def validate_handoff_about(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Any words do. A phone number or address among them is kept as the contact: it would be redacted here."""
        if pressed(tracker, "label") == Label.LAST_QUESTION.value:
            return {Step.ABOUT.value: (_last_question(tracker) or "")[:LONGEST_ABOUT] or None}
        if not any(char.isalnum() for char in value):
            return {Step.ABOUT.value: None}
        slots: dict[str, Any] = {Step.ABOUT.value: redact(value).text.strip()[:LONGEST_ABOUT]}
        token = _contact_token(value, tracker)
        return {**slots, Step.CONTACT.value: token} if token else slots

    def validate_handoff_contact(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A phone number or e-mail address, encrypted at once; or none."""
        if is_token(value) or value == SKIPPED:
            return {Step.CONTACT.value: value}
        if pressed(tracker, "label") == Label.SKIP.value or is_skip(value):
            return {Step.CONTACT.value: SKIPPED}
        return {Step.CONTACT.value: _contact_token(value, tracker)}

    def validate_handoff_consent(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A clear yes; a no has left the form before (bot/core/handoff_talk.py)."""
        if pressed(tracker, "label") == Label.YES.value or is_yes(value):
            return {Step.CONSENT.value: AGREED}
        token = _contact_token(value, tracker)  # somebody who changes their mind about a contact
        return {Step.CONSENT.value: None, **({Step.CONTACT.value: token} if token else {})}


class ActionSubmitHandoff(SafeAction):
    """Sends the request, and says what happens next and how long it may take."""

    action_name = "action_submit_handoff"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """What was typed is kept when the request cannot be written, so that a second try need not ask again."""
        now = utc_now()
        contact = tracker.get_slot(Step.CONTACT.value)
        try:
            made = handoffs.request_handoff(
                engine(), tracker.sender_id,
                reason=Reason(tracker.get_slot(REASON_SLOT) or Reason.ASKED),
                about=str(tracker.get_slot(Step.ABOUT.value) or ""), now=now, topic=tracker.get_slot("last_topic"),
                contact_token=contact if is_token(contact) else None,
            )  # fmt: skip
        except sa.exc.SQLAlchemyError as error:
            log.error("ending=error action=%s error=%s", self.name(), type(error).__name__)
            return fixed("handoff/unavailable"), [SlotSet(Step.CONSENT.value, None)]
        opening = office_hours().when_open(now)
        if not made.is_new:
            return fixed("handoff/already_waiting", opening=opening.sentence), _forget()
        label = "handoff/submitted_open" if opening.is_open else "handoff/submitted_closed"
        return fixed(label, opening=opening.sentence), _forget()


class ActionCancelHandoff(SafeAction):
    """Leaves the form, or takes back a request that waits; says which."""

    action_name = "action_cancel_handoff"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """By what there is to cancel."""
        if _is_form_open(tracker):
            return fixed("handoff/cancelled"), [ActiveLoop(None), SlotSet("requested_slot", None), *_forget()]
        found = open_handoff(engine(), tracker.sender_id)
        if found is None:
            return fixed("handoff/nothing_open"), []
        handoffs.cancel(engine(), found.id, now=utc_now())
        return fixed("handoff/withdrawn"), []


class ActionHandoffHelped(SafeAction):
    """What the person says when asked at the end whether it helped."""

    action_name = "action_handoff_helped"

    def respond(self, tracker: Tracker) -> tuple[Reply, Events]:
        """Noted on the hand-off; the thanks do not depend on it."""
        label = pressed(tracker, "label") or Label.HELPED_YES.value
        try:
            handoffs.record_helped(engine(), tracker.sender_id, helped=label == Label.HELPED_YES.value)
        except sa.exc.SQLAlchemyError as error:
            log.error("ending=error action=%s error=%s", self.name(), type(error).__name__)
        return fixed(label), []


def _contact_token(text: str, tracker: Tracker) -> str | None:
    """The contact in a text, encrypted; None without one, or without a key."""
    key = load_settings().sma_data_key
    region = _region(tracker)
    found = find_contact(text, region=region) or find_contact(text)
    return encrypt(found.contact, key=key) if found and can_encrypt(key) else None


def _region(tracker: Tracker) -> str | None:
    """Where the person is, as far as known: numbers are read as they are written there."""
    said: dict[str, Any] = next((event for event in reversed(tracker.events) if event.get("event") == "user"), {})
    named = (said.get("metadata") or {}).get("region")
    if named:
        return str(named)
    try:
        state = read_state(engine(), tracker.sender_id)
    except sa.exc.SQLAlchemyError:
        state = None
    return (state.region if state else None) or load_settings().region


def _last_question(tracker: Tracker) -> str | None:
    """What the person wrote last before they asked for somebody, as it is stored (redacted)."""
    for event in reversed(tracker.events):
        if event.get("event") != "user":
            continue
        parsed = event.get("parse_data") or {}
        intent = (parsed.get("intent") or {}).get("name")
        label = (parsed.get("decision") or {}).get("label") or ""
        if intent in _NOT_A_QUESTION or label.startswith("requests/"):
            continue
        is_question = intent not in ("small_talk", "bad_input", "emergency", "crisis")
        return str(event.get("text") or "") if is_question else None
    return None


def _last_kind(tracker: Tracker) -> str | None:
    """Kind of the last thing the bot said: the fixed texts of emergencies set no slot."""
    for event in reversed(tracker.events):
        if event.get("event") == "bot":
            kind = ((event.get("data") or {}).get("custom") or {}).get("kind")
            return str(kind) if kind else None
    return None


def _was_asking_for(tracker: Tracker) -> str | None:
    """What the form was asking for when the message came; its slot may have moved on since."""
    before_message = False
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            before_message = True
        elif before_message and event.get("event") == "slot" and event.get("name") == "requested_slot":
            return event.get("value")
    return None


def _label(tracker: Tracker) -> str | None:
    return ((tracker.latest_message or {}).get("decision") or {}).get("label")


def _is_form_open(tracker: Tracker) -> bool:
    return (tracker.active_loop or {}).get("name") == FORM


def _forget() -> Events:
    return [SlotSet(step.value, None) for step in Step] + [SlotSet(REASON_SLOT, None)]
