"""Takes out of a text what says who somebody is, before it is stored."""

from __future__ import annotations

import re
from dataclasses import dataclass

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
PHONE = re.compile(r"(?<!\w)\+?\d[\d ().-]{6,}\d(?!\w)")


@dataclass(frozen=True)
class Redacted:
    """A text without what was found in it."""

    text: str
    found: frozenset[str]
    """Kinds that were taken out, for example `email`."""


def redact(text: str) -> Redacted:
    """The text with a placeholder such as `<email>` for each thing found."""
    found = set()
    for kind, pattern in (("email", EMAIL), ("phone", PHONE)):
        text, count = pattern.subn(f"<{kind}>", text)
        if count:
            found.add(kind)
    return Redacted(text, frozenset(found))
