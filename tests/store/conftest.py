"""Fixtures of the store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store.database import make_engine
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
