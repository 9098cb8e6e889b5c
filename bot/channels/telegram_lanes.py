"""One lane for each chat: work in order within a chat, side by side across chats, tried again when it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 15.0


class Lanes:
    """Runs `work(key)` until a lane is empty. `work` does all that waits in a lane and returns."""

    def __init__(self, name: str, work: Callable[[str], Awaitable[None]]) -> None:
        self._name = name
        self._work = work
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self.is_stopping = False

    def wake(self, key: str) -> None:
        """There is something to do in this lane."""
        if self.is_stopping:
            return
        self._again.add(key)
        if key not in self._tasks:
            self._tasks[key] = asyncio.ensure_future(self._run(key))

    def is_at_work(self, key: str) -> bool:
        """Whether something is under way in this lane, or waits to be tried again."""
        return key in self._tasks

    def count(self) -> int:
        """How many lanes are at work."""
        return len(self._tasks)

    async def idle(self) -> None:
        """Wait until all lanes that are at work now are empty."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def stop(self, within_s: float) -> None:
        """Let what is under way come to its end; what is not done by then is done after the next start."""
        self.is_stopping = True
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: str) -> None:
        wait_s = FIRST_WAIT_S
        try:
            while key in self._again and not self.is_stopping:
                self._again.discard(key)
                try:
                    await self._work(key)
                    wait_s = FIRST_WAIT_S
                except Exception as error:  # noqa: BLE001 - the database may be away for a while: nothing is given up
                    log.error("%s: %s; trying again in %.1f s", self._name, type(error).__name__, wait_s)
                    self._again.add(key)
                    await asyncio.sleep(wait_s)
                    wait_s = min(wait_s * 2, LONGEST_WAIT_S)
        finally:
            self._tasks.pop(key, None)
            if key in self._again:
                self.wake(key)
