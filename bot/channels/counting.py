"""Where requests are counted in one process."""

from __future__ import annotations

import time
from typing import Any

from limits.storage import MemoryStorage

REST_S = 30.0
"""How long what has run out may lie about. It counts for nothing: each count looks at its own time."""


class CalmStorage(MemoryStorage):
    """Memory that is tidied now and then.

    Its parent starts a thread at every count, which walks through all that is counted.
    """

    @property
    def timer(self) -> Any:
        """What the parent asks whether tidying is under way; during a rest it is told so."""
        return self if time.monotonic() < self._rest_until else self._timer

    @timer.setter
    def timer(self, timer: Any) -> None:
        self._timer = timer
        self._rest_until = time.monotonic() + REST_S

    def is_alive(self) -> bool:
        """As of a timer."""
        return True

    def start(self) -> None:
        """The parent starts each timer that it has made."""
        self._timer.start()
