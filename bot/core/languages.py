"""Messages that are not in English: recognising them, and what to say in their own language."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.core.errors import Fault, FaultsError
from bot.core.normal import clean, normalise
from bot.core.scripts import CYRILLIC, OTHER, script_language
from bot.core.topics import load_yaml

if TYPE_CHECKING:
    from lingua import LanguageDetector

CODE = re.compile(r"[a-z]{2}")
TEXTS = ("name", "native", "reply", "human_button")
KEYS = {"code", "rtl", "words", "alone", *TEXTS}
CYRILLIC_CODES = ("ru", "uk", "bg")

# Letters that English does not have, as people from everywhere type them.
_MARKED_LETTER = re.compile(r"[\u00bf\u00a1\u00df-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
# Thresholds, all measured on tests/content/language_samples.yml and on every training example: with these no English
# message is taken for another language. A word of one or two letters counts half.
_SHORT_WORD = 2
_EVIDENCE = 2.0
"""Points that words of another language must reach by themselves ..."""
_EVIDENCE_WITH_MODEL = 1.0
"""... or, in a message without a single English word, together with a sure letter statistic."""
_AGAINST_ENGLISH = 1.5
"""How many times the points of English words they must have."""
_ENGLISH_WORD_AT_MOST = 0.5
_SURE = 0.9
_WORDS_AT_LEAST = 3
_MARKED_WORD = 0.75
_MODEL_WEIGHT = 1.5


@dataclass(frozen=True)
class Language:
    """A language with what to say in it."""

    code: str
    """ISO 639-1."""
    name: str
    native: str
    rtl: bool
    """Whether it is written from right to left."""
    reply: str
    human_button: str
    words: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()


class Languages(Mapping[str, Language]):
    """The languages we have texts for, by code, with the word lists by which messages are recognised."""

    def __init__(
        self, languages: Sequence[Language], *, others: Mapping[str, frozenset[str]], english: frozenset[str]
    ) -> None:
        self._by_code = {language.code: language for language in languages}
        self.others = dict(others)
        self.english = english

    def __getitem__(self, code: str) -> Language:
        return self._by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    @classmethod
    def load(cls, path: Path) -> Languages:
        """Read and check the file. Raises `FaultsError` that names every fault and its cure."""
        data = load_yaml(path)
        data = data if isinstance(data, Mapping) else {}
        faults = [Fault(str(path), what, cure) for what, cure in _faults(data)]
        if faults:
            raise FaultsError(faults)
        return cls(
            [_language(row) for row in data["languages"]],
            others={row["code"]: _normal(row["words"]) for row in data["others"]},
            english=_normal(data["english"]),
        )


class LanguageGuesser:
    """Tells messages that are surely not English. When in doubt a message is English."""

    def __init__(self, languages: Languages) -> None:
        self._languages = languages
        self._alone = {text: language.code for language in languages.values() for text in language.alone}
        cyrillic = {code: languages[code].words for code in CYRILLIC_CODES if code in languages}
        latin = {code: language.words for code, language in languages.items() if code not in cyrillic and language.words}
        self._cyrillic = cyrillic
        self._latin = {**latin, **languages.others}

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
        words = [word for word in plain.split() if word.isalpha()]
        points = {code: _points(words, known) for code, known in self._latin.items()}
        marked = _MARKED_WORD * sum(bool(_MARKED_LETTER.search(word)) for word in text.lower().split())
        most = max(points.values(), default=0.0)
        if most + marked < _EVIDENCE_WITH_MODEL:
            return None
        english = _points(words, self._languages.english)
        odds = self._odds(text)
        best = max(points, key=lambda code: points[code] + _MODEL_WEIGHT * odds.get(code, 0.0))
        evidence = points[best] + marked
        if points[best] and evidence >= _EVIDENCE and evidence >= _AGAINST_ENGLISH * english:
            return best
        sure = len(words) >= _WORDS_AT_LEAST and english <= _ENGLISH_WORD_AT_MOST and odds.get(best, 0.0) >= _SURE
        return best if sure and evidence >= _EVIDENCE_WITH_MODEL else None

    def _odds(self, text: str) -> dict[str, float]:
        """What lingua's letter statistics say. It cannot be trusted alone: it takes misspelt English for Dutch."""
        values = self._detector.compute_language_confidence_values(text.lower())
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


def _language(row: Mapping[str, Any]) -> Language:
    return Language(
        code=row["code"],
        name=row["name"],
        native=row["native"],
        rtl=row["rtl"],
        reply=row["reply"],
        human_button=row["human_button"],
        words=_normal(row.get("words", ())),
        alone=_normal(row.get("alone", ())),
    )


def _normal(words: Collection[str]) -> frozenset[str]:
    return frozenset(normalise(word) for word in words)


def _faults(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with the file, each with its cure."""
    for key in ("languages", "others", "english"):
        if not isinstance(data.get(key), list):
            yield f"has no list called '{key}'", "add it"
            return
    codes: set[str] = set()
    for number, row in enumerate([*data["languages"], *data["others"]], start=1):
        code = row.get("code") if isinstance(row, Mapping) else None
        if not isinstance(code, str) or not CODE.fullmatch(code):
            yield f"entry {number} has no two-letter code", "write the ISO 639-1 code, in quotes if it is no"
            continue
        if code in codes:
            yield f"{code} occurs twice", "merge the two entries"
        codes.add(code)
        for key in sorted(set(map(str, row)) - KEYS):
            yield f"{code} has an unknown key '{key}'", f"use {', '.join(sorted(KEYS))}"
        if row in data["languages"]:
            for key in TEXTS:
                if not isinstance(row.get(key), str) or not row[key].strip():
                    yield f"{code} has no {key}", f"add '{key}:'"
            if not isinstance(row.get("rtl"), bool):
                yield f"{code} does not say whether it runs from right to left", "write 'rtl: true' or 'rtl: false'"
        for word in (*row.get("words", ()), *row.get("alone", ())):
            if not isinstance(word, str):
                yield f"{code} has the word {word!r}, which YAML does not read as text", "put it in quotes"
    for word in data["english"]:
        if not isinstance(word, str):
            yield f"english has the word {word!r}, which YAML does not read as text", "put it in quotes"
