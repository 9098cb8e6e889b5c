"""The record of who did and saw what: append-only, and chained by hashes so that a change shows."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.store.staff_tables import AuditRow

START = "0" * 64
"""What the first row has as the hash before it."""
ATTEMPTS = 40
PG_LOCK = 5_080_001
"""Any number that nothing else in the database locks."""
ROWS_A_READ = 1000


@dataclass(frozen=True)
class AuditEntry:
    """One line of the record."""

    number: int
    at: datetime
    actor: str
    act: str
    object: str
    detail: Mapping[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True)
class AuditCheck:
    """What `verify` found."""

    rows: int
    head: str
    """Hash of the last row: noted elsewhere, it shows later whether rows were cut off at the end."""
    broken_at: int | None = None
    """Number of the first row that does not fit."""
    what: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every row fits the one before."""
        return self.broken_at is None


def append(
    engine: sa.engine.Engine,
    *,
    actor: str,
    act: str,
    object: str,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Add a line; returns its number. `detail` holds ids and endings, never what a person wrote.

    Raises when it cannot be written: a page must not show what it could not record.
    """
    text = json.dumps(dict(detail or {}), sort_keys=True, ensure_ascii=False)
    for attempt in range(ATTEMPTS):
        try:
            with engine.connect() as connection:
                _begin(connection)
                last = connection.execute(
                    sa.select(AuditRow.number, AuditRow.hash).order_by(AuditRow.number.desc()).limit(1)
                ).first()
                number, previous = (last.number + 1, last.hash) if last else (1, START)
                values = {"number": number, "at": at, "actor": actor[:120], "act": act[:60], "object": object[:300],
                          "detail": text, "previous": previous}  # fmt: skip
                connection.execute(sa.insert(AuditRow).values(**values, hash=_hash(values)))
                connection.commit()
                return int(number)
        except IntegrityError:
            # Somebody else wrote the next line first: follow theirs.
            time.sleep(0.002 * (attempt + 1))
    raise RuntimeError("the audit could not be written: too many writers at the same moment")


def verify(engine: sa.engine.Engine, *, expected_head: str | None = None) -> AuditCheck:
    """Recompute the whole chain. `expected_head`: a head noted earlier, which must still be part of it."""
    previous, number, seen_head = START, 0, expected_head is None
    with engine.connect() as connection:
        while True:
            query = sa.select(AuditRow.__table__).where(AuditRow.number > number).order_by(AuditRow.number)
            rows = connection.execute(query.limit(ROWS_A_READ)).all()
            for row in rows:
                fault = _fault(row._mapping, number + 1, previous)
                if fault:
                    return AuditCheck(number, previous, broken_at=number + 1, what=fault)
                number, previous = row.number, row.hash
                seen_head = seen_head or previous == expected_head
            if len(rows) < ROWS_A_READ:
                break
    if not seen_head:
        return AuditCheck(
            number, previous, broken_at=number + 1, what="the head noted earlier is missing: rows were cut off"
        )
    return AuditCheck(number, previous)


def recent(
    engine: sa.engine.Engine, *, before: int | None = None, actor: str = "", act: str = "", limit: int = 50
) -> Sequence[AuditEntry]:
    """Lines of the record, newest first."""
    query = sa.select(AuditRow.__table__).order_by(AuditRow.number.desc()).limit(limit)
    if before:
        query = query.where(AuditRow.number < before)
    if actor:
        query = query.where(AuditRow.actor == actor)
    if act:
        query = query.where(AuditRow.act == act)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return [AuditEntry(**{**row._mapping, "detail": json.loads(row.detail)}) for row in rows]


def acts(engine: sa.engine.Engine) -> list[str]:
    """Every act that stands in the record, for a filter."""
    with engine.connect() as connection:
        return list(connection.execute(sa.select(AuditRow.act).distinct().order_by(AuditRow.act)).scalars())


def _begin(connection: sa.engine.Connection) -> None:
    if connection.dialect.name == "sqlite":
        # Take the write lock before the last row is read, or two writers would follow the same one.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(PG_LOCK)))


def _hash(values: Mapping[str, Any]) -> str:
    parts = [values["number"], values["at"].isoformat(timespec="microseconds"), values["actor"], values["act"],
             values["object"], values["detail"], values["previous"]]  # fmt: skip
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _fault(row: Mapping[str, Any], number: int, previous: str) -> str:
    if row["number"] != number:
        return "a row is missing"
    if row["previous"] != previous:
        return "it does not follow the row before"
    return "" if row["hash"] == _hash(row) else "its text was changed"
