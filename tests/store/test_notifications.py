"""The outbox of notices: nothing forgotten, nothing sent twice, bounded retries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from bot.core.handoffs import Reason, Staff
from bot.core.settings import load_settings
from bot.store import handoffs, notifications
from bot.store.notifications import BACKOFF, Kind, NotificationState, configured_kinds, take_due

NOW = datetime(2026, 11, 23, 10, 0)
ANA = Staff("1", "Ana", "nurse")


def ask(engine, conversation="web-1", kinds=(Kind.EMAIL, Kind.WEBHOOK)):
    return handoffs.request_handoff(
        engine, conversation, reason=Reason.ASKED, about="x", now=NOW, kinds=list(kinds)
    ).handoff


def only(engine):
    (found,) = notifications.recent(engine)
    return found


def test_one_notice_for_each_configured_way(any_engine):
    ask(any_engine)
    assert [n.kind for n in take_due(any_engine, now=NOW)] == [Kind.EMAIL, Kind.WEBHOOK]


@pytest.mark.parametrize(
    ("environ", "kinds"),
    [
        ({}, ()),
        ({"SMTP_HOST": "mail.example"}, ()),
        ({"SMTP_HOST": "mail.example", "NOTIFY_EMAIL_TO": "a@example.org"}, (Kind.EMAIL,)),
        ({"NOTIFY_WEBHOOK_URL": "https://hook.example"}, (Kind.WEBHOOK,)),
    ],
)
def test_the_settings_say_who_is_told(environ, kinds):
    assert configured_kinds(load_settings(environ, dotenv=None)) == kinds


def test_a_notice_that_was_taken_is_not_due_until_its_next_attempt(any_engine):
    ask(any_engine, kinds=[Kind.EMAIL])
    assert len(take_due(any_engine, now=NOW)) == 1
    assert take_due(any_engine, now=NOW) == []
    assert len(take_due(any_engine, now=NOW + BACKOFF[0])) == 1


def test_two_senders_never_take_the_same_one(any_engine):
    for number in range(12):
        ask(any_engine, f"web-{number}", kinds=[Kind.EMAIL])
    with ThreadPoolExecutor(4) as pool:
        taken = [n.id for batch in pool.map(lambda _: take_due(any_engine, now=NOW), range(8)) for n in batch]
    assert sorted(taken) == sorted(set(taken)) and len(taken) == 12


def test_a_passing_fault_is_tried_again_with_bounds(any_engine):
    ask(any_engine, kinds=[Kind.EMAIL])
    now, attempts = NOW, 0
    for _ in range(30):
        for notification in take_due(any_engine, now=now):
            attempts += 1
            notifications.mark_failed(any_engine, notification, "no answer", is_permanent=False)
        now += timedelta(hours=2)
    assert attempts == len(BACKOFF) + 1
    assert only(any_engine).state is NotificationState.FAILED and only(any_engine).error == "no answer"


def test_a_permanent_fault_is_not_tried_again(any_engine):
    ask(any_engine, kinds=[Kind.EMAIL])
    (notification,) = take_due(any_engine, now=NOW)
    notifications.mark_failed(any_engine, notification, "refused", is_permanent=True)
    assert only(any_engine).state is NotificationState.FAILED
    assert take_due(any_engine, now=NOW + timedelta(days=1)) == []


def test_a_notice_knows_whether_anybody_still_waits(any_engine):
    asked = ask(any_engine, kinds=[Kind.EMAIL])
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    (notification,) = take_due(any_engine, now=NOW)
    assert not notification.is_waiting and notification.is_open


def test_the_console_sees_how_notices_are_doing(any_engine):
    ask(any_engine)
    first, second = take_due(any_engine, now=NOW)
    notifications.mark_sent(any_engine, first.id, now=NOW)
    notifications.mark_dropped(any_engine, second.id)
    found = notifications.counts(any_engine, since=NOW - timedelta(days=1))
    assert found[NotificationState.SENT] == 1 and found[NotificationState.DROPPED] == 1
    assert found[NotificationState.PENDING] == 0


def test_notices_that_nobody_takes_up_show_that_the_sender_is_down(any_engine):
    ask(any_engine)
    assert notifications.overdue(any_engine, now=NOW + timedelta(seconds=30)) == 0
    assert notifications.overdue(any_engine, now=NOW + timedelta(minutes=5)) == 2
