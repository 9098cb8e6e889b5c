"""Fixtures of the channels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels.web_server import WebServer, serve_web


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """The web channel on a real port; its limits are too wide to be met."""
    with serve_web(tmp_path_factory.mktemp("web")) as server:
        yield server
