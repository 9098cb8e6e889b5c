"""The real processes on free ports, with a database and secrets of their own. Stops its own processes alone, by id."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import sqlalchemy as sa
from cryptography.fernet import Fernet

from bot.core.settings import ROOT
from bot.model import current_model
from bot.store.database import make_engine
from bot.store.migrate import migrate

READY_WITHIN_S = 240.0
"""Ten seconds on an idle machine; tests share theirs with others."""
STOPPED_WITHIN_S = 15.0
TAIL_LINES = 30
PR_SET_PDEATHSIG = 1

MODULES: Mapping[str, str] = {
    "actions": "bot.serve_actions", "rasa": "bot.serve", "console": "console", "notify": "bot.notify",
}  # fmt: skip
"""Process -> what `python -m` runs, as in bot/supervise.py."""
HEALTH: Mapping[str, str] = {"actions": "/health", "rasa": "/webhooks/web/health", "console": "/health"}
"""Of those that listen."""


@dataclass
class Stack:
    """What runs."""

    folder: Path
    ports: Mapping[str, int]
    environ: Mapping[str, str]
    engine: sa.engine.Engine
    internal_token: str
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def web(self) -> str:
        """Address of Rasa: the channels and the pages."""
        return self.address("rasa")

    @property
    def console(self) -> str:
        """Address of the staff console."""
        return self.address("console")

    def address(self, name: str) -> str:
        """Address of a process."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, *names: str) -> None:
        """Start what does not run yet, and wait until it answers."""
        for name in names:
            if name in self._processes and self._processes[name].poll() is None:
                continue
            with self._log_path(name).open("ab") as log:
                self._processes[name] = subprocess.Popen(
                    [sys.executable, "-m", MODULES[name]], cwd=ROOT, env={**os.environ, **self.environ},
                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                    preexec_fn=_die_with_parent,
                )  # fmt: skip
        for name in names:
            if name in HEALTH:
                self._wait(name)

    def kill(self, name: str) -> None:
        """What a crash does: no goodbye."""
        process = self._processes[name]
        process.kill()
        process.wait()

    def pause(self, name: str) -> None:
        """Let a process stand still, as if it hung."""
        self._processes[name].send_signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        """The end of a pause."""
        self._processes[name].send_signal(signal.SIGCONT)

    def restart(self, name: str) -> None:
        """Kill it if it runs, and start it again."""
        if self._processes[name].poll() is None:
            self.kill(name)
        self.start(name)

    def log(self, name: str) -> str:
        """Everything that a process has logged."""
        path = self._log_path(name)
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def tails(self) -> str:
        """The last lines of every log, for a failure report."""
        parts = []
        for name in self._processes:
            lines = self.log(name).splitlines()[-TAIL_LINES:]
            parts.append(f"--- {name} ---\n" + "\n".join(lines))
        return "\n".join(parts)

    def stop(self) -> None:
        """Stop everything that was started here."""
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        until = time.monotonic() + STOPPED_WITHIN_S
        for process in self._processes.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.engine.dispose()

    def _log_path(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _wait(self, name: str) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            code = self._processes[name].poll()
            if code is not None:
                raise RuntimeError(f"{name} ended with code {code} before it was ready\n{self.tails()}")
            try:
                if httpx.get(self.address(name) + HEALTH[name], timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"{name} did not answer within {READY_WITHIN_S:.0f} s\n{self.tails()}")


@contextmanager
def run_stack(
    folder: Path, *, names: Sequence[str] = ("actions", "rasa"), environ: Mapping[str, str] | None = None
) -> Iterator[Stack]:
    """Start the processes named, give the stack, and stop them again. Raises RuntimeError without a model."""
    if current_model() is None:
        raise RuntimeError("there is no model for the present content; run 'make train' first")
    folder.mkdir(parents=True, exist_ok=True)
    database = f"sqlite:///{folder / 'stack.db'}"
    engine = make_engine(database)
    migrate(engine)
    ports = dict(zip(HEALTH, free_ports(len(HEALTH)), strict=True))
    token = secrets.token_urlsafe(16)
    ours = {
        "DATABASE_URL": database,
        "SMA_SECRET_KEY": secrets.token_urlsafe(16),
        "SMA_DATA_KEY": Fernet.generate_key().decode(),
        "SMA_INTERNAL_TOKEN": token,
        "SMA_HOST": "127.0.0.1",
        "SMA_PUBLIC_URL": "",
        "SMA_CONSOLE_URL": "",
        "REGION": "all",
        "TELEGRAM_MODE": "off",
        "WEB_ORIGINS": "",
        # Tests are quicker than any person; the limits have tests of their own.
        "WEB_MESSAGES_PER_MINUTE": "100000",
        "WEB_REQUESTS_PER_MINUTE": "1000000",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
        **{f"SMA_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        **(environ or {}),
    }
    stack = Stack(folder, ports, ours, engine, token)
    try:
        stack.start(*names)
        yield stack
    finally:
        stack.stop()


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses at the moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _die_with_parent() -> None:
    """A test run that is killed must not leave servers behind (Linux; elsewhere `stop` is all there is)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
