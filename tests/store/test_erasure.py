"""Erasure."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import bot.store.handoff_tables  # noqa: F401 - adds its tables to Base
from bot.store.database import transaction
from bot.store.erasure import PLACES, erase, main
from bot.store.feedback import give_feedback
from bot.store.handoff_tables import HandoffRow
from bot.store.tables import Base
from tests.store.conversations import NOW, add_turn

SENTINEL = "zanzibarium"


def rows_of(engine: sa.engine.Engine, conversation_id: str) -> dict[str, int]:
    """What is stored of a conversation, by table; found without the code under test."""
    found = {}
    with engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            for column in sa.inspect(connection).get_columns(table):
                name = column["name"]
                if name in ("conversation_id", "sender_id") or (table, name) == ("conversations", "id"):
                    query = sa.text(f'SELECT count(*) FROM "{table}" WHERE "{name}" = :c')
                    found[table] = connection.execute(query, {"c": conversation_id}).scalar_one()
    return {table: count for table, count in found.items() if count}


def test_everything_of_a_conversation_goes_and_nothing_of_another(engine: sa.engine.Engine) -> None:
    for each in ("web-1", "web-2"):
        _, reply = add_turn(engine, each)
        give_feedback(engine, each, reply, is_helpful=True, reason=None, now=NOW)
        with transaction(engine) as session:
            session.add(
                HandoffRow(
                    conversation_id=each, state="closed", reason="asked", about="x", requested_at=NOW, waiting_since=NOW
                )
            )
    before = rows_of(engine, "web-2")
    receipt = erase(engine, "web-1")

    assert receipt.rows == {"messages": 2, "turns": 1, "feedback": 1, "conversations": 1, "events": 1, "handoffs": 1}
    assert rows_of(engine, "web-1") == {} and rows_of(engine, "web-2") == before == dict(receipt.rows)


def test_every_table_that_names_a_conversation_is_known_to_erasure(engine: sa.engine.Engine) -> None:
    known = {(place.table, place.column) for place in PLACES}
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        tables = {table: {c["name"] for c in inspector.get_columns(table)} for table in inspector.get_table_names()}
    tables |= {table.name: {column.name for column in table.columns} for table in Base.metadata.tables.values()}
    missing = {
        (table, column)
        for table, columns in tables.items()
        for column in ("conversation_id", "sender_id")
        if column in columns and (table, column) not in known
    }

    assert not missing, f"add {missing} to PLACES in bot/store/erasure.py"


def test_erasing_what_is_not_there_gives_an_empty_receipt(engine: sa.engine.Engine) -> None:
    assert erase(engine, "web-none").is_empty


def test_the_words_are_gone_from_the_file_as_well(engine: sa.engine.Engine, tmp_path: Path) -> None:
    add_turn(engine, "web-1", SENTINEL)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert SENTINEL.encode() in (tmp_path / "store.db").read_bytes()
    erase(engine, "web-1")

    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert SENTINEL.encode() not in (tmp_path / "store.db").read_bytes()


def test_a_fault_in_the_middle_leaves_everything_as_it_was(engine: sa.engine.Engine) -> None:
    add_turn(engine, "web-1")
    before = rows_of(engine, "web-1")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER no_more BEFORE DELETE ON conversations BEGIN SELECT RAISE(ABORT, 'no'); END"
        )

    with pytest.raises(sa.exc.IntegrityError):
        erase(engine, "web-1")
    assert rows_of(engine, "web-1") == before


def test_an_id_is_not_given_again_after_erasure(engine: sa.engine.Engine) -> None:
    _, last = add_turn(engine, "web-1")
    erase(engine, "web-1")

    assert add_turn(engine, "web-2")[0] > last


def test_the_command_says_what_went(
    engine: sa.engine.Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_turn(engine, "web-1")
    monkeypatch.setenv("DATABASE_URL", str(engine.url))

    assert (main("web-1"), main("web-1")) == (0, 1)
    said = capsys.readouterr()
    assert "2 messages" in said.out and "Nothing is stored" in said.err
