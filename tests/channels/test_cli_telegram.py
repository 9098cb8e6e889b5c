"""`python -m bot telegram …` against the stand-in, as docs/telegram.md has people do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli_telegram import app
from bot.core.errors import FaultsError
from bot.store.database import make_engine
from bot.store.migrate import migrate
from tests.telegram.bot_api import TOKEN, BotApi

HOOK = "https://chat.example.org/webhooks/telegram/webhook"


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as made:
        yield made


@pytest.fixture
def run(api: BotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    database = f"sqlite:///{tmp_path}/cli.db"
    migrate(make_engine(database))
    for name, value in {
        "DATABASE_URL": database,
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": api.url,
        "TELEGRAM_WEBHOOK_URL": HOOK,
        "TELEGRAM_WEBHOOK_SECRET": "a-secret-of-the-webhook",
    }.items():
        monkeypatch.setenv(name, value)

    def run(command: str) -> str:
        result = CliRunner().invoke(app, [command])
        if result.exception:
            raise result.exception
        return result.stdout

    return run


def test_the_webhook_is_set_seen_and_deleted(api: BotApi, run: Callable[[str], str]) -> None:
    assert HOOK in run("set-webhook") and api.webhook_url == HOOK
    status = run("status")
    assert HOOK in status and "mode      webhook" in status and "waiting   0 updates, 0 messages to send" in status
    assert "kept for 24 hours" in run("delete-webhook") and api.webhook_url == ""
    assert "webhook   none" in run("status")


def test_the_menu_is_set(api: BotApi, run: Callable[[str], str]) -> None:
    assert f"The menu has {len(api.commands) or 7} commands." in run("set-commands")
    assert {"start", "help", "topics", "human", "sources", "forget", "emergency"} == {
        c["command"] for c in api.commands
    }


def test_without_a_token_it_says_where_to_get_one(run: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "")
    assert "@BotFather" in run("status")


@pytest.mark.parametrize(
    ("name", "value", "command", "said"),
    [
        ("TELEGRAM_TOKEN", "123:wrong", "status", "TELEGRAM_TOKEN"),
        ("TELEGRAM_API_URL", "http://127.0.0.1:9", "status", "check the address"),
        ("TELEGRAM_WEBHOOK_SECRET", "", "set-webhook", "TELEGRAM_WEBHOOK_SECRET"),
        ("TELEGRAM_WEBHOOK_URL", "", "set-webhook", "TELEGRAM_WEBHOOK_URL"),
    ],
)
def test_what_is_wrong_is_named(
    run: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, name: str, value: str, command: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(FaultsError, match=said):
        run(command)
