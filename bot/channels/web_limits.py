"""Rate limits of the web channel, for one conversation and for one address."""

from __future__ import annotations

import logging
import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from bot.channels.counting import CalmStorage
from bot.core.settings import Settings

log = logging.getLogger(__name__)

REDIS_TIMEOUT_S = 0.5
UNCOUNTED_S = 30.0
"""After a fault of the counter requests go uncounted this long, so that nobody waits for it again and again."""


class Limits:
    """Counts in this process, or in Redis for several workers."""

    def __init__(self, *, messages_per_minute: float, requests_per_minute: float, redis_url: str = "") -> None:
        options = {"socket_timeout": REDIS_TIMEOUT_S, "socket_connect_timeout": REDIS_TIMEOUT_S}
        # The limiter itself holds its storage by a weak reference only.
        self._storage = storage_from_string(redis_url, **options) if redis_url else CalmStorage()
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._uncounted_until = 0.0
        self._messages = RateLimitItemPerMinute(max(1, math.ceil(messages_per_minute)), namespace="web-messages")
        self._requests = RateLimitItemPerMinute(max(1, math.ceil(requests_per_minute)), namespace="web-requests")

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """From the settings."""
        return cls(
            messages_per_minute=settings.web_messages_per_minute,
            requests_per_minute=settings.web_requests_per_minute,
            redis_url=settings.sma_redis_url,
        )

    def message(self, conversation_id: str) -> int | None:
        """Count a message of a conversation; seconds to wait when it is one too many."""
        return self._hit(self._messages, conversation_id)

    def request(self, address: str) -> int | None:
        """Count a request of an address; seconds to wait when it is one too many."""
        return self._hit(self._requests, address)

    def _hit(self, item: RateLimitItem, who: str) -> int | None:
        if time.monotonic() < self._uncounted_until:
            return None
        try:
            if self._limiter.hit(item, who):
                return None
            reset, _ = self._limiter.get_window_stats(item, who)
        except Exception as error:  # noqa: BLE001 - whatever ails the counter, a person must get through
            self._uncounted_until = time.monotonic() + UNCOUNTED_S
            log.warning("rate limits cannot be counted: %s", type(error).__name__)
            return None
        return max(1, math.ceil(reset - time.time()))
