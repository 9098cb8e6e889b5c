"""`python -m bot users` and `python -m bot audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from bot.cli import app
from bot.core.errors import FaultsError
from bot.store.database import make_engine
from bot.store.staff import find_user


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    url = f"sqlite:///{tmp_path / 'cli.db'}"
    for name, value in {
        "DATABASE_URL": url,
        "SMA_SECRET_KEY": "x",
        "SMA_DATA_KEY": Fernet.generate_key().decode(),
        "SMA_CONSOLE_URL": "https://console.example.org",
    }.items():
        monkeypatch.setenv(name, value)

    def call(*words: str) -> Any:
        return CliRunner().invoke(app, list(words))

    call.engine = make_engine(url)  # type: ignore[attr-defined]
    return call


ADD = ("users", "add", "rosa@example.org", "--name", "Rosa", "--title", "nurse", "--role", "responder")


def test_add_prints_a_link_and_list_shows_it_unused(run: Any) -> None:
    assert "https://console.example.org/setup/" in run(*ADD).output
    assert "rosa@example.org  Rosa (nurse)  responder  link not used yet" in run("users", "list").output


def test_disable_enable_and_reset(run: Any) -> None:
    run(*ADD)
    run("users", "disable", "ROSA@example.org")
    assert not find_user(run.engine, "rosa@example.org").is_active  # type: ignore[union-attr]
    run("users", "enable", "rosa@example.org")
    assert "/setup/" in run("users", "reset", "rosa@example.org").output


def test_unknown_role_and_unknown_account_say_what_to_do(run: Any) -> None:
    answer = run(*ADD[:-1], "doctor")
    assert isinstance(answer.exception, FaultsError) and "responder, reviewer" in str(answer.exception)
    assert "users list" in str(run("users", "disable", "nobody@example.org").exception)


def test_audit_verify_tells_whole_from_broken(run: Any) -> None:
    run(*ADD)
    assert "The audit is whole: 1 lines." in run("audit", "verify").output
    with run.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_no_update")
        connection.exec_driver_sql("UPDATE audit SET actor = 'somebody else'")
    answer = run("audit", "verify")
    assert answer.exit_code == 1 and "broken at line 1" in answer.output
