"""Export."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from bot.store.export import FORMAT, export, main
from tests.store.conversations import NOW, add_turn


def test_every_row_of_a_conversation_is_exported_and_none_of_another(engine: sa.engine.Engine) -> None:
    add_turn(engine, "web-1", "mine")
    add_turn(engine, "web-2", "not mine")
    data = json.loads(json.dumps(export(engine, "web-1", now=NOW)))

    assert data["format"] == FORMAT and data["conversation"] == "web-1"
    assert {table: len(rows) for table, rows in data["tables"].items()} == {
        "conversations": 1, "turns": 1, "messages": 2, "events": 1,
    }  # fmt: skip
    assert data["tables"]["events"][0]["data"]["text"] == "mine"
    assert data["tables"]["messages"][0]["at"] == "2026-11-22T09:30:00Z"
    assert "not mine" not in json.dumps(data)


def test_a_conversation_that_does_not_exist_exports_nothing(engine: sa.engine.Engine) -> None:
    assert export(engine, "web-none", now=NOW)["tables"] == {}


def test_the_command_prints_json(
    engine: sa.engine.Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_turn(engine, "web-1", "mine")
    monkeypatch.setenv("DATABASE_URL", str(engine.url))

    assert (main("web-1"), main("web-none")) == (0, 1)
    said = capsys.readouterr()
    assert json.loads(said.out)["conversation"] == "web-1" and "Nothing is stored" in said.err
