"""The audit: append-only, chained, and safe with many writers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DatabaseError

from bot.store import audit
from bot.store.database import make_engine
from bot.store.migrate import migrate

AT = datetime(2026, 11, 22, 9, 30)


@pytest.fixture
def record(tmp_path: Path) -> sa.engine.Engine:
    engine = make_engine(f"sqlite:///{tmp_path / 'audit.db'}")
    migrate(engine)
    return engine


def add(engine: sa.engine.Engine, count: int, start: int = 0) -> None:
    for i in range(start, start + count):
        audit.append(
            engine, actor=str(i % 3), act="conversation.viewed", object=f"conversation {i}", at=AT, detail={"n": i}
        )


def force(engine: sa.engine.Engine, *statements: str) -> None:
    """What somebody with the database's file could do."""
    with engine.begin() as connection:
        for trigger in ("audit_no_update", "audit_no_delete"):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_whole_record_is_whole(record: sa.engine.Engine) -> None:
    assert audit.verify(record).is_whole
    add(record, 5)
    check = audit.verify(record)
    assert check.is_whole and check.rows == 5


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("UPDATE audit SET actor = '9' WHERE number = 3", 3),
        ("UPDATE audit SET detail = '{}' WHERE number = 1", 1),
        ("UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE number = 5", 5),
        ("DELETE FROM audit WHERE number = 2", 2),
        ("UPDATE audit SET number = 99 WHERE number = 4", 4),
    ],
)
def test_tampering_is_found_at_its_line(record: sa.engine.Engine, statement: str, line: int) -> None:
    add(record, 5)
    force(record, statement)
    check = audit.verify(record)
    assert not check.is_whole and check.broken_at == line


def test_cut_off_lines_are_found_with_a_head_noted_earlier(record: sa.engine.Engine) -> None:
    add(record, 5)
    head = audit.verify(record).head
    add(record, 2, start=5)
    assert audit.verify(record, expected_head=head).is_whole
    force(record, "DELETE FROM audit WHERE number >= 5")
    assert audit.verify(record).is_whole
    assert not audit.verify(record, expected_head=head).is_whole


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_database_refuses_changes(record: sa.engine.Engine, statement: str) -> None:
    add(record, 1)
    with pytest.raises(DatabaseError, match="append-only"), record.begin() as connection:
        connection.exec_driver_sql(statement)


def test_many_writers_at_once_make_one_chain(record: sa.engine.Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: add(record, 5, start=i * 5), range(8)))
    check = audit.verify(record)
    assert check.is_whole and check.rows == 40


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=400), st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_any_text_is_recorded_and_verified(text: str, detail: dict[str, str]) -> None:
    engine = sa.create_engine("sqlite://", future=True, poolclass=sa.pool.StaticPool)
    audit.AuditRow.__table__.create(engine)
    clean = text.replace("\x00", "").encode("utf-8", "replace").decode()
    audit.append(engine, actor=clean, act=clean, object=clean, at=AT)
    assert audit.verify(engine).is_whole
