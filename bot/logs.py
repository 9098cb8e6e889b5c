"""Logging of all our processes: ids and endings, never what a person wrote.

Rasa logs whole conversations when an action fails, and exceptions may quote a request. A filter on every handler drops
the message of an exception and keeps its kind and its place; messages of libraries are cut to their first words.
"""

from __future__ import annotations

import logging
import sys
import traceback
import warnings

LIBRARY_MESSAGE_CHARS = 160
OWN = ("bot", "actions", "console")
# httpx and httpx2 log whole addresses, with conversation ids and Rasa's token in them.
QUIET = ("rasa", "rasa_sdk", "sanic.root", "sanic.error", "sanic.access", "apscheduler", "matplotlib", "alembic",
         "httpx", "httpx2", "httpcore", "httpcore2")  # fmt: skip


class NoPersonalText(logging.Filter):
    """Keeps what a person wrote out of a log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; always True."""
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            places = [f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in traceback.extract_tb(trace)[-4:]]
            record.msg = f"{kind.__name__} at {' < '.join(reversed(places))}"
            record.args = ()
            record.exc_info = None
            record.exc_text = None
        elif record.name.split(".")[0] not in OWN and record.levelno >= logging.WARNING:
            # Templates of libraries are safe; what is filled into them may not be.
            text = str(record.msg)
            record.msg = text.splitlines()[0][:LIBRARY_MESSAGE_CHARS] if text else ""
            record.args = record.args if record.args and "%" in record.msg and _are_plain(record.args) else ()
        return True


def _are_plain(args: object) -> bool:
    values = args.values() if isinstance(args, dict) else args
    return isinstance(values, tuple) and all(isinstance(value, (int, float)) for value in values)


def configure_logging(level: str) -> None:
    """One handler on the root logger, standard error, for every process of ours."""
    # Libraries warn their own developers, a page at each start; whoever runs this can mend none of it.
    warnings.showwarning = lambda *_args, **_kwargs: None
    # Rasa's structlog lines hold the texts of messages; unconfigured they are printed at every level.
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    root = logging.getLogger()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(NoPersonalText())
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
        # Below WARNING these libraries narrate each turn, text included.
        logger.setLevel(logging.WARNING)
