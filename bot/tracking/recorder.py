"""From Rasa's events to the read tables: one row a turn, one a message, one a conversation."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy.orm import Session

from bot.core.redaction import redact
from bot.core.replies import ReplyKind
from bot.store.tables import Conversation, Message, Turn, new_conversation

KEPT_METADATA = ("client_message_id", "title", "region", "locale", "channel_region")
_STRONGER = (ReplyKind.EMERGENCY.value, ReplyKind.CRISIS.value)


class TurnRecorder:
    """Stateless; called inside the tracker store's transaction."""

    def redact(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The events as they may be stored: what a caregiver wrote is redacted everywhere it stands."""
        return [_redact_user(event) if event.get("event") == "user" else event for event in events]

    def read_slots(self, session: Session, conversation_id: str) -> dict[str, Any]:
        """Slots after the last turn."""
        row = session.get(Conversation, conversation_id)
        return dict(row.slots or {}) if row else {}

    def record(
        self, session: Session, conversation_id: str, events: list[dict[str, Any]], *, snapshot: dict[str, Any]
    ) -> None:
        """Add rows for new (redacted) events and bring the conversation's own row up to date."""
        conversation = session.get(Conversation, conversation_id)
        if conversation is None:
            channel = next((e.get("input_channel") for e in events if e.get("input_channel")), None)
            conversation = new_conversation(conversation_id, channel or "unknown", _now())
            session.add(conversation)
        turn: Turn | None = None
        for event in events:
            if event.get("event") == "user":
                turn = self._add_turn(session, conversation, event)
            elif event.get("event") == "bot":
                turn = turn or _last_turn(session, conversation_id)
                self._add_reply(session, conversation, turn, event)
        conversation.slots = snapshot
        conversation.is_with_staff = bool(snapshot.get("with_staff"))
        conversation.last_at = max(conversation.last_at, _now())

    def _add_turn(self, session: Session, conversation: Conversation, event: dict[str, Any]) -> Turn:
        parsed = event.get("parse_data") or {}
        metadata = event.get("metadata") or {}
        text = str(metadata.get("title") or event.get("text") or "")
        decision = parsed.get("decision") or {}
        turn = Turn(
            conversation_id=conversation.id,
            at=_time(event),
            channel=event.get("input_channel") or conversation.channel,
            text=text,
            intent=(parsed.get("intent") or {}).get("name"),
            topic=decision.get("topic"),
            confidence=(parsed.get("intent") or {}).get("confidence"),
            choices=[
                {"label": row["name"], "confidence": row["confidence"]} for row in (parsed.get("labels") or [])[:3]
            ],
            flags=[f for f in (decision.get("via"), "redacted" if metadata.get("redacted") else None) if f],
        )
        if conversation.turns == 0 and event.get("input_channel"):
            conversation.channel = event["input_channel"]
        conversation.turns += 1
        if metadata.get("region"):
            conversation.region = metadata["region"]
        if decision.get("via") == "language":
            conversation.language = decision.get("detail")
        session.add(turn)
        session.flush()
        session.add(
            Message(
                conversation_id=conversation.id, turn_id=turn.id, at=turn.at, sender="caregiver", text=text,
                payload={}, client_message_id=metadata.get("client_message_id"), delivery="delivered",
            )  # fmt: skip
        )
        return turn

    def _add_reply(self, session: Session, conversation: Conversation, turn: Turn | None, event: dict[str, Any]) -> None:
        payload = (event.get("data") or {}).get("custom") or {}
        kind = payload.get("kind")
        is_staff = kind == ReplyKind.STAFF.value
        if turn and not is_staff:
            if turn.kind not in _STRONGER:
                turn.kind = kind
                turn.topic = payload.get("topic") or (turn.topic if kind == ReplyKind.ANSWER.value else None)
            turn.red_flag = payload.get("red_flag") or turn.red_flag
            turn.took_ms = max(0.0, round(((event.get("timestamp") or 0) - turn.at.replace(tzinfo=timezone.utc).timestamp()) * 1000, 1))
            if kind in _STRONGER:
                conversation.is_urgent = True
        session.add(
            Message(
                conversation_id=conversation.id, turn_id=turn.id if turn else None, at=_time(event),
                sender="staff" if is_staff else "bot", kind=kind, text=event.get("text") or payload.get("text") or "",
                payload=payload, client_message_id=(event.get("metadata") or {}).get("client_message_id"),
            )  # fmt: skip
        )
        session.flush()


def _redact_user(event: dict[str, Any]) -> dict[str, Any]:
    metadata = event.get("metadata") or {}
    kept = {key: metadata[key] for key in KEPT_METADATA if metadata.get(key) is not None}
    result = redact(str(event.get("text") or ""))
    if result.found:
        kept["redacted"] = sorted(result.found)
    if kept.get("title"):
        kept["title"] = redact(str(kept["title"])).text
    parsed = {k: v for k, v in (event.get("parse_data") or {}).items() if k not in ("text", "metadata")}
    if result.found:
        # Positions would point into a text that is no longer there.
        parsed["entities"] = [{k: v for k, v in e.items() if k not in ("start", "end")} for e in parsed.get("entities") or []]
    parsed.update(text=result.text, metadata=kept)
    return {**event, "text": result.text, "parse_data": parsed, "metadata": kept}


def _last_turn(session: Session, conversation_id: str) -> Turn | None:
    query = session.query(Turn).filter(Turn.conversation_id == conversation_id).order_by(Turn.id.desc())
    return query.first()


def _time(event: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(event.get("timestamp") or 0, tz=timezone.utc).replace(tzinfo=None)


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)
