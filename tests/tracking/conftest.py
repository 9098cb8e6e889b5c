"""Fixtures of the tracker store."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.store.migrate import migrate
from bot.tracking.store import ConversationStore
from tests.tracking.talks import make_store


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The file of the database."""
    return tmp_path / "talks.db"


@pytest.fixture
def store(database: Path) -> ConversationStore:
    """Our tracker store on a migrated database of its own."""
    made = make_store(f"sqlite:///{database}")
    migrate(made.engine)
    return made
