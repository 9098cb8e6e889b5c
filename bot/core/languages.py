"""Telling messages that are surely not English. When in doubt a message is English.

Three witnesses: the script; common words, of which English and the other language each have a list; and lingua's
letter statistics, heard only where words point the same way, since alone they take misspelt English for Dutch.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.core.language_texts import Language, Languages
from bot.core.normal import clean, normalise
from bot.core.scripts import CYRILLIC, OTHER, script_language

if TYPE_CHECKING:
    from lingua import LanguageDetector

__all__ = ["Language", "LanguageGuesser", "Languages"]

CYRILLIC_CODES = ("ru", "uk", "bg")

# Letters that English does not have, as people from everywhere type them.
_MARKED_LETTER = re.compile(r"[\u00bf\u00a1\u00df-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
# Thresholds, measured on tests/content/language_samples.yml and on every training example: with these no English
# message is taken for another language. A known word is one point, one of one or two letters half a point.
_SHORT_WORD = 2
_MARKED_WORD = 0.75
"""Points of a word with such a letter: a little less, for it may be a name."""
_EVIDENCE = 2.0
"""Points that words of another language must reach by themselves ..."""
_AGAINST_ENGLISH = 1.5
"""... and how many times the points of the English words."""
_SURE = 0.9
"""Without enough points: how sure the letter statistics must be, in a message of ..."""
_WORDS_AT_LEAST = 3
"""... so many words, none of them English, with ..."""
_EVIDENCE_WITH_MODEL = 1.0
"""... one point of words, or ..."""
_MARKED_WITH_MODEL = 2
"""... two words with such letters."""
_MODEL_WEIGHT = 1.5
"""Points that the letter statistics are worth in choosing between two languages that share their words."""


class LanguageGuesser:
    """Tells messages that are surely not English. When in doubt a message is English."""

    def __init__(self, languages: Languages) -> None:
        self._languages = languages
        self._names = languages.names
        self._alone = {text: language.code for language in languages.values() for text in language.alone}
        cyrillic = {code: languages[code].words for code in CYRILLIC_CODES if code in languages}
        latin = {
            code: language.words for code, language in languages.items() if code not in cyrillic and language.words
        }
        self._cyrillic = cyrillic
        known = {**latin, **languages.others}
        # Words that English shares with a language speak for neither.
        self._latin = {code: words - languages.english for code, words in known.items()}
        self._english = {code: languages.english - words for code, words in known.items()}

    @cached_property
    def _detector(self) -> LanguageDetector:
        # Loaded with the first message that needs it: about 30 MB, and most conversations are in English.
        import lingua

        known = [
            language
            for language in lingua.Language.all()
            if _code(language) in self._latin or language is lingua.Language.ENGLISH
        ]
        return lingua.LanguageDetectorBuilder.from_languages(*known).with_low_accuracy_mode().build()

    def guess(self, text: str) -> str | None:
        """ISO 639-1 code, "other" for a language without a text of its own, None for English or when not sure."""
        text = clean(text)
        code = script_language(text)
        if code == CYRILLIC:
            code = self._best(self._cyrillic, normalise(text).split())
        elif code is None:
            code = self._guess_latin(text)
        return code if code is None or code in self._languages else OTHER

    def _guess_latin(self, text: str) -> str | None:
        plain = normalise(text)
        if plain in self._alone:
            return self._alone[plain]
        words = [word for word in plain.split() if word.isalpha() and word not in self._names]
        points = {code: _points(words, known) for code, known in self._latin.items()}
        marked = sum(bool(_MARKED_LETTER.search(word)) for word in text.lower().split())
        if not marked and not any(points.values()):
            return None
        odds = self._odds(text)
        best = max(points, key=lambda code: points[code] + _MODEL_WEIGHT * odds.get(code, 0.0))
        english = _points(words, self._english[best])
        evidence = points[best] + _MARKED_WORD * marked
        if points[best] and evidence >= _EVIDENCE and evidence >= _AGAINST_ENGLISH * english:
            return best
        if len(words) < _WORDS_AT_LEAST or english or odds.get(best, 0.0) < _SURE:
            return None
        return best if points[best] >= _EVIDENCE_WITH_MODEL or marked >= _MARKED_WITH_MODEL else None

    def _odds(self, text: str) -> dict[str, float]:
        """What the letter statistics say, by code."""
        words = [word for word in text.lower().split() if normalise(word) not in self._names]
        values = self._detector.compute_language_confidence_values(" ".join(words))
        return {_code(value.language): value.value for value in values}

    @staticmethod
    def _best(lists: Mapping[str, Collection[str]], words: Sequence[str]) -> str:
        points = {code: _points(words, known) for code, known in lists.items()}
        return max(points, key=lambda code: points[code], default=OTHER)


def _points(words: Sequence[str], known: Collection[str]) -> float:
    """One point for each word that is known, half a point for a very short one, however often it stands there."""
    return sum(0.5 if len(word) <= _SHORT_WORD else 1.0 for word in set(words) if word in known)


def _code(language: Any) -> str:
    """Our code of one of lingua's languages."""
    code = language.iso_code_639_1.name.lower()
    return "no" if code == "nb" else code
