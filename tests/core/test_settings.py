"""Settings: one table, every fault at once."""

import pytest

from bot.core.errors import FaultsError
from bot.core.settings import ROOT, SETTINGS, load_settings


def test_every_setting_has_a_default_that_its_own_parser_takes():
    load_settings({}, dotenv=None)


def test_a_misspelt_name_in_the_environment_is_refused_with_the_right_one():
    with pytest.raises(FaultsError, match="TELEGRAM_MODUS.*did you mean TELEGRAM_MODE"):
        load_settings({"TELEGRAM_MODUS": "off"}, dotenv=None)


def test_an_unknown_name_in_the_file_is_refused(tmp_path):
    (tmp_path / ".env").write_text("REGOIN=UK\n")
    with pytest.raises(FaultsError, match="REGOIN.*did you mean REGION"):
        load_settings({}, dotenv=tmp_path / ".env")


def test_all_bad_values_are_reported_at_once_and_secrets_are_not_shown(tmp_path):
    bad = {"SMA_RASA_PORT": "70000", "REGION": "Mars", "SMA_RETENTION_DAYS": "-1"}
    with pytest.raises(FaultsError) as caught:
        load_settings(bad, dotenv=None)
    assert len(caught.value.faults) == 3


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / ".env").write_text("REGION=UK\nSMA_RASA_PORT=6000\n")
    settings = load_settings({"REGION": "us"}, dotenv=tmp_path / ".env")
    assert (settings.region, settings.sma_rasa_port) == ("US", 6000)


def test_a_relative_sqlite_path_is_taken_from_the_checkout_not_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load_settings({}, dotenv=None).database == f"sqlite:///{ROOT}/var/sma.db"


def test_every_setting_stands_in_the_example_file_with_its_help():
    example = (ROOT / ".env.example").read_text()
    missing = [setting.name for setting in SETTINGS if f"{setting.name}=" not in example]
    assert not missing, f".env.example lacks {missing}; run 'python -m bot settings > .env.example'"
