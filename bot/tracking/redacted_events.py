"""Rasa's events as they may be stored: without what says who a caregiver is, wherever it stands in them."""

from __future__ import annotations

from typing import Any

from bot.core.contact import find_contact
from bot.core.handoff_talk import AGREED, SKIPPED, Step
from bot.core.redaction import redact
from bot.core.staff_events import FORM_SLOTS
from bot.store.contacts import is_token
from bot.tracking.names import find_names

KEPT_METADATA = ("client_message_id", "title", "region", "locale", "channel_region")
"""Of a message's metadata; what else a channel or a component left there is not stored."""


def redact_event(event: dict[str, Any]) -> dict[str, Any]:
    if event.get("event") == "user":
        return _redact_user(event)
    if event.get("event") == "slot" and event.get("name") in FORM_SLOTS:
        return {**event, "value": redact_slot(str(event["name"]), event.get("value"))}
    return event


def redact_slot(name: str, value: Any) -> Any:
    """A value of the form's slots as it may be stored; a contact only once it is encrypted."""
    if not isinstance(value, str):
        return value
    if name == Step.ABOUT.value:
        return redact(value, find_names=find_names).text
    if name == Step.CONTACT.value:
        return value if is_token(value) or value == SKIPPED else None
    if name == Step.CONSENT.value:
        return value if value == AGREED else None
    return value


def _without_contact(text: str, parsed: dict[str, Any], region: str | None) -> str:
    """An answer to "how can we reach you" without what was taken for the contact, whatever its form."""
    decision = parsed.get("decision") or {}
    if decision.get("via") != "handoff" or decision.get("detail") not in (Step.CONTACT.value, Step.CONSENT.value):
        return text
    found = find_contact(text, region=region) or find_contact(text)
    return f"{text[: found.start]}<{found.contact.kind.value}>{text[found.end :]}" if found else text


def _redact_user(event: dict[str, Any]) -> dict[str, Any]:
    metadata = event.get("metadata") or {}
    kept = {key: metadata[key] for key in KEPT_METADATA if metadata.get(key) is not None}
    text = _without_contact(str(event.get("text") or ""), event.get("parse_data") or {}, metadata.get("region"))
    result = redact(text, find_names=find_names)
    is_changed = result.text != event.get("text")
    if is_changed:
        kept["redacted"] = sorted(result.found) or ["contact"]
    if kept.get("title"):
        kept["title"] = redact(str(kept["title"]), find_names=find_names).text
    parsed = {k: v for k, v in (event.get("parse_data") or {}).items() if k not in ("text", "metadata")}
    if is_changed:
        # Positions would point into a text that is no longer there.
        parsed["entities"] = [
            {k: v for k, v in e.items() if k not in ("start", "end")} for e in parsed.get("entities") or []
        ]
    parsed.update(text=result.text, metadata=kept)
    return {**event, "text": result.text, "parse_data": parsed, "metadata": kept}


def warm_up() -> None:
    """Load lists and model now: the first caregiver must not wait for them."""
    redact("Whitcombe", find_names=find_names)
