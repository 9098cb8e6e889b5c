"""Chromium, the stand-in for the web channel, and pages that watch for errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.chromium import run_chromium
from tests.chromium import violations as find_violations

sys.path.insert(0, str(Path(__file__).parent))
from stand_in import Channel, serve

OUTPUT = Path(__file__).resolve().parents[2] / "test-output" / "widget"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for all tests."""
    with run_chromium() as browser:
        yield browser


@pytest.fixture
def channel() -> Channel:
    """The stand-in's state, for tests to look into and to set."""
    return Channel()


@pytest.fixture
def address(channel: Channel) -> Iterator[str]:
    with serve(channel) as url:
        yield url


@pytest.fixture
def errors() -> list[str]:
    """What the browser complained about; empty at the end of every test that does not clear it."""
    return []


@pytest.fixture
def chromium_context(chromium: Browser, errors: list[str], address: str) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts that can reach loopback only."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = chromium.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **options}
        )
        context.set_default_timeout(5000)
        context.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
    unexpected = [error for error in errors if not error.startswith("Failed to load resource")]
    assert unexpected == []


@pytest.fixture
def chromium_page(chromium_context: Callable[..., BrowserContext]) -> Page:
    """A wide page."""
    return chromium_context().new_page()


@pytest.fixture(scope="session")
def violations() -> Callable[[Page], list[str]]:
    """What axe finds wrong, one line each."""
    return find_violations
