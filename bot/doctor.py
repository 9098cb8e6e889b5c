"""`python -m bot doctor`: what is installed and in use, and whether database and ports answer."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

from bot.core.content import all_topics
from bot.core.errors import FaultsError
from bot.core.settings import load_settings
from bot.model import current_model
from bot.nlu.encoder_files import check_encoder
from bot.store.database import check_database, make_engine
from bot.store.migrate import is_current
from bot.supervise import is_ready, processes

PACKAGES = ("rasa", "rasa-sdk", "spacy", "sqlalchemy", "onnxruntime", "starlette", "python-telegram-bot")


def examine() -> tuple[list[str], bool]:
    """Lines to print, and whether the bot can run as it is (processes that are down do not count against it)."""
    lines: list[str] = []
    is_well = True

    def say(name: str, text: str, *, fault: bool = False) -> None:
        nonlocal is_well
        is_well = is_well and not fault
        lines.append(f"{'x' if fault else ' '} {name:<16} {text}")

    say("python", sys.version.split()[0], fault=sys.version_info[:2] != (3, 10))
    for package in PACKAGES:
        try:
            say(package, version(package))
        except PackageNotFoundError:
            say(package, "is not installed; run 'make install'", fault=True)
    try:
        settings = load_settings()
    except FaultsError as error:
        for fault in error.faults:
            say("settings", str(fault), fault=True)
        return lines, False
    try:
        say("topics", str(len(all_topics())))
    except FaultsError as error:
        say("topics", f"{len(error.faults)} faults; run 'make check'", fault=True)
    try:
        check_encoder(settings.sma_encoder_dir, check_sums=settings.sma_encoder_check)
        say("encoder", str(settings.sma_encoder_dir))
    except FaultsError as error:
        say("encoder", str(error), fault=True)
    model = current_model()
    say("model", str(model) if model else "has to be trained; run 'make train'", fault=model is None)
    say("tracker store", "bot.tracking.store.ConversationStore (start-up fails with any other)")
    try:
        engine = make_engine(settings.database)
        check_database(engine)
        state = "up to date" if is_current(engine) else "has to be migrated; run 'make migrate'"
        say("database", f"{engine.url.render_as_string(hide_password=True)}, {state}")
    except FaultsError as error:
        say("database", str(error), fault=True)
    for process in processes(settings):
        port, health = getattr(process, "port", None), getattr(process, "health", None)
        if health:
            say(process.name, f"port {port}: {'answers' if is_ready(health) else 'does not answer'}")
    return lines, is_well
