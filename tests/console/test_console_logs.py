"""Logs of the console."""

from __future__ import annotations

import logging

from bot.logs import configure_logging


def test_addresses_with_tokens_in_them_are_not_logged() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logging("info")
        assert not any(logging.getLogger(name).isEnabledFor(logging.INFO) for name in ("httpx", "httpx2", "alembic"))
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
