"""What a message leans on: the answer before it, when the message alone does not say what it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.normal import normalise

LONGEST_FOLLOW_UP = 12
"""Words; a longer message nearly always says itself what it is about."""

# Openings and words that point back at something said before. Pointing words inside a longer question ("is it
# inherited") point back only when nothing in the message names its own matter.
_LEADS = re.compile(
    r"^(and|also|but|so|ok|okay|what about|how about|what else|why|how come|how long|how often|how much|how many|"
    r"since when|which|who|where|when|even|then|or|any|is that|does that|what if|with|without|for|at what|are there)\b"
)
_POINTERS = re.compile(
    r"\b(it|its|that|this|they|them|those|these|one|ones|there|the same|same|either|both|afterwards|then|each)\b"
)
_THE_ILLNESS = re.compile(r"\b(sma|this (illness|disease|condition|disorder))\b")


@dataclass(frozen=True)
class Context:
    """What the conversation was about before this message."""

    topic: str | None = None
    """Topic of the last answer."""
    subject: str | None = None
    """Vocabulary entry that the last question or answer was about, for example `nusinersen`."""
    kind: str | None = None
    """Kind of the last reply."""
    misses: int = 0
    """How many turns in a row ended without an answer."""
    with_staff: bool = False

    @classmethod
    def from_slots(cls, slots: Mapping[str, Any]) -> Context:
        """Read the slots of a Rasa tracker."""
        return cls(
            topic=slots.get("last_topic") or None,
            subject=slots.get("last_subject") or None,
            kind=slots.get("last_kind") or None,
            misses=int(slots.get("misses") or 0),
            with_staff=bool(slots.get("with_staff")),
        )

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any] | None) -> Context:
        """Read what was left in a message's metadata; nothing there is an empty context."""
        data = (metadata or {}).get("context") or {}
        return cls(**{key: data[key] for key in cls.__dataclass_fields__ if key in data})


def is_follow_up(text: str, *, names_own_matter: bool) -> bool:
    """Whether a message leans on the one before.

    `names_own_matter` says that it names a medicine, a device or the like itself: such a message stands alone.
    """
    words = normalise(text).split()
    if not words or len(words) > LONGEST_FOLLOW_UP or names_own_matter:
        return False
    joined = " ".join(words)
    return bool(_LEADS.search(joined) or _POINTERS.search(joined)) or len(words) <= 3


def points_back(text: str) -> bool:
    """Whether a word in it stands for something said before."""
    return bool(_POINTERS.search(normalise(text)))


def names_the_illness(text: str) -> bool:
    """Whether it says itself that SMA is meant."""
    return bool(_THE_ILLNESS.search(normalise(text)))
