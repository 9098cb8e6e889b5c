"""Known names found in a text: whole words, the longest name at a place, whatever case, accents and hyphens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

WORD = re.compile(r"[^\W_]+")
# What may stand between two words of one name; a comma or a full stop may not.
JOINT = re.compile(r"[\s\-\u2010-\u2013]+")
# Shorter last words ("ot", "lp", "peg") get no plural of their own: it would be guesswork.
SHORTEST_PLURAL = 4


@dataclass(frozen=True)
class Found(Generic[T]):
    """A name found in a text."""

    value: T
    """What the name stands for."""
    start: int
    """Offset of the first character in the text as it was given."""
    end: int
    text: str
    """The words as they were written."""


class Phrases(Generic[T]):
    """Names with what they stand for. Of two equal names the first counts."""

    def __init__(self, names: Iterable[tuple[str, T]]) -> None:
        self._values: dict[tuple[str, ...], T] = {}
        self._longest: dict[str, int] = {}
        for name, value in names:
            words = folded_words(name)
            for spelling in (words, with_plural(words)):
                if spelling:
                    self._values.setdefault(spelling, value)
                    self._longest[spelling[0]] = max(self._longest.get(spelling[0], 0), len(spelling))

    def find(self, text: str) -> Iterator[Found[T]]:
        """Every name in the text, in order of place, without overlap."""
        matches = list(WORD.finditer(text))
        words = [fold(match.group()) for match in matches]
        # runs[i]: how many words from i on hang together without a comma, full stop or the like between them
        runs = [1] * len(words)
        for i in range(len(words) - 2, -1, -1):
            if JOINT.fullmatch(text, matches[i].end(), matches[i + 1].start()):
                runs[i] = runs[i + 1] + 1
        i = 0
        while i < len(words):
            for length in range(min(self._longest.get(words[i], 0), runs[i]), 0, -1):
                key = tuple(words[i : i + length])
                if key in self._values:
                    start, end = matches[i].start(), matches[i + length - 1].end()
                    yield Found(self._values[key], start, end, text[start:end])
                    i += length
                    break
            else:
                i += 1


def fold(word: str) -> str:
    """Lower case without accents."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def folded_words(text: str) -> tuple[str, ...]:
    """The words of a name, folded."""
    return tuple(fold(word) for word in WORD.findall(text))


def plural(word: str) -> str | None:
    """The regular plural, or None where guessing one would do harm."""
    if len(word) < SHORTEST_PLURAL or not word.isalpha() or word.endswith("s"):
        return None
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"


def with_plural(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """The words with the last one in the plural, or None."""
    last = plural(words[-1]) if words else None
    return (*words[:-1], last) if last else None
