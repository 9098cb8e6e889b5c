"""Rasa's own HTTP interface, for the staff side: store events in a conversation and deliver what is said in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from bot.core.settings import Settings

TIMEOUT = httpx.Timeout(10.0, connect=2.0)
"""Seconds; Rasa may be in the middle of a turn of the same conversation, and answers after it."""


@dataclass(frozen=True)
class Delivered:
    """Rasa has stored the events and handed the message to the channel."""


@dataclass(frozen=True)
class Failed:
    """It did not work."""

    why: str
    """One line for staff; never holds what was written."""
    is_permanent: bool
    """Whether trying again would not help."""


class RasaApi:
    """One connection pool; use it as a context manager, or `close` it."""

    def __init__(self, base_url: str, token: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=TIMEOUT, transport=transport)
        self._token = token

    @classmethod
    def from_settings(cls, settings: Settings) -> RasaApi:
        """For Rasa on this machine (its port stays private)."""
        host = "127.0.0.1" if settings.sma_host in ("0.0.0.0", "::") else settings.sma_host
        return cls(f"http://{host}:{settings.sma_rasa_port}", settings.sma_internal_token)

    def post_events(self, conversation_id: str, events: Sequence[dict[str, Any]]) -> Delivered | Failed:
        """Append events to a conversation and send the bot messages among them by its own channel."""
        path = f"/conversations/{quote(conversation_id, safe='')}/tracker/events"
        params = {"execute_side_effects": "true", "output_channel": "latest", "include_events": "NONE"}
        if self._token:
            params["token"] = self._token
        try:
            answer = self._http.post(path, params=params, json=list(events))
        except httpx.TimeoutException:
            return Failed("Rasa did not answer in time.", is_permanent=False)
        except httpx.HTTPError as error:
            return Failed(f"Rasa cannot be reached ({type(error).__name__}).", is_permanent=False)
        if answer.status_code == 200:
            return Delivered()
        if answer.status_code in (401, 403):
            return Failed("Rasa refused the token (SMA_INTERNAL_TOKEN differs).", is_permanent=False)
        # A malformed event will be malformed the next time as well; Rasa answers 500 for what may pass.
        return Failed(f"Rasa answered {answer.status_code}.", is_permanent=answer.status_code == 400)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> RasaApi:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
