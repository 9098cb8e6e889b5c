"""Commands of the menu: each is the same as pressing the button of that name, so that replies equal the web's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from bot.core.composer import BUTTONS

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]{1,64})?(?:\s|$)")


class Command(str, Enum):
    """Every command there is."""

    START = "start"
    HELP = "help"
    TOPICS = "topics"
    HUMAN = "human"
    SOURCES = "sources"
    FORGET = "forget"
    EMERGENCY = "emergency"


PAYLOADS: Mapping[Command, str] = {
    Command.HELP: '/press{"label": "small_talk/what_can_you_do"}',
    Command.TOPICS: BUTTONS["topics"].payload,
    Command.HUMAN: BUTTONS["human"].payload,
    Command.SOURCES: '/press{"label": "requests/sources"}',
    Command.EMERGENCY: BUTTONS["emergency"].payload,
}
"""What a command sends to Rasa; START and FORGET are the channel's own."""


def command_in(text: str) -> Command | None:
    """The command that a message begins with, None for any other message (also for commands that do not exist)."""
    match = _COMMAND.match(text.lstrip())
    if match is None:
        return None
    try:
        return Command(match.group(1).lower())
    except ValueError:
        return None
