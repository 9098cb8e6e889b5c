"""Hand-offs in the database: never two open ones, one claimer, nothing that a crash could lose."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from bot.core.handoffs import (
    CLAIM_LEASE,
    ClaimRefused,
    Handoff,
    HandoffState,
    Move,
    MoveRefused,
    Outcome,
    Reason,
    Refusal,
    Staff,
)
from bot.store import handoffs, staff_messages
from bot.store.database import transaction
from bot.store.handoff_reads import get_handoff, handoffs_of, history, is_let_go, open_handoff, queue
from bot.store.handoff_sweep import escalate_overdue, expire_overdue, lapse_overdue, mark_urgent
from bot.store.handoff_tables import HandoffRow, StaffMessage
from bot.store.notifications import Kind, Why, recent
from bot.store.tables import Conversation
from tests.store.conversations import add_turn

NOW = datetime(2026, 11, 23, 10, 0)
ANA, BEN = Staff("1", "Ana", "nurse"), Staff("2", "Ben", "doctor")
TOGETHER = 8
"""How many try at the same moment."""


def ask(engine: sa.engine.Engine, conversation: str = "web-1", *, now: datetime = NOW, **more: object) -> Handoff:
    made = handoffs.request_handoff(
        engine, conversation, reason=Reason.ASKED, about="school", now=now, kinds=[Kind.EMAIL], **more
    )
    assert made.is_new
    return made.handoff


def at_once(act: Callable[[int], object]) -> list[object]:
    """Results (or faults) of the same act in many threads that start together."""
    start = Barrier(TOGETHER)

    def one(number: int) -> object:
        start.wait()
        try:
            return act(number)
        except Exception as error:
            return error

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(one, range(TOGETHER)))


def told(engine: sa.engine.Engine, conversation: str = "web-1") -> list[str]:
    """What waits to be said in a conversation, by label."""
    labels = []
    for message in staff_messages.messages_of(engine, conversation):
        (bot,) = [event for event in message.events if event["event"] == "bot"]
        labels.append(bot["data"]["custom"].get("label") or bot["data"]["custom"]["kind"])
    return labels


def test_a_request_is_open_queued_and_told_to_staff_in_one_act(any_engine):
    asked = ask(any_engine, contact_token="gAAAAtoken", topic="daily_life.school")
    assert open_handoff(any_engine, "web-1") == asked and asked.has_contact
    assert [row.handoff for row in queue(any_engine)] == [asked]
    assert [(n.kind, n.why, n.is_waiting) for n in recent(any_engine)] == [(Kind.EMAIL, Why.WAITING, True)]


def test_a_second_request_gives_the_first_one(any_engine):
    asked = ask(any_engine)
    again = handoffs.request_handoff(any_engine, "web-1", reason=Reason.COMPLAINT, about="x", now=NOW)
    assert not again.is_new and again.handoff == asked


def test_two_open_requests_cannot_be_made_even_at_the_same_moment(any_engine):
    results = at_once(
        lambda _: handoffs.request_handoff(any_engine, "web-1", reason=Reason.ASKED, about="x", now=NOW, kinds=[])
    )
    assert sum(result.is_new for result in results) == 1
    assert len(handoffs_of(any_engine, "web-1")) == 1


def test_of_many_who_claim_at_once_one_is_it_and_the_others_learn_who(any_engine):
    asked = ask(any_engine)
    staff = [Staff(str(n), f"Nurse {n}", "nurse") for n in range(TOGETHER)]
    results = at_once(lambda n: handoffs.claim(any_engine, asked.id, staff[n], now=NOW))
    winners = [result for result in results if isinstance(result, Handoff)]
    refused = [result for result in results if isinstance(result, ClaimRefused)]
    assert len(winners) == 1 and len(refused) == TOGETHER - 1, results
    assert {r.holder for r in refused} == {winners[0].holder}
    assert [row.move for row in history(any_engine, "web-1")].count(Move.CLAIM) == 1
    assert told(any_engine) == ["handoff/taken_over"]


def test_a_second_claim_by_the_same_person_changes_nothing(any_engine):
    asked = ask(any_engine)
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    again = handoffs.claim(any_engine, asked.id, ANA, now=NOW + timedelta(minutes=5))
    assert again.holder == ANA and again.lease_until == NOW + timedelta(minutes=5) + CLAIM_LEASE
    assert told(any_engine) == ["handoff/taken_over"]


def test_the_whole_way_is_told_to_the_caregiver_and_kept_as_history(any_engine):
    asked = ask(any_engine)
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    handoffs.transfer(any_engine, asked.id, ANA, to=BEN, now=NOW, note="knows schools")
    staff_messages.queue_reply(any_engine, asked.id, BEN, "Ask for a plan.", key="k1", now=NOW)
    closed = handoffs.close(any_engine, asked.id, BEN, outcome=Outcome.ANSWERED, now=NOW)
    assert closed.state is HandoffState.CLOSED and get_handoff(any_engine, asked.id) == closed
    assert told(any_engine) == ["handoff/taken_over", "handoff/taken_over", "staff", "handoff/given_back"]
    moves = history(any_engine, "web-1")
    assert [row.move.value for row in moves] == ["request", "claim", "transfer", "reply", "close"]
    assert [row.by_id for row in moves] == ["caregiver", "1", "1", "2", "2"]
    assert moves[2].note == "to Ben; knows schools" and moves[4].note == "answered"


def test_release_and_decline_are_told_too(any_engine):
    first = ask(any_engine)
    handoffs.claim(any_engine, first.id, ANA, now=NOW)
    handoffs.release(any_engine, first.id, ANA, now=NOW)
    handoffs.decline(any_engine, first.id, ANA, now=NOW, note="not for this team")
    assert told(any_engine) == ["handoff/taken_over", "handoff/released", "handoff/declined"]
    assert open_handoff(any_engine, "web-1") is None
    assert ask(any_engine).id != first.id  # a new one may be asked for


def test_a_conversation_is_let_go_at_once_whatever_its_chat_has_been_told(any_engine):
    def let_go() -> bool:
        return is_let_go(any_engine, "web-1")

    assert not let_go()  # nobody was ever asked for: what the chat was told counts
    asked = ask(any_engine)
    assert let_go()
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    assert not let_go()
    handoffs.release(any_engine, asked.id, ANA, now=NOW)
    assert let_go()
    staff_messages.queue_reply(any_engine, asked.id, BEN, "Ask for a plan.", key="k1", now=NOW)
    assert not let_go()
    handoffs.close(any_engine, asked.id, BEN, outcome=Outcome.ANSWERED, now=NOW)
    assert let_go() and not is_let_go(any_engine, "web-2")


def test_a_reply_by_somebody_else_is_refused_at_send_time_and_nothing_is_written(any_engine):
    asked = ask(any_engine)
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    with pytest.raises(MoveRefused) as caught:
        staff_messages.queue_reply(any_engine, asked.id, BEN, "hello", key="k1", now=NOW)
    assert caught.value.refusal is Refusal.TAKEN and caught.value.holder == ANA
    assert staff_messages.find(any_engine, "k1") is None


def test_a_reply_to_a_waiting_request_says_first_who_is_speaking(any_engine):
    asked = ask(any_engine)
    staff_messages.queue_reply(any_engine, asked.id, ANA, "hello", key="k1", now=NOW)
    assert told(any_engine) == ["handoff/taken_over", "staff"]
    assert get_handoff(any_engine, asked.id).state is HandoffState.ACTIVE


def test_a_double_click_writes_one_reply(any_engine):
    asked = ask(any_engine)
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    results = at_once(lambda _: staff_messages.queue_reply(any_engine, asked.id, ANA, "hello", key="k1", now=NOW))
    assert not [result for result in results if isinstance(result, Exception)], results
    assert len({result.id for result in results}) == 1 and sum(result.is_new for result in results) == 1
    assert told(any_engine).count("staff") == 1


def test_moves_on_a_hand_off_that_does_not_exist_say_so(any_engine):
    with pytest.raises(LookupError):
        handoffs.claim(any_engine, 99, ANA, now=NOW)
    assert get_handoff(any_engine, 99) is None and open_handoff(any_engine, "nobody") is None


def test_the_queue_has_urgent_ones_first_then_who_waits_longest(any_engine):
    late = ask(any_engine, "late", now=NOW)
    early = ask(any_engine, "early", now=NOW - timedelta(hours=1))
    held = ask(any_engine, "held", now=NOW - timedelta(hours=2))
    handoffs.claim(any_engine, held.id, ANA, now=NOW)
    urgent = ask(any_engine, "urgent", now=NOW)
    with transaction(any_engine) as session:
        mark_urgent(session, "urgent", now=NOW)
    assert [row.handoff.id for row in queue(any_engine)] == [urgent.id, early.id, late.id, held.id]


def test_an_emergency_marks_the_open_hand_off_urgent_and_tells_staff_once(any_engine):
    asked = ask(any_engine)
    for _ in range(3):
        with transaction(any_engine) as session:
            marked = mark_urgent(session, "web-1", now=NOW)
    assert marked.is_urgent and marked.id == asked.id
    assert get_handoff(any_engine, asked.id).version == 1
    moves = [row.move for row in history(any_engine, "web-1")]
    assert moves == [Move.REQUEST, Move.MARK_URGENT]


def test_an_emergency_without_a_hand_off_makes_none(any_engine):
    with transaction(any_engine) as session:
        assert mark_urgent(session, "web-1", now=NOW) is None
    assert open_handoff(any_engine, "web-1") is None


def test_closing_clears_the_urgent_mark_of_the_conversation(any_engine):
    add_turn(any_engine, "web-1")
    with transaction(any_engine) as session:
        session.get(Conversation, "web-1").is_urgent = True
    asked = ask(any_engine, is_urgent=True)
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    handoffs.close(any_engine, asked.id, ANA, outcome=Outcome.REFERRED, now=NOW)
    with transaction(any_engine) as session:
        assert session.get(Conversation, "web-1").is_urgent is False


def test_a_holder_who_is_gone_lets_go_after_the_lease_and_the_caregiver_is_told(any_engine):
    asked = ask(any_engine)
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    assert lapse_overdue(any_engine, now=NOW + CLAIM_LEASE - timedelta(seconds=1)) == []
    (lapsed,) = lapse_overdue(any_engine, now=NOW + CLAIM_LEASE)
    assert lapsed.state is HandoffState.REQUESTED
    assert told(any_engine) == ["handoff/taken_over", "handoff/released"]
    assert lapse_overdue(any_engine, now=NOW + CLAIM_LEASE) == []


def test_nobody_claims_it_escalates_once_then_expires_with_a_message(any_engine):
    asked = ask(any_engine)
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert escalate_overdue(any_engine, now=NOW + timedelta(minutes=59), after=hour) == []
    assert [h.id for h in escalate_overdue(any_engine, now=NOW + hour, after=hour)] == [asked.id]
    assert escalate_overdue(any_engine, now=NOW + 2 * hour, after=hour) == []
    assert expire_overdue(any_engine, now=NOW + day - hour, after=day) == []
    (expired,) = expire_overdue(any_engine, now=NOW + day, after=day)
    assert expired.state is HandoffState.EXPIRED and told(any_engine) == ["handoff/expired"]
    assert open_handoff(any_engine, "web-1") is None


def test_hours_in_which_nobody_is_here_do_not_count_except_for_what_is_urgent(any_engine):
    ask(any_engine, "calm")
    urgent = ask(any_engine, "urgent", is_urgent=True)

    def closed(_since: datetime, _now: datetime) -> timedelta:
        return timedelta(0)

    later, hour = NOW + timedelta(days=9), timedelta(hours=1)
    escalated = escalate_overdue(any_engine, now=later, after=hour, waited=closed)
    assert [handoff.id for handoff in escalated] == [urgent.id]
    assert expire_overdue(any_engine, now=later, after=hour, attended=hour, waited=closed) == []


def test_a_request_that_somebody_had_for_days_does_not_expire_the_moment_it_waits_again(any_engine):
    asked = ask(any_engine)
    staff_messages.queue_reply(any_engine, asked.id, ANA, "hello", key="k1", now=NOW)
    later = NOW + timedelta(days=3)
    lapse_overdue(any_engine, now=later)
    assert expire_overdue(any_engine, now=later, after=timedelta(days=2)) == []


def test_whether_it_helped_is_noted_on_the_last_closed_one(any_engine):
    assert handoffs.record_helped(any_engine, "web-1", helped=True) is False
    asked = ask(any_engine)
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    handoffs.close(any_engine, asked.id, ANA, outcome=Outcome.ANSWERED, now=NOW)
    assert handoffs.record_helped(any_engine, "web-1", helped=False) is True
    assert get_handoff(any_engine, asked.id).helped is False


def test_the_caregiver_takes_it_back(any_engine):
    asked = ask(any_engine)
    assert handoffs.cancel(any_engine, asked.id, now=NOW).state is HandoffState.CANCELLED
    with pytest.raises(MoveRefused):
        handoffs.claim(any_engine, asked.id, ANA, now=NOW)


def test_a_move_that_fails_in_the_middle_leaves_nothing_behind(any_engine, monkeypatch):
    asked = ask(any_engine)
    monkeypatch.setattr("bot.store.staff_messages.enqueue", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    assert get_handoff(any_engine, asked.id) == asked
    assert [row.move for row in history(any_engine, "web-1")] == [Move.REQUEST]


def test_the_index_itself_forbids_a_second_open_row(any_engine):
    ask(any_engine)
    row = HandoffRow(
        conversation_id="web-1", state="claimed", reason="asked", about="x", requested_at=NOW, waiting_since=NOW
    )
    with pytest.raises(sa.exc.IntegrityError), transaction(any_engine) as session:
        session.add(row)


def test_the_key_itself_forbids_a_second_message(any_engine):
    asked = ask(any_engine)
    for _ in range(2):
        staff_messages.queue_reply(any_engine, asked.id, ANA, "hello", key="k1", now=NOW)
    with transaction(any_engine) as session:
        assert session.query(StaffMessage).filter(StaffMessage.key == "k1").count() == 1
