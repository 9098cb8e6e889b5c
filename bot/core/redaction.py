"""Takes out of a text what says who somebody is, before it is stored.

Doses, dates of events, ages, types, copies, scores, numbers of public helplines and every name of a medicine or disease
stay: they are what the conversation is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bot.core.contact import EMAIL
from bot.core.redaction_names import FindNames, NameFinder
from bot.core.redaction_numbers import birth_dates, cards, national_ids, phones
from bot.core.redaction_places import addresses, postcodes
from bot.core.redaction_words import name_words

Place = tuple[int, int]


@dataclass(frozen=True)
class Redacted:
    """A text without what was found in it."""

    text: str
    found: frozenset[str]
    """Kinds that were taken out: email, card, id, birth_date, phone, postcode, address, name."""


def redact(text: str, *, find_names: FindNames | None = None) -> Redacted:
    """The text with a placeholder such as `<email>` for each thing found.

    `find_names`: a language model's guesses at persons (bot/tracking/names.py). Without one, names are found by what
    introduces them and by the list of first names.
    """
    taken: list[tuple[int, int, str]] = []

    def take(kind: str, places: Iterable[Place]) -> None:
        for start, end in places:
            if start < end and not any(start < other_end and other_start < end for other_start, other_end, _ in taken):
                taken.append((start, end, kind))

    # The longer and surer a shape is, the earlier it is taken.
    take("email", (match.span() for match in EMAIL.finditer(text)))
    if any(char.isdigit() for char in text):
        take("card", cards(text))
        take("id", national_ids(text))
        take("address", addresses(text))
        take("postcode", postcodes(text))
        take("birth_date", birth_dates(text))
        take("phone", phones(text))
    take("name", _finder().find(text, find_names=find_names))
    if any(kind in ("name", "id", "address") for _, _, kind in taken):
        take("birth_date", birth_dates(text, is_personal=True))
    for start, end, kind in sorted(taken, reverse=True):
        text = f"{text[:start]}<{kind}>{text[end:]}"
    return Redacted(text, frozenset(kind for _, _, kind in taken))


@lru_cache(maxsize=1)
def _finder() -> NameFinder:
    return NameFinder(name_words())
