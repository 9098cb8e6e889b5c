"""Long polling, for those without a public address: updates are asked for, and confirmed only once they are stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from bot.channels.telegram_api import ApiError, FaultKind, TelegramApi

log = logging.getLogger(__name__)

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
TOKEN_WAIT_S = 60.0


class Polling:
    """Asks Telegram for updates until it is cancelled."""

    def __init__(self, api: TelegramApi, accept: Callable[[object], Awaitable[object]]) -> None:
        self._api = api
        self._accept = accept

    async def run(self) -> None:
        """See the class."""
        # Without an offset Telegram begins with the oldest update that was never confirmed, and confirms nothing.
        offset: int | None = None
        is_begun = False
        wait_s = FIRST_WAIT_S
        while True:
            try:
                if not is_begun:
                    await self._api.delete_webhook()
                    is_begun = True
                for raw in await self._api.updates(offset):
                    await self._accept(raw)
                    offset = max(offset or 0, _number(raw) + 1)
                wait_s = FIRST_WAIT_S
            except ApiError as fault:
                wait_s = await _wait(fault, wait_s)
            except SQLAlchemyError as error:
                # Not confirmed: the same updates come with the next call.
                log.error("telegram: updates cannot be stored: %s", type(error).__name__)
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)


async def _wait(fault: ApiError, wait_s: float) -> float:
    """Wait as the fault demands; the wait after the next one."""
    log.warning("telegram: asking for updates failed: %s", fault)
    if fault.kind is FaultKind.LIMITED:
        await asyncio.sleep(fault.retry_after_s)
        return wait_s
    if fault.kind is FaultKind.TOKEN:
        log.error("telegram: the token is not accepted; set TELEGRAM_TOKEN and start again")
        await asyncio.sleep(TOKEN_WAIT_S)
        return wait_s
    await asyncio.sleep(wait_s)
    return min(wait_s * 2, LONGEST_WAIT_S)


def _number(raw: object) -> int:
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if isinstance(number, int) else -1
