"""One turn, for every channel: hand a message to Rasa and make sure that something is said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from rasa.core.channels.channel import UserMessage

from bot.core.composer import BUTTONS, load_fixed_replies
from bot.core.content import CONTENT_DIR, red_flag_rules
from bot.core.emergency import EmergencyTexts, load_emergency
from bot.core.emergency_reply import emergency_reply
from bot.core.red_flags import RedFlagRules
from bot.core.replies import Reply

log = logging.getLogger(__name__)

Handler = Callable[[UserMessage], Awaitable[object]]


class Outcome(str, Enum):
    """How handing a message to Rasa went."""

    DONE = "done"
    FAILED = "failed"
    SLOW = "slow"


@dataclass(frozen=True)
class SafetyNet:
    """Everything that is needed to answer without Rasa, read when the channel starts."""

    rules: RedFlagRules
    texts: EmergencyTexts
    error: Reply

    def reply_to(self, text: str, *, region: str | None) -> Reply:
        """The emergency text where the message calls for one, else the error text with the emergency line."""
        flag = self.rules.find(text)
        if flag:
            return emergency_reply(self.texts.compose(flag, region=region))
        return self.error


@lru_cache(maxsize=1)
def safety_net() -> SafetyNet:
    """Load it once a process."""
    row = load_fixed_replies(CONTENT_DIR / "replies.yml")["error/any"]
    error = Reply(row.kind, row.text, buttons=[BUTTONS[name] for name in row.buttons])
    return SafetyNet(red_flag_rules(), load_emergency(CONTENT_DIR), error)


async def take_turn(handler: Handler, message: UserMessage, *, patience_s: float) -> Outcome:
    """Hand a message to Rasa, within the time that a person waits.

    A turn that is only slow goes on; what it says is stored and reaches the person later. The caller says
    `safety_net().reply_to(...)` when the outcome is not DONE and nothing has been stored.
    """
    turn = asyncio.ensure_future(handler(message))
    try:
        await asyncio.wait_for(asyncio.shield(turn), timeout=patience_s)
    except asyncio.TimeoutError:
        log.warning("ending=slow channel=%s", message.input_channel)
        turn.add_done_callback(_log_fault)
        return Outcome.SLOW
    except Exception as error:  # noqa: BLE001 - a person must not meet silence, whatever failed
        log.error("ending=failed channel=%s error=%s", message.input_channel, type(error).__name__)
        return Outcome.FAILED
    return Outcome.DONE


def typed(text: str) -> str:
    """What a person typed, as it may be handed to Rasa: a leading "/" would win over the whole pipeline."""
    stripped = text.lstrip()
    while stripped[:1] in ("/", "\uff0f"):
        stripped = stripped[1:].lstrip()
    # Rasa reads "EXTERNAL:" at the start as an event from a machine.
    while stripped.upper().startswith("EXTERNAL:"):
        stripped = stripped[len("EXTERNAL:") :].lstrip()
    return stripped


def _log_fault(turn: asyncio.Future[object]) -> None:
    if not turn.cancelled() and turn.exception():
        log.error("ending=failed error=%s", type(turn.exception()).__name__)
