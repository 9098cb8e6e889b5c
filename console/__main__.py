"""`python -m console`: the staff console on SMA_HOST:SMA_CONSOLE_PORT."""

from __future__ import annotations

import os
import sys

from bot.core.errors import FaultsError
from bot.core.settings import load_settings
from bot.logs import configure_logging

STREAMS_END_WITHIN_S = 3


def main() -> None:
    """Serve until stopped."""
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    settings = load_settings()
    configure_logging(settings.sma_log_level)
    import uvicorn

    from bot.store.database import check_database, make_engine
    from bot.store.staff import first_admin_link
    from console.app import create_app

    engine = make_engine(settings.database)
    check_database(engine)
    app = create_app(settings, engine)
    link = first_admin_link(engine, settings.console_url)
    if link:
        print(f"Nobody can sign in yet. Create the administrator here (good once, for 24 hours): {link}", flush=True)
    uvicorn.run(
        app, host=settings.sma_host, port=settings.sma_console_port, log_config=None,
        # Rasa's pins bring a websockets package that uvicorn cannot load, and no page uses any.
        ws="none",
        # Addresses hold one-time links and conversation ids.
        access_log=False, server_header=False, timeout_graceful_shutdown=STREAMS_END_WITHIN_S,
    )  # fmt: skip


if __name__ == "__main__":
    try:
        main()
    except FaultsError as error:
        sys.exit(str(error))
