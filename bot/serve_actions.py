"""`python -m bot.serve_actions`: the rasa-sdk action server, on loopback only, with our logging."""

from __future__ import annotations

import logging

from bot.serve import prepare_environment


def serve() -> None:
    """Start the action server and stay until it is stopped."""
    prepare_environment()
    from rasa_sdk.endpoint import create_app
    from rasa_sdk.executor import ActionExecutor

    from actions.base import composer
    from bot.core.redaction import redact
    from bot.core.settings import load_settings
    from bot.logs import configure_logging

    settings = load_settings()
    configure_logging(settings.sma_log_level)
    composer()  # read the content now: the first caregiver must not wait for it
    redact("")
    executor = ActionExecutor()
    executor.register_package("actions")
    app = create_app("actions")
    logging.getLogger("bot.serve_actions").info("action server on port %d", settings.sma_actions_port)
    app.run(host="127.0.0.1", port=settings.sma_actions_port, workers=1, access_log=False)


if __name__ == "__main__":
    serve()
