"""Retention."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.store.retention import main, overdue, retain
from tests.store.conversations import NOW, add_turn

OLD = NOW - timedelta(days=181)


def test_conversations_without_a_word_for_that_long_are_erased(engine: sa.engine.Engine) -> None:
    add_turn(engine, "web-old", at=OLD)
    add_turn(engine, "web-still-used", at=OLD)
    add_turn(engine, "web-still-used", at=NOW)
    add_turn(engine, "web-new", at=NOW)
    receipts = retain(engine, days=180, now=NOW)

    assert [receipt.conversation_id for receipt in receipts] == ["web-old"] and receipts[0].rows["messages"] == 2
    assert retain(engine, days=180, now=NOW) == []


def test_the_last_day_still_counts(engine: sa.engine.Engine) -> None:
    add_turn(engine, "web-1", at=NOW - timedelta(days=180))

    assert overdue(engine, days=180, now=NOW) == []
    assert overdue(engine, days=180, now=NOW + timedelta(seconds=1)) == ["web-1"]


def test_zero_days_keep_everything(engine: sa.engine.Engine) -> None:
    add_turn(engine, "web-1", at=OLD)

    assert overdue(engine, days=0, now=NOW) == []


def test_events_without_a_conversation_of_ours_go_as_well(engine: sa.engine.Engine) -> None:
    with engine.begin() as connection:
        for sender, at in (("left-over", OLD), ("recent", NOW)):
            connection.execute(
                sa.text("INSERT INTO events (sender_id, timestamp, data) VALUES (:s, :t, '{}')"),
                {"s": sender, "t": at.timestamp()},
            )

    assert [receipt.conversation_id for receipt in retain(engine, days=180, now=NOW)] == ["left-over"]


def test_the_command_says_how_many_went(
    engine: sa.engine.Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_turn(engine, "web-1", at=datetime(2020, 1, 1))
    monkeypatch.setenv("DATABASE_URL", str(engine.url))
    monkeypatch.setenv("SMA_RETENTION_DAYS", "30")
    main()

    assert capsys.readouterr().out == "Erased 1 conversations older than 30 days.\n"
