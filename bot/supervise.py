"""`make run`: one supervisor for Rasa, the action server and the console.

The supervising itself is done by Supervisor (supervisord.org): it restarts a process that dies and stops all of them
together. This module prepares what they need, waits until they answer, and says how to talk to them.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx
from cryptography.fernet import Fernet
from dotenv import set_key

from bot.core.content import all_topics
from bot.core.errors import Fault, FaultsError
from bot.core.settings import ROOT, SECRETS_TO_GENERATE, Settings, load_settings
from bot.model import train
from bot.store.database import check_database, make_engine
from bot.store.migrate import migrate
from bot.store.staff import first_admin_link

READY_WITHIN_S = 90.0
VAR = ROOT / "var"


@dataclass(frozen=True)
class Process:
    """One process under the supervisor."""

    name: str
    command: Sequence[str]
    port: int | None = None
    """None: it listens nowhere."""
    health: str | None = None
    """Address that answers when the process is ready."""


def processes(settings: Settings) -> list[Process]:
    """What runs, in the order in which it is started."""
    python = sys.executable
    local = "http://127.0.0.1"
    return [
        Process("actions", [python, "-m", "bot.serve_actions"], settings.sma_actions_port,
                f"{local}:{settings.sma_actions_port}/health"),
        Process("rasa", [python, "-m", "bot.serve"], settings.sma_rasa_port,
                f"http://{_reachable(settings.sma_host)}:{settings.sma_rasa_port}/webhooks/web/health"),
        Process("console", [python, "-m", "console"], settings.sma_console_port,
                f"http://{_reachable(settings.sma_host)}:{settings.sma_console_port}/health"),
        Process("notify", [python, "-m", "bot.notify"]),
    ]  # fmt: skip


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host


def ensure_secrets(dotenv: Path = ROOT / ".env") -> list[str]:
    """Write the secrets that are missing into `.env` (readable by its owner only); returns their names."""
    settings = load_settings(dotenv=dotenv)
    made = [name for name in SECRETS_TO_GENERATE if not getattr(settings, name.lower())]
    if made and not dotenv.exists():
        dotenv.touch(mode=0o600)
    for name in made:
        value = Fernet.generate_key().decode() if name == "SMA_DATA_KEY" else secrets.token_urlsafe(32)
        set_key(dotenv, name, value, quote_mode="never")
    return made


def check_ports(settings: Settings) -> None:
    """Raise FaultsError with every port that somebody else uses."""
    faults = []
    for process in processes(settings):
        if process.port is None:
            continue
        host = "127.0.0.1" if process.name == "actions" else settings.sma_host
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, process.port))
            except OSError as error:
                cure = f"stop what uses it, or set SMA_{process.name.upper()}_PORT in .env"
                faults.append(Fault(f"port {process.port} ({process.name})", f"is not free ({error.strerror})", cure))
    if faults:
        raise FaultsError(faults)


def configuration(settings: Settings) -> str:
    """supervisord's configuration for our processes."""
    user = "user=root\n" if os.geteuid() == 0 else ""
    lines = [
        f"[supervisord]\nnodaemon=true\nsilent=true\nlogfile={VAR}/supervisor.log\nlogfile_maxbytes=1MB\n"
        f"pidfile={VAR}/supervisor.pid\nminfds=256\n{user}"
    ]
    for process in processes(settings):
        command = " ".join(process.command)
        # A process that dies is restarted at once and for ever: a caregiver may be waiting.
        lines.append(
            f"[program:{process.name}]\ncommand={command}\ndirectory={ROOT}\nautorestart=true\nstartsecs=2\n"
            f"startretries=1000\nstopsignal=TERM\nstopwaitsecs=10\nstopasgroup=true\nkillasgroup=true\n"
            f"stdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\nredirect_stderr=true\n"
        )
    return "\n".join(lines)


def is_ready(address: str) -> bool:
    """Whether a process of this machine answers."""
    try:
        # Plain HTTP on loopback: reading the list of certificates for each look took a tenth of the start.
        return httpx.get(address, timeout=2.0, verify=False, trust_env=False).status_code == 200  # noqa: S501
    except httpx.HTTPError:
        return False


def run() -> int:
    """Prepare, start, report, and wait until stopped; returns the exit code."""
    ensure_secrets()
    settings = load_settings()
    check_ports(settings)
    engine = make_engine(settings.database)
    check_database(engine)
    migrate(engine)
    train()
    VAR.mkdir(exist_ok=True)
    config = VAR / "supervisord.conf"
    config.write_text(configuration(settings), encoding="utf-8")
    started = time.monotonic()
    supervisor = subprocess.Popen([sys.executable, "-m", "supervisor.supervisord", "-c", str(config)], cwd=ROOT)

    def stop(number: int, _frame: FrameType | None) -> None:
        supervisor.send_signal(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    waiting = {process.name: process.health for process in processes(settings) if process.health}
    while waiting and supervisor.poll() is None and time.monotonic() - started < READY_WITHIN_S:
        for name in [name for name, address in waiting.items() if is_ready(address)]:
            del waiting[name]
        time.sleep(0.3)
    if supervisor.poll() is None:
        print(greeting(settings, seconds=time.monotonic() - started, late=sorted(waiting)), flush=True)
    return supervisor.wait()


def greeting(settings: Settings, *, seconds: float, late: Sequence[str]) -> str:
    """What is up and how to talk to it."""
    lines = ["", f"SMA Companion is ready after {seconds:.0f} s ({len(all_topics())} topics)."]
    if late:
        lines = ["", f"Not answering after {seconds:.0f} s: {', '.join(late)}. See the lines above, or 'make doctor'."]
    lines += [
        f"  website chat    {settings.public_url}/",
        "  terminal        make chat",
        f"  staff console   {settings.console_url}/",
        *_first_admin_lines(settings),
        f"  Telegram        {_telegram_line(settings)}",
        f"  database        {make_engine(settings.database).url.render_as_string(hide_password=True)}",
        "Stop with Ctrl-C.",
        "",
    ]
    return "\n".join(lines)


def _first_admin_lines(settings: Settings) -> list[str]:
    link = first_admin_link(make_engine(settings.database), settings.console_url)
    return [f"  administrator   {link}  (nobody can sign in yet: create the first account)"] if link else []


def _telegram_line(settings: Settings) -> str:
    if settings.telegram_mode == "off" or not settings.telegram_token:
        return "off (set TELEGRAM_TOKEN and TELEGRAM_MODE in .env; docs/telegram.md)"
    return f"on, by {settings.telegram_mode}"
