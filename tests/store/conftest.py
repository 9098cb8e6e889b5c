"""Fixtures of the store."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store.database import make_engine
from bot.store.migrate import migrate
from tests.store.conversations import make_database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with every migration; copying it is quicker than making one for each test."""
    path = tmp_path_factory.mktemp("migrated") / "store.db"
    engine = make_database(path)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def engine(tmp_path: Path, migrated: Path) -> Iterator[sa.engine.Engine]:
    """A migrated database of its own."""
    made = make_engine(f"sqlite:///{shutil.copy(migrated, tmp_path / 'store.db')}")
    yield made
    made.dispose()


DATABASES = ["sqlite", *(["postgresql"] if os.environ.get("SMA_TEST_POSTGRES_URL") else [])]
"""Every database that is there: CI names an empty PostgreSQL database in SMA_TEST_POSTGRES_URL."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.engine.Engine | None]:
    """The PostgreSQL database with every migration; None without one."""
    url = os.environ.get("SMA_TEST_POSTGRES_URL")
    made = make_engine(url) if url else None
    if made is not None:
        migrate(made)
        with made.begin() as connection:  # Rasa's own table
            connection.execute(
                sa.text(
                    "CREATE TABLE IF NOT EXISTS events (id SERIAL PRIMARY KEY, sender_id VARCHAR(255), "
                    "type_name VARCHAR(255), timestamp FLOAT, intent_name VARCHAR(255), action_name TEXT, data TEXT)"
                )
            )
    yield made
    if made is not None:
        made.dispose()


@pytest.fixture(params=DATABASES)
def any_engine(
    request: pytest.FixtureRequest, engine: sa.engine.Engine, postgres: sa.engine.Engine | None
) -> sa.engine.Engine:
    """A migrated, empty database of each kind."""
    if request.param == "sqlite":
        return engine
    assert postgres is not None
    with postgres.begin() as connection:
        kept = ("alembic_version", "audit")  # the audit is append-only, for tests as well
        tables = [name for name in sa.inspect(connection).get_table_names() if name not in kept]
        connection.execute(sa.text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY"))
    return postgres
