"""`python -m bot.serve`: Rasa with our changes, our tracker store and our channels; refuses to start with others."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from typing import Any

from bot.core.errors import FaultsError, fail
from bot.core.settings import ROOT, Settings, load_settings
from bot.light_rasa import leave_out_tensorflow
from bot.logs import configure_logging


def prepare_environment() -> None:
    """Switches that Rasa and SQLAlchemy read when they are imported."""
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    # TensorFlow, spaCy and others greet each start with a page of deprecations that nobody here can act on.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    # Rasa keeps loggers that it makes at import: the level has to be set before.
    configure_logging("warning")
    leave_out_tensorflow()


def make_endpoints(settings: Settings) -> Any:
    """Rasa's endpoints.yml with the addresses of the settings."""
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.endpoints import EndpointConfig

    endpoints = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml"))
    endpoints.action.url = f"http://127.0.0.1:{settings.sma_actions_port}/webhook"
    if settings.sma_redis_url:
        endpoints.lock_store = EndpointConfig(type="bot.tracking.locks.RedisLocks", url=settings.sma_redis_url)
    return endpoints


def check_agent(agent: Any) -> None:
    """Raise FaultsError unless the agent is ready and keeps conversations where it should.

    Rasa only logs it when the configured tracker store cannot be imported, and goes on in memory.
    """
    from bot.tracking.store import ConversationStore

    if not agent.is_ready() or agent.processor is None:
        raise fail("models/", "the model cannot be loaded", "run 'make train'")
    stores = (agent.tracker_store, agent.processor.tracker_store)
    if not all(type(store) is ConversationStore for store in stores):
        found = type(agent.tracker_store).__name__
        raise fail("endpoints.yml", f"conversations would be kept in {found}", "see the log line above and mend it")


def serve() -> None:
    """Start Rasa and stay until it is stopped."""
    # Nothing that is loaded at the start is ever garbage: looking for it costs a tenth of the start.
    gc.disable()
    # Small matrices: more threads only wait for one another (a turn costs half the CPU time with one).
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    prepare_environment()
    settings = load_settings()
    from bot.model import current_model

    model = current_model()
    if model is None:
        raise fail("models/", "there is no model for the present content", "run 'make train'")
    import rasa.core.run

    from bot.nlu import head_start
    from bot.store.database import check_database, make_engine
    from bot.tracking.redacted_events import warm_up
    from bot.tracking.runtime import apply

    check_database(make_engine(settings.database))
    apply()
    head_start.apply()
    warm_up()
    configure_logging(settings.sma_log_level)

    async def assert_ready(app: Any, _loop: Any) -> None:
        try:
            check_agent(app.ctx.agent)
        except FaultsError as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(2)  # Sanic would swallow the exception and go on serving
        # Models and lists stay for as long as the process: they need not be looked through for garbage in turns.
        gc.collect()
        gc.freeze()
        gc.enable()

    rasa.core.run.serve_application(
        model_path=str(model),
        interface=settings.sma_host,
        port=settings.sma_rasa_port,
        credentials=str(ROOT / "credentials.yml"),
        endpoints=make_endpoints(settings),
        enable_api=True,
        auth_token=settings.sma_internal_token or None,
        server_listeners=[(assert_ready, "after_server_start")],
    )


if __name__ == "__main__":
    try:
        serve()
    except FaultsError as error:
        sys.exit(str(error))
