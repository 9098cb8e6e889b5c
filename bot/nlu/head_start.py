"""Gives the sentence encoder a head start: it is the slowest part of a turn, and can work on another core."""

from __future__ import annotations

import sys
from functools import cache

from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.trackers import DialogueStateTracker

from bot.core.normal import clean
from bot.core.settings import load_settings
from bot.nlu.encoder_files import load_encoder

SWITCH_S = 0.0005
"""Python lets a thread run for ten times as long before another may begin: as long as the encoder needs in all."""


@cache
def apply() -> None:
    """Have Rasa's processor begin on a message's vector before it reads the conversation. Safe to call twice."""
    sys.setswitchinterval(SWITCH_S)
    log_message = MessageProcessor.log_message
    settings = load_settings()

    async def log_and_encode(
        self: MessageProcessor, message: UserMessage, should_save_tracker: bool = True
    ) -> DialogueStateTracker:
        encoder = load_encoder(settings.sma_encoder_dir, check_sums=settings.sma_encoder_check)
        under_way = encoder.encode_soon(clean(str(message.text or "")))
        try:
            return await log_message(self, message, should_save_tracker)
        finally:
            del under_way  # held until here, so that the pipeline takes up the same one

    MessageProcessor.log_message = log_and_encode  # type: ignore[method-assign]
