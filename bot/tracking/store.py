"""Our tracker store: redacted events and the read tables in one transaction, and a bounded look back.

Rasa's own store re-reads the whole conversation each turn (45 ms at its start, 150 ms after 200 turns). This one reads
the last events only, from a turn's border on, and puts the slots and the active form in front of them as they were
after the last turn: what rules and forms need is all there, and the 300th turn costs what the first one did.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.orm import Session, sessionmaker

from bot.core.settings import load_settings
from bot.store.database import make_engine
from bot.tracking.recorder import TurnRecorder

log = logging.getLogger(__name__)

EVENTS_LOOKED_BACK = 40
"""About six turns; a form's question and everything a rule looks at lie well inside."""
_STORED = "_companion_stored_events"
_ACTIVE_LOOP = "__active_loop__"


class ConversationStore(SQLTrackerStore):
    """Keeps Rasa's `events` as Rasa does, and `conversations`, `turns` and `messages` beside them."""

    def __init__(
        self,
        domain: Domain | None = None,
        host: str | None = None,
        event_broker: Any = None,
        **kwargs: Any,
    ) -> None:
        self.engine = make_engine(host or load_settings().database)
        self.Base.metadata.create_all(self.engine)
        self.sessionmaker = sessionmaker(bind=self.engine)
        self._recorder = TurnRecorder()
        # Made once: to make a statement anew costs as much as to run it.
        self._insert_events = sa.insert(self.SQLEvent.__table__)
        self._select_last = (
            sa.select(self.SQLEvent.data)
            .where(self.SQLEvent.sender_id == sa.bindparam("sender"))
            .order_by(self.SQLEvent.id.desc())
            .limit(EVENTS_LOOKED_BACK)
        )
        TrackerStore.__init__(self, domain, event_broker)

    def init_tracker(self, sender_id: str) -> DialogueStateTracker:
        """A tracker for a new conversation: nothing of it is stored, which need not be counted."""
        tracker = super().init_tracker(sender_id)
        setattr(tracker, _STORED, 0)
        return tracker

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with its last events; None for a new conversation."""
        with self.sessionmaker() as session:
            rows = self._last_events(session, sender_id)
            if not rows:
                return None
            slots = self._recorder.read_slots(session, sender_id)
        events = [json.loads(data) for data in rows]
        if len(events) == EVENTS_LOOKED_BACK:
            start = next((i for i, e in enumerate(events) if e.get("name") == "action_listen"), 0)
            events = [*self._prologue(slots), *events[start:]]
        return self._tracker(sender_id, events)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """The same bounded tracker: everything said is in `messages`, and nothing needs all events."""
        return await self.retrieve(conversation_id)

    async def exists(self, conversation_id: str) -> bool:
        """Whether anything is stored of a conversation."""
        with self.sessionmaker() as session:
            query = sa.select(self.SQLEvent.id).where(self.SQLEvent.sender_id == conversation_id).limit(1)
            return session.execute(query).first() is not None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append what is new, redacted, in one transaction with the read tables."""
        await self.stream_events(tracker)
        stored = getattr(tracker, _STORED, None)
        with self.sessionmaker() as session:
            if stored is None:
                stored = self._count(session, tracker.sender_id)
            new = list(tracker.events)[stored:]
            if not new:
                return
            rows = self._recorder.redact([event.as_dict() for event in new])
            self._add_events(session, tracker.sender_id, new, rows)
            snapshot = self._recorder.redact_slots(tracker.current_slot_values())
            snapshot[_ACTIVE_LOOP] = tracker.active_loop_name
            self._recorder.record(session, tracker.sender_id, rows, snapshot=snapshot)
            session.commit()
        setattr(tracker, _STORED, len(tracker.events))

    def _add_events(
        self, session: Session, sender_id: str, events: Iterable[Event], rows: list[dict[str, Any]]
    ) -> None:
        new = [
            {
                "sender_id": sender_id,
                "type_name": event.type_name,
                "timestamp": data.get("timestamp"),
                "intent_name": ((data.get("parse_data") or {}).get("intent") or {}).get("name"),
                "action_name": data.get("name"),
                "data": json.dumps(data),
            }
            for event, data in zip(events, rows)
        ]
        # In one statement: nothing of it is looked at again, and as objects the events would cost as much as NLU.
        session.execute(self._insert_events, new)

    def _last_events(self, session: Session, sender_id: str) -> list[str]:
        return [row.data for row in session.execute(self._select_last, {"sender": sender_id})][::-1]

    def _count(self, session: Session, sender_id: str) -> int:
        query = sa.select(sa.func.count()).where(self.SQLEvent.sender_id == sender_id)
        return int(session.execute(query).scalar_one())

    def _tracker(self, sender_id: str, events: list[dict[str, Any]]) -> DialogueStateTracker:
        read = [event for event in map(_event, events) if event]
        tracker = DialogueStateTracker.from_events(sender_id, read, self.domain.slots)
        setattr(tracker, _STORED, len(tracker.events))
        return tracker

    @staticmethod
    def _prologue(slots: dict[str, Any]) -> list[dict[str, Any]]:
        """Events that stand for all that was left out."""
        loop = slots.get(_ACTIVE_LOOP)
        events: list[Event] = [SlotSet(key, value) for key, value in slots.items() if key != _ACTIVE_LOOP]
        if loop:
            events.append(ActiveLoop(loop))
        return [event.as_dict() for event in [ActionExecuted("action_session_start"), *events]]


def _event(data: dict[str, Any]) -> Event | None:
    """An event from its JSON; None for one of a kind that Rasa no longer has."""
    kind = _event_class(str(data.get("event")))
    return kind._from_parameters(data) if kind else None


@lru_cache(maxsize=64)
def _event_class(name: str) -> type[Event] | None:
    """Rasa walks through all of its event classes for each event: 40% of reading a conversation."""
    return Event.resolve_by_type(name)
