"""The lock store of several Rasa workers."""

from rasa.core.lock_store import LockStore
from rasa.utils.endpoints import EndpointConfig

from bot.tracking.locks import RedisLocks


def test_one_address_names_host_port_database_and_password():
    config = EndpointConfig(type="bot.tracking.locks.RedisLocks", url="redis://:secret@127.0.0.9:6390/3")
    store = LockStore.create(config)
    assert isinstance(store, RedisLocks)
    settings = store.red.connection_pool.connection_kwargs
    assert (settings["host"], settings["port"], settings["db"], settings["password"]) == (
        "127.0.0.9",
        6390,
        3,
        "secret",
    )
