"""A console over a fresh database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.core.settings import load_settings
from bot.store.database import make_engine
from bot.store.migrate import migrate
from console.app import create_app
from tests.console.world import BASE, DATA_KEY, Clock, FakeRasa, World


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Builds a world with settings."""
    made: list[World] = []

    def make(**settings: str) -> World:
        url = f"sqlite:///{tmp_path / f'{len(made)}.db'}"
        environ = {
            "DATABASE_URL": url,
            "SMA_SECRET_KEY": "a key for tests",
            "SMA_DATA_KEY": DATA_KEY,
            "SMA_CONSOLE_URL": BASE,
            "SMA_RASA_PORT": "1",
            "SMA_ACTIONS_PORT": "1",
            **settings,
        }
        loaded = load_settings(environ, dotenv=None)
        engine = make_engine(url)
        migrate(engine)
        app = create_app(loaded, engine)
        clock, rasa = Clock(), FakeRasa(engine)
        app.state.console.clock, app.state.console.rasa = clock, rasa
        made.append(World(engine, loaded, app, clock, rasa))
        return made[-1]

    yield make
    for world in made:
        world.app.state.console.senders.shutdown()
        world.engine.dispose()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A console with the usual settings."""
    return make_world()
