"""Hand-offs from the bot to a person: the states one can be in and the moves between them. Pure; the clock is given.

    requested ──claim──▶ claimed ──reply──▶ active ──close──▶ closed
        ▲  └─reply (takes it)──────────────▶ │
        └──────────release, lapse────────────┘
    requested ─decline▶ declined · requested ─expire▶ expired · any open one ─cancel▶ cancelled

Who holds a hand-off is written with a lease: somebody who claims and then walks away does not keep a caregiver waiting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

CLAIM_LEASE = timedelta(minutes=15)
"""How long a claim without a reply lasts; an open console page renews it."""
REPLY_LEASE = timedelta(hours=8)
"""How long a reply keeps the conversation with its writer: a caregiver may take hours to answer."""


class HandoffState(str, Enum):
    """Where a hand-off stands; a closed set."""

    REQUESTED = "requested"
    CLAIMED = "claimed"
    ACTIVE = "active"
    CLOSED = "closed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


OPEN_STATES = frozenset({HandoffState.REQUESTED, HandoffState.CLAIMED, HandoffState.ACTIVE})
HELD_STATES = frozenset({HandoffState.CLAIMED, HandoffState.ACTIVE})


class Move(str, Enum):
    """What can be done with a hand-off; a closed set."""

    REQUEST = "request"
    CLAIM = "claim"
    RENEW = "renew"
    RELEASE = "release"
    TRANSFER = "transfer"
    REPLY = "reply"
    CLOSE = "close"
    DECLINE = "decline"
    CANCEL = "cancel"
    """By the caregiver."""
    EXPIRE = "expire"
    """Nobody claimed it in time."""
    LAPSE = "lapse"
    """The lease of the one who held it ran out."""
    ESCALATE = "escalate"
    MARK_URGENT = "mark_urgent"


class Reason(str, Enum):
    """How a hand-off came about; a closed set."""

    ASKED = "asked"
    COMPLAINT = "complaint"
    OFFERED = "offered"
    """Accepted under an answer or a refusal."""
    TOPIC = "topic"
    """The topic of the last answer calls for a person (`handoff: always`)."""
    MISSES = "misses"
    """The bot did not understand twice in a row."""
    RED_FLAG = "red_flag"


class Outcome(str, Enum):
    """How a hand-off was closed by staff; a closed set."""

    ANSWERED = "answered"
    REFERRED = "referred"
    """To the person's own care team or another service."""
    CALLED_BACK = "called_back"
    NO_RESPONSE = "no_response"
    """The caregiver did not come back."""
    NOTHING_NEEDED = "nothing_needed"


class Refusal(str, Enum):
    """Why a move was refused; a closed set."""

    TAKEN = "taken"
    """Somebody else holds it."""
    NOT_HELD = "not_held"
    """Only the one who holds it may do this."""
    OVER = "over"
    """It is closed, declined, expired or cancelled."""
    NOT_YET = "not_yet"
    """Its state does not allow this."""
    BUSY = "busy"
    """Too many changed it at the same moment; try again."""


class MoveRefused(Exception):  # noqa: N818 - reads as what happened: the move was refused
    """A move that is not possible now. `str()` is a sentence for the staff member who tried."""

    def __init__(self, refusal: Refusal, what: str, *, holder: Staff | None = None) -> None:
        self.refusal = refusal
        self.holder = holder
        super().__init__(what)


class ClaimRefused(MoveRefused):
    """Somebody was faster; `holder` says who."""


@dataclass(frozen=True)
class Staff:
    """A member of staff as caregivers and the history see them."""

    id: str
    name: str
    role: str
    """In words for caregivers, for example "nurse"."""


@dataclass(frozen=True)
class Handoff:
    """One hand-off. Times are UTC without a zone."""

    id: int
    conversation_id: str
    state: HandoffState
    reason: Reason
    about: str
    """What it is about, in the caregiver's words; redacted."""
    requested_at: datetime
    waiting_since: datetime
    """When it was requested, or last went back to the queue."""
    topic: str | None = None
    """Topic of the last answer before the request."""
    is_urgent: bool = False
    holder: Staff | None = None
    lease_until: datetime | None = None
    claimed_at: datetime | None = None
    first_reply_at: datetime | None = None
    escalated_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    helped: bool | None = None
    """What the caregiver said when asked at the end."""
    has_contact: bool = False
    version: int = 0
    """Counts the moves; a change is written only where nobody was faster."""

    @property
    def is_open(self) -> bool:
        """Whether it still waits for somebody or somebody holds it."""
        return self.state in OPEN_STATES

    def is_held(self, now: datetime) -> bool:
        """Whether somebody holds it and their lease still runs."""
        return self.state in HELD_STATES and self.lease_until is not None and self.lease_until > now

    def is_held_by(self, staff: Staff, now: datetime) -> bool:
        """Whether this member of staff holds it."""
        return self.is_held(now) and self.holder is not None and self.holder.id == staff.id


def next_state(
    handoff: Handoff,
    move: Move,
    *,
    now: datetime,
    by: Staff | None = None,
    to: Staff | None = None,
    outcome: Outcome | None = None,
) -> Handoff:
    """The hand-off after a move. Raises MoveRefused (ClaimRefused for a claim) when it is not possible.

    `by` is needed for the moves of staff, `to` for a transfer, `outcome` for a close.
    """
    if not handoff.is_open:
        raise _refuse(handoff, move, Refusal.OVER, f"This request is already {handoff.state.value}.")
    if move in _GUARDED:
        _check_holder(handoff, move, _required(by, move), now)
    if handoff.state not in _FROM[move]:
        raise _refuse(
            handoff, move, Refusal.NOT_YET, f"A request that is {handoff.state.value} cannot be {_DONE[move]}."
        )
    changed = replace(handoff, version=handoff.version + 1)
    if move in _HOLDING:
        return _held(changed, move, now=now, by=by, to=to)
    if move in _ENDS:
        if move is Move.CLOSE and outcome is None:
            raise ValueError("closing a hand-off needs an outcome")
        return replace(
            changed, state=_ENDS[move], ended_at=now, lease_until=None, outcome=outcome if move is Move.CLOSE else None
        )
    if move is Move.MARK_URGENT:
        return replace(changed, is_urgent=True)
    if move is Move.ESCALATE:
        if handoff.escalated_at:
            raise _refuse(handoff, move, Refusal.NOT_YET, "This request has been escalated already.")
        return replace(changed, escalated_at=now)
    if move is Move.LAPSE and handoff.is_held(now):
        raise _refuse(handoff, move, Refusal.NOT_YET, "The lease still runs.")
    waiting = replace(changed, state=HandoffState.REQUESTED, holder=None, lease_until=None, claimed_at=None)
    return replace(waiting, waiting_since=now, escalated_at=None)


def moves_for(handoff: Handoff, staff: Staff, *, now: datetime) -> frozenset[Move]:
    """The moves that this member of staff could make now: which buttons a page shows."""
    return frozenset(move for move in _BY_STAFF if _is_possible(handoff, move, staff, now))


def reason_for(label: str, *, last_kind: str | None, last_handoff: str | None, misses: float) -> Reason:
    """How a request came about, from its label and the reply before it.

    `last_handoff` is what the topic of the last answer says about hand-offs: never, offer or always.
    """
    if label == "requests/complaint":
        return Reason.COMPLAINT
    if last_kind in ("emergency", "crisis"):
        return Reason.RED_FLAG
    if last_kind in ("unsure", "clarify") and misses >= 2:
        return Reason.MISSES
    if last_kind == "answer" and last_handoff == "always":
        return Reason.TOPIC
    if last_kind in ("answer", "clinical_decision", "unsure", "clarify"):
        return Reason.OFFERED
    return Reason.ASKED


_GUARDED = frozenset({Move.CLAIM, Move.REPLY, Move.RENEW, Move.RELEASE, Move.TRANSFER, Move.CLOSE, Move.DECLINE})
_HOLDING = frozenset({Move.CLAIM, Move.REPLY, Move.TRANSFER, Move.RENEW})
_BY_STAFF = (Move.CLAIM, Move.REPLY, Move.RELEASE, Move.TRANSFER, Move.CLOSE, Move.DECLINE)
_FROM = {
    Move.CLAIM: OPEN_STATES,
    Move.REPLY: OPEN_STATES,
    Move.RENEW: HELD_STATES,
    Move.RELEASE: HELD_STATES,
    Move.TRANSFER: HELD_STATES,
    Move.CLOSE: HELD_STATES,
    Move.DECLINE: frozenset({HandoffState.REQUESTED, HandoffState.CLAIMED}),
    Move.CANCEL: OPEN_STATES,
    Move.EXPIRE: frozenset({HandoffState.REQUESTED}),
    Move.LAPSE: HELD_STATES,
    Move.ESCALATE: frozenset({HandoffState.REQUESTED}),
    Move.MARK_URGENT: OPEN_STATES,
    Move.REQUEST: frozenset(),
}
_ENDS = {
    Move.CLOSE: HandoffState.CLOSED,
    Move.DECLINE: HandoffState.DECLINED,
    Move.CANCEL: HandoffState.CANCELLED,
    Move.EXPIRE: HandoffState.EXPIRED,
}
_DONE = {
    Move.CLAIM: "claimed", Move.REPLY: "answered", Move.RENEW: "renewed", Move.RELEASE: "released",
    Move.TRANSFER: "transferred", Move.CLOSE: "closed", Move.DECLINE: "declined", Move.CANCEL: "cancelled",
    Move.EXPIRE: "expired", Move.LAPSE: "given up", Move.ESCALATE: "escalated", Move.MARK_URGENT: "marked urgent",
    Move.REQUEST: "requested again",
}  # fmt: skip


def _held(changed: Handoff, move: Move, *, now: datetime, by: Staff | None, to: Staff | None) -> Handoff:
    """After the moves that leave it with somebody."""
    if move is Move.CLAIM:
        state = HandoffState.ACTIVE if changed.state is HandoffState.ACTIVE else HandoffState.CLAIMED
        return _hold(changed, _required(by, move), state, now, CLAIM_LEASE)
    if move is Move.REPLY:
        first = changed.first_reply_at or now
        held = _hold(changed, _required(by, move), HandoffState.ACTIVE, now, REPLY_LEASE)
        return replace(held, first_reply_at=first)
    if move is Move.TRANSFER:
        return _hold(replace(changed, holder=None), _required(to, move), changed.state, now, CLAIM_LEASE)
    return replace(changed, lease_until=max(changed.lease_until or now, now + CLAIM_LEASE))


def _check_holder(handoff: Handoff, move: Move, by: Staff, now: datetime) -> None:
    """Claim, reply and decline need that nobody else holds it; the others that `by` does."""
    mine = handoff.holder is not None and handoff.holder.id == by.id
    if handoff.is_held(now) and not mine:
        name = handoff.holder.name if handoff.holder else "Somebody else"
        raise _refuse(handoff, move, Refusal.TAKEN, f"{name} is with this conversation.")
    needs_hold = move not in (Move.CLAIM, Move.REPLY, Move.DECLINE)
    if needs_hold and not (mine and handoff.is_held(now)):
        raise _refuse(handoff, move, Refusal.NOT_HELD, "You do not hold this conversation; claim it first.")


def _hold(handoff: Handoff, staff: Staff, state: HandoffState, now: datetime, lease: timedelta) -> Handoff:
    mine = handoff.holder is not None and handoff.holder.id == staff.id
    running = handoff.lease_until if mine and handoff.lease_until else now
    claimed_at = handoff.claimed_at if mine and handoff.claimed_at else now
    return replace(handoff, state=state, holder=staff, claimed_at=claimed_at, lease_until=max(running, now + lease))


def _is_possible(handoff: Handoff, move: Move, staff: Staff, now: datetime) -> bool:
    try:
        next_state(handoff, move, now=now, by=staff, to=staff, outcome=Outcome.ANSWERED)
    except MoveRefused:
        return False
    return not (move is Move.CLAIM and handoff.is_held_by(staff, now))


def _refuse(handoff: Handoff, move: Move, refusal: Refusal, what: str) -> MoveRefused:
    kind = ClaimRefused if move is Move.CLAIM else MoveRefused
    return kind(refusal, what, holder=handoff.holder)


def _required(staff: Staff | None, move: Move) -> Staff:
    if staff is None:
        raise ValueError(f"the move {move.value} needs a member of staff")
    return staff
