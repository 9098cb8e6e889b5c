"""Bring the database to the present shape (Alembic, programmatically: no alembic.ini to keep in step)."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"


def _config(engine: sa.engine.Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def migrate(engine: sa.engine.Engine) -> None:
    """Apply every migration that is missing."""
    command.upgrade(_config(engine), "head")


def is_current(engine: sa.engine.Engine) -> bool:
    """Whether no migration is missing."""
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found == ScriptDirectory.from_config(_config(engine)).get_current_head()


def main() -> None:
    """`python -m bot.store.migrate`: migrate the database of the settings."""
    from bot.core.settings import load_settings
    from bot.store.database import check_database, make_engine

    engine = make_engine(load_settings().database)
    check_database(engine)
    migrate(engine)


if __name__ == "__main__":
    main()
