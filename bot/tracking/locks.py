"""Rasa's ticket locks in Redis, by one address: what several Rasa workers share."""

from __future__ import annotations

from urllib.parse import urlparse

from rasa.core.lock_store import RedisLockStore
from rasa.utils.endpoints import EndpointConfig


class RedisLocks(RedisLockStore):
    """Rasa's own Redis lock store, configured by `SMA_REDIS_URL` (redis://[:password@]host[:port][/db])."""

    def __init__(self, endpoint_config: EndpointConfig) -> None:
        address = urlparse(endpoint_config.url or "")
        super().__init__(
            host=address.hostname or "127.0.0.1",
            port=address.port or 6379,
            db=int(address.path.strip("/") or 0),
            username=address.username,
            password=address.password,
            use_ssl=address.scheme == "rediss",
        )
