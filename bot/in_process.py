"""The whole bot in one process, without ports: for `ask`, `evaluate` and tests. Same model, rules and actions."""

from __future__ import annotations

import atexit
import os
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bot.core.errors import fail
from bot.core.replies import Reply, reply_from_payload
from bot.store.database import make_engine
from bot.store.migrate import migrate


@dataclass(frozen=True)
class Said:
    """What the bot said to one message."""

    replies: list[Reply]
    texts: list[str]
    """The plain texts, as a client sees them that shows nothing else."""
    parsed: dict[str, Any]
    """What the NLU pipeline made of the message."""

    @property
    def last(self) -> Reply | None:
        """The reply that counts: the first of an emergency, else the last."""
        urgent = [reply for reply in self.replies if reply.red_flag or reply.kind.value in ("emergency", "crisis")]
        return next(iter(urgent or self.replies[-1:]), None)


class Bot:
    """An agent whose custom actions run here instead of in the action server."""

    def __init__(self, agent: Any) -> None:
        self._agent = agent

    @classmethod
    async def load(cls, model: Path) -> Bot:
        """Load a trained model, in memory: what is asked here is not stored."""
        from bot.serve import prepare_environment

        prepare_environment()
        use_scratch_database()
        from rasa.core.agent import load_agent
        from rasa.core.utils import AvailableEndpoints
        from rasa.utils.endpoints import EndpointConfig
        from rasa_sdk.executor import ActionExecutor

        from bot.tracking.runtime import apply

        apply()
        executor = ActionExecutor()
        executor.register_package("actions")

        class InProcess(EndpointConfig):
            """The action server's webhook as a function call."""

            async def request(self, method: str = "post", json: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
                import copy

                return await executor.run(copy.deepcopy(json))

        endpoint = InProcess(url="http://127.0.0.1/webhook", enable_selective_domain=True)
        agent = await load_agent(model_path=str(model), endpoints=AvailableEndpoints(action=endpoint))
        if not agent.is_ready():
            raise fail(str(model), "the model cannot be loaded", "run 'make train'")
        return cls(agent)

    async def say(self, text: str, *, conversation: str | None = None) -> Said:
        """One message; a conversation id keeps the context of earlier ones."""
        from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

        sender = conversation or uuid.uuid4().hex
        output = CollectingOutputChannel()
        await self._agent.handle_message(UserMessage(text, output, sender, input_channel="cli"))
        tracker = await self._agent.tracker_store.retrieve(sender)
        parsed = dict(tracker.latest_message.parse_data) if tracker and tracker.latest_message else {}
        texts = ["\n\n".join(message["text"] for message in output.messages if message.get("text"))]
        payloads = [message["custom"] for message in output.messages if message.get("custom")]
        return Said([reply_from_payload(payload) for payload in payloads], texts, parsed)


def use_scratch_database() -> None:
    """Point this process at a database of its own: what is asked here must not stand among caregivers' chats."""
    scratch = tempfile.TemporaryDirectory(prefix="companion-")
    atexit.register(scratch.cleanup)
    os.environ["DATABASE_URL"] = f"sqlite:///{scratch.name}/scratch.db"
    os.environ.setdefault("SMA_DATA_KEY", Fernet.generate_key().decode())
    migrate(make_engine(os.environ["DATABASE_URL"]))
