"""From Rasa's events to the read tables: one row a turn, one a message, one a conversation."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.core.replies import ReplyKind
from bot.store.red_flag_calls import note_emergency
from bot.store.tables import Conversation, Message, Turn, new_conversation
from bot.tracking.redacted_events import redact_event, redact_slot

_INSERT_MESSAGES = sa.insert(Message)
"""In one statement for all that a turn said."""
_STRONGER = (ReplyKind.EMERGENCY.value, ReplyKind.CRISIS.value)


class TurnRecorder:
    """Stateless; called inside the tracker store's transaction."""

    def redact(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The events as they may be stored: what a caregiver wrote is redacted everywhere it stands."""
        return [redact_event(event) for event in events]

    def redact_slots(self, slots: dict[str, Any]) -> dict[str, Any]:
        """The slots as they may be stored: what a caregiver wrote into the hand-off's form is among them."""
        return {name: redact_slot(name, value) for name, value in slots.items()}

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
        said: list[tuple[Turn | None, dict[str, Any]]] = []
        for event in events:
            if event.get("event") == "user":
                turn = self._add_turn(session, conversation, event)
                said.append((turn, self._question(turn, event)))
            elif event.get("event") == "bot":
                said.append(self._reply(session, conversation, event, turn=turn))
        # Once a turn is complete: each flush on the way would cost as much as a reply takes to compose.
        session.flush()
        if said:
            rows = [{**message, "turn_id": of_turn.id if of_turn else None} for of_turn, message in said]
            session.execute(_INSERT_MESSAGES, rows)
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
        return turn

    @staticmethod
    def _question(turn: Turn, event: dict[str, Any]) -> dict[str, Any]:
        """A row of `messages`."""
        return {
            "conversation_id": turn.conversation_id,
            "at": turn.at,
            "sender": "caregiver",
            "kind": None,
            "text": turn.text,
            "payload": {},
            "client_message_id": (event.get("metadata") or {}).get("client_message_id"),
            "delivery": "delivered",
        }

    def _reply(
        self, session: Session, conversation: Conversation, event: dict[str, Any], *, turn: Turn | None
    ) -> tuple[Turn | None, dict[str, Any]]:
        """A reply as a row of `messages`, and the turn that it belongs to.

        `turn` is the one that the bot answers; None for what the staff side says between turns.
        """
        payload = (event.get("data") or {}).get("custom") or {}
        kind = payload.get("kind")
        is_staff = kind == ReplyKind.STAFF.value
        if turn and not is_staff:
            self._note_ending(turn, kind, payload)
            took_s = (event.get("timestamp") or 0) - turn.at.replace(tzinfo=timezone.utc).timestamp()
            turn.took_ms = max(0.0, round(took_s * 1000, 1))
            if kind in _STRONGER:
                note_emergency(session, conversation, payload, now=_now())
        turn = turn or _last_turn(session, conversation.id)
        return turn, {
            "conversation_id": conversation.id,
            "at": _time(event),
            "sender": "staff" if is_staff else "bot",
            "kind": kind,
            "text": event.get("text") or payload.get("text") or "",
            "payload": payload,
            "client_message_id": (event.get("metadata") or {}).get("client_message_id"),
            "delivery": "sent",
        }

    @staticmethod
    def _note_ending(turn: Turn, kind: str | None, payload: dict[str, Any]) -> None:
        # A question of the form that is asked again stands below the answer that counts.
        is_reminder = str(payload.get("label") or "").endswith("_again")
        if turn.kind not in _STRONGER and not (turn.kind and is_reminder):
            turn.kind = kind
            turn.topic = payload.get("topic") or (turn.topic if kind == ReplyKind.ANSWER.value else None)
        turn.red_flag = payload.get("red_flag") or turn.red_flag


def _last_turn(session: Session, conversation_id: str) -> Turn | None:
    query = session.query(Turn).filter(Turn.conversation_id == conversation_id).order_by(Turn.id.desc())
    return query.first()


def _time(event: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(event.get("timestamp") or 0, tz=timezone.utc).replace(tzinfo=None)


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)
