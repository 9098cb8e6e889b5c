"""One engine for one database: SQLite with the settings that several processes need, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from bot.core.errors import fail

SQLITE_BUSY_TIMEOUT_MS = 10_000
"""How long a writer waits for another process; SQLite has one writer at a time."""


def make_engine(url: str) -> sa.engine.Engine:
    """An engine in SQLAlchemy 2.0 style. Raises FaultsError when the address cannot be read."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise fail("DATABASE_URL", "it is not an SQLAlchemy address", "write it like sqlite:///var/sma.db") from error
    kwargs: dict[str, Any] = {}
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            # SQLAlchemy 1.4 would open a file anew for each use: 20 ms a write on a busy machine against 2 ms.
            kwargs["poolclass"] = QueuePool
        kwargs["connect_args"] = {"timeout": SQLITE_BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    else:
        kwargs.update(pool_size=5, max_overflow=10, pool_pre_ping=True)
    engine = sa.create_engine(parsed, future=True, **kwargs)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT_MS}")
    # Readers and the one writer do not block one another in WAL mode; NORMAL is safe with it against a crash
    # of the process, and loses at most the last transaction in a crash of the whole machine.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def check_database(engine: sa.engine.Engine) -> None:
    """Raise FaultsError unless the database answers and can be written."""
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE IF NOT EXISTS write_check (id INTEGER)"))
            connection.execute(sa.text("DROP TABLE write_check"))
    except (SQLAlchemyError, OSError) as error:
        place = f"database {engine.url.render_as_string(hide_password=True)}"
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise fail(place, f"cannot be written ({cause})", "check that it runs, its rights and DATABASE_URL") from error


@contextmanager
def transaction(engine: sa.engine.Engine) -> Iterator[Session]:
    """A session that commits at the end, and rolls back when the block raises."""
    with Session(engine, future=True, expire_on_commit=False) as session, session.begin():
        yield session


def utc_now() -> datetime:
    """Now, in UTC and without a time zone: what all our tables hold."""
    return datetime.now(timezone.utc).replace(tzinfo=None)
