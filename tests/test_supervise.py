"""Starting everything: faults in one line each, secrets made once."""

import socket
import stat
import subprocess
import sys

import pytest
import sqlalchemy as sa

from bot.core.errors import FaultsError
from bot.core.settings import ROOT, load_settings
from bot.store.database import check_database, make_engine
from bot.supervise import check_ports, configuration, ensure_secrets


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path, monkeypatch):
    for name in ("SMA_SECRET_KEY", "SMA_DATA_KEY", "SMA_INTERNAL_TOKEN", "TELEGRAM_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    dotenv = tmp_path / ".env"
    assert set(ensure_secrets(dotenv)) >= {"SMA_SECRET_KEY", "SMA_DATA_KEY", "SMA_INTERNAL_TOKEN"}
    before = dotenv.read_text()
    assert ensure_secrets(dotenv) == []
    assert dotenv.read_text() == before
    assert stat.S_IMODE(dotenv.stat().st_mode) == 0o600


def test_a_port_in_use_says_which_and_what_to_do():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = load_settings({"SMA_RASA_PORT": str(taken.getsockname()[1])}, dotenv=None)
        with pytest.raises(FaultsError, match=r"port \d+ \(rasa\): is not free.*SMA_RASA_PORT"):
            check_ports(settings)


def test_a_database_that_cannot_be_written_says_so(tmp_path):
    path = tmp_path / "read_only.db"
    sa.create_engine(f"sqlite:///{path}").connect().close()
    with pytest.raises(FaultsError, match="cannot be written"):
        check_database(make_engine(f"sqlite:///{path}?mode=ro&uri=true").execution_options())
        check_database(make_engine("postgresql://nobody:x@127.0.0.1:9/none"))


def test_an_address_that_is_none_says_so():
    with pytest.raises(FaultsError, match="DATABASE_URL"):
        make_engine("not an address")


def test_every_process_is_restarted_when_it_dies():
    text = configuration(load_settings({}, dotenv=None))
    assert text.count("autorestart=true") >= 3
    assert "bot.serve_actions" in text and "console" in text


def test_a_bad_setting_ends_the_command_with_one_line_and_a_code():
    command = [sys.executable, "-m", "bot", "migrate"]
    done = subprocess.run(command, cwd=ROOT, env={"SMA_RASA_PORT": "x", "PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "SMA_RASA_PORT" in done.stderr
