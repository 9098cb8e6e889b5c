"""Messages without a question in them: empty, only emoji, only signs, far too long, a payload typed by hand."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

LONGEST = 2_000
"""Characters; the channels refuse more, other clients get a kind reply."""


class BadInput(str, Enum):
    """Kinds of messages that cannot be understood as a question; each has a reply `input/<kind>`."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    EMOJI_ONLY = "emoji_only"
    NOT_TEXT = "not_text"


_CODE = re.compile(r"^\s*[/;{<'\"\\].*[{}<>;|=\\]|^\s*(EXTERNAL:|/)\S+|\{\{.*\}\}|\$\{.*\}", re.DOTALL)
_ADDRESS = re.compile(r"^\s*(https?://\S+|\S+@\S+\.\S+)\s*$")


def bad_input(text: str) -> BadInput | None:
    """What is wrong with a (cleaned) message, None when it may be a question."""
    stripped = text.strip()
    if not stripped:
        return BadInput.EMPTY
    if len(stripped) > LONGEST:
        return BadInput.TOO_LONG
    letters = sum(unicodedata.category(char)[0] == "L" for char in stripped)
    if letters == 0:
        has_symbol = any(unicodedata.category(char) in ("So", "Sk") for char in stripped)
        return BadInput.EMOJI_ONLY if has_symbol else BadInput.NOT_TEXT
    if _ADDRESS.match(stripped) or (_CODE.search(stripped) and letters < 60):
        return BadInput.NOT_TEXT
    return None
