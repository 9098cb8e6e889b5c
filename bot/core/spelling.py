"""Slips of the finger in long words, mended where only one known word can be meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rapidfuzz.distance import OSA

LONG = 8
"""Letters a known word must have before a slip in it is forgiven: shorter ones are too near to other words."""


class Spelling:
    """Known words, and what is one slip away from a long one: a letter left out, put in, changed or swapped."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)
        self._by_part: dict[str, list[str]] = {}
        for word in sorted(self._words):
            if len(word) >= LONG:
                for part in _parts(word):
                    self._by_part.setdefault(part, []).append(word)

    def knows(self, word: str) -> bool:
        """Whether it is one of the words, maybe with a slip."""
        return word in self._words or self._nearest(word) is not None

    def mend(self, text: str) -> str:
        """The words of a normalised text with the slips mended."""
        return " ".join(self._nearest(word) or word for word in text.split(" "))

    def _nearest(self, word: str) -> str | None:
        if len(word) < LONG - 1 or word in self._words:
            return None
        for part in _parts(word):
            for known in self._by_part.get(part, ()):
                if known[0] == word[0] and OSA.distance(known, word, score_cutoff=1) <= 1:
                    return known
        return None


def _parts(word: str) -> Iterator[str]:
    """The word, and the word without each of its letters: two words one slip apart have one of these in common."""
    yield word
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]
