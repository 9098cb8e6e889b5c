"""Every setting of the project: one typed table, read from the environment and from `.env`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from rapidfuzz import process

from bot.core.errors import Fault, FaultsError

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: content, data, models and `var/` are found from here, never from the working directory."""

REGIONS = ("EU", "UK", "Ireland", "US", "Canada", "Australia", "New Zealand", "India", "other")

# A variable of the process environment that starts with one of these must be one of ours: a misspelt name would
# otherwise be ignored in silence, and the default used instead.
OWN_PREFIXES = ("SMA_", "TELEGRAM_", "SMTP_", "OIDC_", "WEB_", "NOTIFY_")
OF_TESTS = "SMA_TEST_"
"""Variables that only tests read, for example the address of a PostgreSQL database."""


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    name: str
    default: str
    parse: Callable[[str], Any]
    help: str
    secret: bool = False
    """Never printed, and generated into `.env` on the first run where it says so in `SECRETS_TO_GENERATE`."""


def _text(value: str) -> str:
    return value.strip()


def _port(value: str) -> int:
    port = int(value)
    if not 1 <= port <= 65535:
        raise ValueError("a port is a number from 1 to 65535")
    return port


def _positive(value: str) -> float:
    number = float(value)
    if number <= 0:
        raise ValueError("a number above zero is needed")
    return number


def _days(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError("a whole number of 0 or more is needed")
    return number


def _path(value: str) -> Path:
    path = Path(value.strip())
    return path if path.is_absolute() else ROOT / path


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _region(value: str) -> str | None:
    if value.strip().lower() in ("", "all"):
        return None
    for region in REGIONS:
        if region.lower() == value.strip().lower():
            return region
    raise ValueError(f"one of all, {', '.join(REGIONS)} is needed")


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.strip().lower() not in choices:
            raise ValueError(f"one of {', '.join(choices)} is needed")
        return value.strip().lower()

    return parse


def _flag(value: str) -> bool:
    return _one_of("yes", "no")(value) == "yes"


SETTINGS: tuple[Setting, ...] = (
    Setting("DATABASE_URL", "sqlite:///var/sma.db", _text, "SQLAlchemy address of the one database"),
    Setting("SMA_SECRET_KEY", "", _text, "signs conversation tokens and sessions; made on the first run", secret=True),
    Setting("SMA_DATA_KEY", "", _text, "encrypts how to reach a person; made on the first run", secret=True),
    Setting("SMA_INTERNAL_TOKEN", "", _text, "lets the console talk to Rasa; made on the first run", secret=True),
    Setting("SMA_HOST", "127.0.0.1", _text, "address Rasa and the console listen on; put a reverse proxy in front"),
    Setting("SMA_RASA_PORT", "5005", _port, "port of Rasa: channels and widget"),
    Setting("SMA_ACTIONS_PORT", "5055", _port, "port of the action server (loopback only)"),
    Setting("SMA_CONSOLE_PORT", "5080", _port, "port of the staff console"),
    Setting("SMA_ENCODER_DIR", "models/encoder", _path, "folder with the encoder's model.onnx and tokenizer.json"),
    Setting("SMA_ENCODER_CHECK", "yes", _flag, "check the encoder's files against the known sums (no: own encoder)"),
    Setting("SMA_MODELS_DIR", "models", _path, "folder of trained models"),
    Setting("SMA_ACTION_TIMEOUT_S", "5", _positive, "seconds before a slow action server is given up on"),
    Setting("SMA_TURN_TIMEOUT_S", "15", _positive, "seconds before a whole turn is given up on and answered safely"),
    Setting("SMA_LOG_LEVEL", "info", _one_of("debug", "info", "warning", "error"), "how much is logged"),
    Setting("REGION", "all", _region, "whose emergency numbers are shown: all, " + ", ".join(REGIONS)),
    Setting("SMA_RETENTION_DAYS", "180", _days, "days before a conversation is erased; 0 keeps it"),
    Setting("SMA_ORGANISATION", "our patient organisation", _text, "name shown as the one behind the bot"),
    Setting("SMA_PUBLIC_URL", "", _text, "public address of the web channel, for links; empty: the local one"),
    Setting("SMA_CONSOLE_URL", "", _text, "public address of the console, for links; empty: the local one"),
    Setting("WEB_ORIGINS", "", _list, "further web origins (comma-separated) that may embed the widget"),
    Setting("WEB_TOKEN_DAYS", "30", _positive, "days that a conversation token is good for"),
    Setting("WEB_MESSAGES_PER_MINUTE", "20", _positive, "messages a minute for one conversation"),
    Setting("WEB_REQUESTS_PER_MINUTE", "240", _positive, "requests a minute for one address"),
    Setting("SMA_REDIS_URL", "", _text, "Redis for rate limits, tickets and locks with several Rasa workers"),
    Setting("TELEGRAM_MODE", "off", _one_of("off", "polling", "webhook"), "how Telegram messages come in"),
    Setting("TELEGRAM_TOKEN", "", _text, "the bot's token from BotFather", secret=True),
    Setting("TELEGRAM_WEBHOOK_SECRET", "", _text, "secret that Telegram sends with every update", secret=True),
    Setting("TELEGRAM_WEBHOOK_URL", "", _text, "public https address of this channel, for webhook mode"),
    Setting("TELEGRAM_API_URL", "https://api.telegram.org", _text, "the Bot API's base address"),
    Setting("TELEGRAM_MAX_AGE_S", "3600", _positive, "older messages get one apology instead of late answers"),
    Setting("TELEGRAM_MESSAGES_PER_MINUTE", "30", _positive, "messages a minute that one Telegram chat gets answered"),
    Setting("NOTIFY_EMAIL_TO", "", _list, "addresses told when somebody waits (comma-separated)"),
    Setting("NOTIFY_ESCALATE_TO", "", _list, "addresses told when nobody has claimed a request in time"),
    Setting("NOTIFY_WEBHOOK_URL", "", _text, "address that gets a signed notice when somebody waits"),
    Setting("NOTIFY_WEBHOOK_SECRET", "", _text, "key that signs those notices", secret=True),
    Setting("NOTIFY_ESCALATE_MINUTES", "60", _positive, "minutes without a claim before a request escalates"),
    Setting("NOTIFY_EXPIRE_MINUTES", "2880", _positive, "minutes without a claim before a request expires"),
    Setting("SMTP_HOST", "", _text, "mail server; empty: no e-mail is sent"),
    Setting("SMTP_PORT", "587", _port, "port of the mail server"),
    Setting("SMTP_USER", "", _text, "user name at the mail server"),
    Setting("SMTP_PASSWORD", "", _text, "password at the mail server", secret=True),
    Setting("SMTP_FROM", "", _text, "sender of e-mails"),
    Setting("SMTP_TLS", "starttls", _one_of("starttls", "tls", "none"), "how the mail server is reached"),
    Setting("OIDC_ISSUER", "", _text, "OpenID Connect issuer for staff sign-in; empty: passwords only"),
    Setting("OIDC_CLIENT_ID", "", _text, "client id there"),
    Setting("OIDC_CLIENT_SECRET", "", _text, "client secret there", secret=True),
)

SECRETS_TO_GENERATE = ("SMA_SECRET_KEY", "SMA_DATA_KEY", "SMA_INTERNAL_TOKEN", "TELEGRAM_WEBHOOK_SECRET")


class Settings:
    """The settings in force; each is an attribute named like the variable in lower case."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name.upper()]
        except KeyError:
            raise AttributeError(f"there is no setting {name.upper()}") from None

    @property
    def database(self) -> str:
        """`DATABASE_URL`, with a relative SQLite path taken from the checkout."""
        url: str = self._values["DATABASE_URL"]
        prefix = "sqlite:///"
        if url.startswith(prefix) and not url.startswith(prefix + "/") and url != prefix and ":memory:" not in url:
            return f"{prefix}{ROOT / url[len(prefix) :]}"
        return url

    @property
    def public_url(self) -> str:
        """Where the web channel is reached from outside."""
        return self._values["SMA_PUBLIC_URL"].rstrip("/") or f"http://{self.sma_host}:{self.sma_rasa_port}"

    @property
    def console_url(self) -> str:
        """Where the staff console is reached from outside."""
        return self._values["SMA_CONSOLE_URL"].rstrip("/") or f"http://{self.sma_host}:{self.sma_console_port}"


def load_settings(environ: Mapping[str, str] | None = None, *, dotenv: Path | None = ROOT / ".env") -> Settings:
    """Read every setting; the process environment wins over `.env`.

    Raises FaultsError with one line for each unknown name or bad value.
    """
    environ = os.environ if environ is None else environ
    filed = dotenv_values(dotenv) if dotenv is not None and dotenv.is_file() else {}
    known = {setting.name for setting in SETTINGS}
    faults = [_unknown(str(dotenv), name, known) for name in filed if name not in known]
    ours = (name for name in environ if name.startswith(OWN_PREFIXES) and not name.startswith(OF_TESTS))
    faults += [_unknown("environment", name, known) for name in ours if name not in known]
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        raw = environ.get(setting.name)
        if raw is None:
            raw = filed.get(setting.name)
        if raw is None:
            raw = setting.default
        try:
            values[setting.name] = setting.parse(raw)
        except ValueError as error:
            shown = "its value" if setting.secret else f"'{raw}'"
            faults.append(Fault(setting.name, f"{shown} does not do: {error}", f"{setting.help}; set it in .env"))
    if faults:
        raise FaultsError(faults)
    return Settings(values)


def _unknown(place: str, name: str, known: set[str]) -> Fault:
    near = process.extractOne(name, known, score_cutoff=70)
    cure = f"did you mean {near[0]}" if near else "take it out, or see .env.example for the names there are"
    return Fault(place, f"there is no setting {name}", cure)


def example_file() -> str:
    """The text of `.env.example`: every setting with its help and default, secrets empty."""
    lines = [
        "# Settings of SMA Companion. Copy to .env and change what you need; every line is optional.",
        "# Secrets that `make run` makes on the first run are written to .env, which is never committed.",
        "",
    ]
    for setting in SETTINGS:
        lines += [f"# {setting.help}", f"#{setting.name}={setting.default}", ""]
    return "\n".join(lines).rstrip() + "\n"
