"""A message as numbered words: spelling set right, run-on words split, figures read, sentences and clauses counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz.distance import OSA

from bot.core.normal import clean, normalise

_SENTENCE_MARK, _QUESTION_MARK, _CLAUSE_MARK = "zzsentz", "zzquesz", "zzclauz"
_QUESTION_END = re.compile(r"[?？؟]+[.!?]*(?=\s|$)")
_SENTENCE_END = re.compile(r"[.!;。！]+(?=\s|$)|\n+")
_SHORT_LINE = re.compile(r"(?m)^([ \t]*\S+(?:[ \t]+\S+)?)[ \t]*\n+(?=\S)")
"""A line of one or two words is no sentence: people, and keyboards, break lines anywhere."""
_TRAILING_OFF = re.compile(r"(?<=\w) ?(?:\.{2,}|…) ?(?=[a-z])")
"""Dots inside a sentence that goes on; they part two clauses."""
_CLAUSE_END = re.compile(r",(?!\d)|\s[-–—]+\s|[:()…]")
_FIGURE = re.compile(r"(\d{1,4}(?:\.\d+)?)(?:c|f|s|bpm|sats?|k|ish)?")
_WITH_UNIT = re.compile(
    r"(\d{1,4}(?:\.\d+)?)(mls?|mg|mcg|kgs?|g|cm|oz|l|hrs?|h|mins?|secs?|yrs?|yo|mo|mths?|wks?|am|pm)"
)

_DOUBLED = re.compile(r"(.)\1+")

_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_DECADES = {"thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80}
_UNITS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}


@dataclass(frozen=True)
class Words:
    """One message, word by word. All sequences have the same length."""

    raw: Sequence[str]
    """As normalised, before the spelling was touched: what the phrases of other languages are matched on."""
    words: Sequence[str]
    """With spelling repaired."""
    sentences: Sequence[int]
    clauses: Sequence[int]
    questions: frozenset[int]
    """Numbers of the sentences that end with a question mark."""
    figures: dict[int, float] = field(default_factory=dict)
    """Position of a word -> its value, for the words that are numbers."""


class Speller:
    """Brings misspelt words back to the words that the rules know.

    Nearest known word by optimal string alignment distance (a swap of neighbours counts one), found through an index
    of deletions (Garbe's SymSpell idea), so the time per word does not grow with the vocabulary. Words of
    `real_words` are never changed: they are correct, they only look like a word of the rules ("glue", "drying").
    """

    def __init__(
        self, vocabulary: Iterable[str], *, real_words: Iterable[str], same: Mapping[str, str] | None = None
    ) -> None:
        self._same = {key: word for key, word in (same or {}).items() if " " not in key}
        self._same_pairs = {tuple(key.split()): word for key, word in (same or {}).items() if " " in key}
        self._known = frozenset(vocabulary) | frozenset(self._same)
        self._real = frozenset(real_words) - self._known
        self._deletions: dict[str, list[str]] = {}
        for word in sorted(self._known):
            if len(word) >= 4 and word.isalpha():
                for key in _deletions(word, _slips_allowed(word)):
                    self._deletions.setdefault(key, []).append(word)
        self._cached = lru_cache(maxsize=20_000)(self._repair)

    def repair(self, word: str) -> tuple[str, ...]:
        """The known word or words meant by `word`; `word` itself when none is near enough."""
        if word in self._same:
            return (self._same[word],)
        if word in self._known or word in self._real or len(word) < 4:
            return (word,)
        return self._cached(word)

    def knows(self, word: str) -> bool:
        """Whether the rules or the dictionary have the word as it stands."""
        return word in self._known or word in self._real

    def join_pairs(self, words: list[str]) -> None:
        """Replace pairs that mean one word ("no can" -> "cant"), in place; the second place becomes empty."""
        for at in range(len(words) - 1):
            one = self._same_pairs.get((words[at], words[at + 1]))
            if one is not None:
                words[at], words[at + 1] = one, ""

    def _repair(self, word: str) -> tuple[str, ...]:
        if not word.isalpha() or len(word) > 40:
            return (word,)
        near = self._nearest(word)
        if near is not None:
            return (near,)
        return tuple(self._split(word)) or (word,)

    def _nearest(self, word: str) -> str | None:
        candidates = {known for key in _deletions(word, _slips_allowed(word)) for known in self._deletions.get(key, ())}
        best: tuple[int, bool, int, str] | None = None
        for known in candidates:
            slips = min(_slips_allowed(known), _slips_allowed(word))
            if known[0] != word[0] and (len(known) < 6 or known[1:2] != word[:1]):
                continue  # people rarely miss the first letter, and "lit", "hit", "fit" are all words
            distance = OSA.distance(known, word, score_cutoff=slips)
            # Of equally near words the one that differs in a doubled letter, then the one of the same length.
            rank = (distance, _single(known) != _single(word), abs(len(known) - len(word)), known)
            if distance <= slips and (best is None or rank < best):
                best = rank
        return best[3] if best else None

    def _split(self, word: str) -> list[str]:
        """ "cantbreathe" -> cant, breathe. Empty when the word is not made of known words alone."""
        if len(word) < 7:
            return []
        best: list[list[str] | None] = [[]] + [None] * len(word)
        for end in range(2, len(word) + 1):
            for start in range(max(0, end - 14), end - 1):
                before = best[start]
                if before is not None and word[start:end] in self._known:
                    found = [*before, word[start:end]]
                    current = best[end]
                    if current is None or len(found) < len(current):
                        best[end] = found
        parts = best[-1]
        return parts if parts and len(parts) <= 6 and max(map(len, parts)) >= 4 else []


def read_words(text: str, speller: Speller, *, lemmas: Sequence[str] = ()) -> Words:
    """Cut a message into words.

    `lemmas`, when there is exactly one for each word, stand in for words whose spelling the rules do not know.
    """
    marked = _CLAUSE_END.sub(
        f" {_CLAUSE_MARK} ",
        _SENTENCE_END.sub(
            f" {_SENTENCE_MARK} ",
            _QUESTION_END.sub(f" {_QUESTION_MARK} ", _TRAILING_OFF.sub(", ", _SHORT_LINE.sub(r"\1 ", clean(text)))),
        ),
    )
    raw: list[str] = []
    words: list[str] = []
    sentences: list[int] = []
    clauses: list[int] = []
    questions: set[int] = set()
    sentence = clause = 0
    pieces = normalise(marked).split()
    plain = sum(piece not in (_SENTENCE_MARK, _QUESTION_MARK, _CLAUSE_MARK) for piece in pieces)
    has_lemmas = len(lemmas) == plain
    at = -1
    for piece in pieces:
        if piece in (_SENTENCE_MARK, _QUESTION_MARK):
            if piece == _QUESTION_MARK:
                questions.add(sentence)
            sentence, clause = sentence + 1, clause + 1
        elif piece == _CLAUSE_MARK:
            clause += 1
        else:
            at += 1
            with_unit = _WITH_UNIT.fullmatch(piece)
            repaired = (with_unit[1], *speller.repair(with_unit[2])) if with_unit else speller.repair(piece)
            # Looked at for such a word only: lemmas may be worked out on demand.
            if has_lemmas and repaired == (piece,) and not speller.knows(piece) and lemmas[at]:
                repaired = speller.repair(lemmas[at].lower())[:1]
            for word in repaired:
                raw.append(piece)
                words.append(word)
                sentences.append(sentence)
                clauses.append(clause)
    speller.join_pairs(words)
    return Words(raw, words, sentences, clauses, frozenset(questions), _read_figures(words))


def _read_figures(words: Sequence[str]) -> dict[int, float]:
    figures: dict[int, float] = {}
    for at, word in enumerate(words):
        if word[:1].isdigit():
            found = _FIGURE.fullmatch(word)
            if found:
                figures[at] = float(found.group(1))
        elif word in _TENS:
            following = words[at + 1] if at + 1 < len(words) else ""
            figures[at] = float(_TENS[word] + _UNITS.get(following, 0))
        elif word in _DECADES:
            figures[at] = float(_DECADES[word])
    return figures


def _single(word: str) -> str:
    """The word with doubled letters written once."""
    return _DOUBLED.sub(r"\1", word)


def _slips_allowed(word: str) -> int:
    return 2 if len(word) >= 8 else 1


def _deletions(word: str, depth: int) -> set[str]:
    found = {word}
    edge = {word}
    for _ in range(depth):
        edge = {shorter[:at] + shorter[at + 1 :] for shorter in edge for at in range(len(shorter))}
        found |= edge
    return found
