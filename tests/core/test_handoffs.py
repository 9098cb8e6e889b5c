"""Hand-offs: no sequence of moves leads anywhere that it should not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.core.handoffs import (
    CLAIM_LEASE,
    HELD_STATES,
    REPLY_LEASE,
    ClaimRefused,
    Handoff,
    HandoffState,
    Move,
    MoveRefused,
    Outcome,
    Reason,
    Refusal,
    Staff,
    moves_for,
    next_state,
    reason_for,
)

NOW = datetime(2026, 11, 23, 10, 0)
ANA, BEN = Staff("1", "Ana", "nurse"), Staff("2", "Ben", "doctor")


def requested() -> Handoff:
    return Handoff(1, "web-1", HandoffState.REQUESTED, Reason.ASKED, "school", NOW, NOW)


def claimed_by(staff: Staff) -> Handoff:
    return next_state(requested(), Move.CLAIM, now=NOW, by=staff)


def refusal_of(handoff: Handoff, move: Move, *, now: datetime = NOW, by: Staff = ANA) -> Refusal:
    with pytest.raises(MoveRefused) as caught:
        next_state(handoff, move, now=now, by=by, to=BEN, outcome=Outcome.ANSWERED)
    return caught.value.refusal


def test_the_usual_way_from_request_to_close():
    claimed = claimed_by(ANA)
    active = next_state(claimed, Move.REPLY, now=NOW + timedelta(minutes=5), by=ANA)
    closed = next_state(active, Move.CLOSE, now=NOW + timedelta(hours=1), by=ANA, outcome=Outcome.ANSWERED)
    assert [h.state.value for h in (claimed, active, closed)] == ["claimed", "active", "closed"]
    assert closed.outcome is Outcome.ANSWERED and closed.ended_at == NOW + timedelta(hours=1)
    assert not closed.is_open and not closed.is_held(NOW)


def test_a_second_claim_is_refused_and_says_who_was_faster():
    with pytest.raises(ClaimRefused, match="Ana is with this conversation") as caught:
        next_state(claimed_by(ANA), Move.CLAIM, now=NOW, by=BEN)
    assert caught.value.holder == ANA and caught.value.refusal is Refusal.TAKEN


def test_who_holds_it_is_checked_when_a_reply_is_sent():
    assert refusal_of(claimed_by(ANA), Move.REPLY, by=BEN) is Refusal.TAKEN


def test_a_reply_to_a_waiting_request_takes_it():
    active = next_state(requested(), Move.REPLY, now=NOW, by=BEN)
    assert active.state is HandoffState.ACTIVE and active.holder == BEN and active.lease_until == NOW + REPLY_LEASE


def test_a_claim_that_is_not_followed_up_lapses_and_waits_again():
    claimed = claimed_by(ANA)
    assert refusal_of(claimed, Move.LAPSE) is Refusal.NOT_YET
    later = NOW + CLAIM_LEASE
    lapsed = next_state(claimed, Move.LAPSE, now=later)
    assert lapsed.state is HandoffState.REQUESTED and lapsed.holder is None and lapsed.waiting_since == later


def test_after_the_lease_a_colleague_may_take_over():
    taken = next_state(claimed_by(ANA), Move.CLAIM, now=NOW + CLAIM_LEASE, by=BEN)
    assert taken.holder == BEN


def test_renewing_never_shortens_a_lease():
    active = next_state(requested(), Move.REPLY, now=NOW, by=ANA)
    assert next_state(active, Move.RENEW, now=NOW + timedelta(minutes=1), by=ANA).lease_until == NOW + REPLY_LEASE


def test_a_transfer_keeps_the_state_and_changes_who_holds_it():
    active = next_state(requested(), Move.REPLY, now=NOW, by=ANA)
    moved = next_state(active, Move.TRANSFER, now=NOW, by=ANA, to=BEN)
    assert moved.state is HandoffState.ACTIVE and moved.holder == BEN
    assert refusal_of(moved, Move.REPLY, by=ANA) is Refusal.TAKEN


def test_only_the_one_who_holds_it_releases_transfers_or_closes():
    for move in (Move.RELEASE, Move.TRANSFER, Move.CLOSE, Move.RENEW):
        assert refusal_of(requested(), move) is Refusal.NOT_HELD
        assert refusal_of(claimed_by(BEN), move, by=ANA) is Refusal.TAKEN


def test_a_conversation_that_has_begun_is_closed_not_declined():
    active = next_state(requested(), Move.REPLY, now=NOW, by=ANA)
    assert refusal_of(active, Move.DECLINE) is Refusal.NOT_YET
    assert next_state(claimed_by(ANA), Move.DECLINE, now=NOW, by=ANA).state is HandoffState.DECLINED


def test_a_request_that_somebody_has_taken_does_not_expire():
    assert refusal_of(claimed_by(ANA), Move.EXPIRE) is Refusal.NOT_YET
    assert next_state(requested(), Move.EXPIRE, now=NOW).state is HandoffState.EXPIRED


def test_it_escalates_once_for_each_time_it_waits():
    escalated = next_state(requested(), Move.ESCALATE, now=NOW)
    assert refusal_of(escalated, Move.ESCALATE) is Refusal.NOT_YET
    again = next_state(next_state(escalated, Move.CLAIM, now=NOW, by=ANA), Move.RELEASE, now=NOW, by=ANA)
    assert next_state(again, Move.ESCALATE, now=NOW).escalated_at == NOW


def test_what_is_over_stays_over():
    for end in (Move.CANCEL, Move.EXPIRE, Move.DECLINE):
        over = next_state(requested(), end, now=NOW, by=ANA)
        for move in Move:
            assert refusal_of(over, move) is Refusal.OVER


def test_a_page_offers_only_what_is_possible():
    assert moves_for(requested(), ANA, now=NOW) == {Move.CLAIM, Move.REPLY, Move.DECLINE}
    mine = {Move.REPLY, Move.RELEASE, Move.TRANSFER, Move.CLOSE, Move.DECLINE}
    assert moves_for(claimed_by(ANA), ANA, now=NOW) == mine
    assert moves_for(claimed_by(ANA), BEN, now=NOW) == set()


@pytest.mark.parametrize(
    ("label", "last_kind", "last_handoff", "misses", "reason"),
    [
        ("requests/complaint", "answer", "offer", 0, Reason.COMPLAINT),
        ("requests/human", "crisis", None, 0, Reason.RED_FLAG),
        ("requests/human", "unsure", None, 2, Reason.MISSES),
        ("requests/human", "answer", "always", 0, Reason.TOPIC),
        ("requests/human", "answer", "offer", 0, Reason.OFFERED),
        ("requests/human", None, None, 0, Reason.ASKED),
    ],
)
def test_how_a_request_came_about(label, last_kind, last_handoff, misses, reason):
    assert reason_for(label, last_kind=last_kind, last_handoff=last_handoff, misses=misses) is reason


class AnyMoves(RuleBasedStateMachine):
    """Any moves by anybody at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.handoff = requested()
        self.now = NOW

    @rule(minutes=st.integers(0, 600))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(
        move=st.sampled_from(Move),
        by=st.sampled_from((ANA, BEN)),
        to=st.sampled_from((ANA, BEN)),
        outcome=st.sampled_from(Outcome),
    )
    def somebody_moves(self, move: Move, by: Staff, to: Staff, outcome: Outcome) -> None:
        before = self.handoff
        possible = move in moves_for(before, by, now=self.now)
        try:
            self.handoff = next_state(before, move, now=self.now, by=by, to=to, outcome=outcome)
        except MoveRefused as refused:
            assert not possible and str(refused)
            return
        after = self.handoff
        assert before.is_open and after.version == before.version + 1
        by_holder = move in (Move.RELEASE, Move.TRANSFER, Move.CLOSE, Move.RENEW)
        assert not by_holder or before.is_held_by(by, self.now)
        taken_from_another = before.is_held(self.now) and before.holder != by and after.holder == by
        assert not taken_from_another or move is Move.TRANSFER
        assert after.is_urgent or not before.is_urgent

    @invariant()
    def it_makes_sense(self) -> None:
        handoff = self.handoff
        in_hand = handoff.state in HELD_STATES
        assert in_hand == (handoff.is_open and handoff.holder is not None)
        assert (handoff.lease_until is not None) == in_hand
        assert handoff.is_open == (handoff.ended_at is None)
        assert (handoff.outcome is not None) == (handoff.state is HandoffState.CLOSED)
        assert handoff.state is not HandoffState.ACTIVE or handoff.first_reply_at is not None
        assert handoff.waiting_since >= handoff.requested_at


TestAnyMoves = AnyMoves.TestCase
TestAnyMoves.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
