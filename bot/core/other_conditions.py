"""Whether a message is about another illness than SMA, told by the name in it.

A question on another illness comes in the same words as one on SMA ("What physiotherapy is used after a stroke?"), so
the meaning of the sentence does not tell them apart; the name does. In doubt the answer is no: a name that is compared
with SMA, or stands beside it, or belongs into questions about SMA as well, is not found.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.errors import Fault, FaultsError
from bot.core.normal import normalise
from bot.core.other_condition_cues import (
    is_caught,
    is_compared,
    is_likened_or_feared,
    is_sma_named,
    stands_beside_sma,
)
from bot.core.phrases import Phrases
from bot.core.spelling import Spelling
from bot.core.topics import load_yaml
from bot.core.vocabulary import Vocabulary

SMA_MEDICINES = {
    "nusinersen",
    "nusinersen_high_dose",
    "risdiplam",
    "risdiplam_tablet",
    "zolgensma",
    "itvisma",
    "apitegromab",
    "taldefgrobep",
    "emugrobart",
    "salanersen",
}
"""Entries of the vocabulary that nobody names who does not mean SMA."""

INFECTIONS = "infection"
"""The group of conditions that people are vaccinated against, or catch from each other."""

SHORT_FORM = 3
"""Up to this length a name is a short form, and "Ms Smith" is not MS."""

_TAIL = r"(?:syndrome|disease|disorder|dystrophy|dystrophie|palsy|palsie|ataxia|dysplasia|a?emia|sarcoma|carcinoma)s?"
_UNLISTED = re.compile(
    rf"\b(?:(?P<head>[^\W\d_]{{5,}}) {_TAIL}|"
    r"[^\W\d_]{3,}(?:itis|carcinoma|sarcoma|blastoma|lymphoma|plegia|a?emia|opathy|opathies|odystrophy))\b"
)
_PLAIN_ENDING = re.compile(r"(ing|ed|ive|[ai]ble|ful|ous|ic|al|ary|ory|ar|less|ly|est|ish|ent|ant|ate|wide|like)$")
_GENITIVE = re.compile(r"([^s ])( (disease|syndrome|disorder|palsy|ataxia))$")


@dataclass(frozen=True)
class _Name:
    """What a listed name stands for."""

    condition: str | None
    """The name that stands first in its line; None for a name that belongs into questions about SMA as well."""
    group: str
    only_capitals: bool
    """EDS is a name, "eds" is not."""


@dataclass(frozen=True)
class _Mention:
    condition: str
    group: str
    start: int
    end: int


class OtherConditions:
    """All names of other conditions, ready to be found in a text."""

    def __init__(
        self,
        conditions: Mapping[str, Mapping[str, Sequence[str]]],
        *,
        also_in_sma: Iterable[str],
        plain_words: Collection[str],
        vocabulary: Vocabulary,
    ) -> None:
        names = {spelling: _Name(None, "", False) for name in also_in_sma for spelling in _spellings(name)}
        for group, rows in conditions.items():
            for condition, others in rows.items():
                for name in (condition, *others):
                    for spelling in _spellings(name):
                        known = names.get(spelling)
                        # Listed in capitals and in small letters: both count.
                        if known is None or (known.only_capitals and not name.isupper()):
                            names[spelling] = _Name(condition, group, name.isupper())
        self.conditions = tuple(condition for rows in conditions.values() for condition in rows)
        self._names = Phrases(names.items())
        self._plain_words = Spelling(plain_words)
        self._spelling = Spelling({word for name in names for word in name.split()}.union(plain_words))
        self._vocabulary = vocabulary

    @classmethod
    def load(cls, path: Path, *, vocabulary: Vocabulary) -> OtherConditions:
        """Read and check the file. Raises `FaultsError` that names every fault and its cure."""
        data = load_yaml(path)
        faults = [Fault(str(path), what, cure) for what, cure in _faults(data)]
        if faults:
            raise FaultsError(faults)
        return cls(
            data["conditions"],
            also_in_sma=[name for names in data["also_in_sma"].values() for name in names],
            plain_words=data["plain_words"],
            vocabulary=vocabulary,
        )

    def find(self, text: str) -> str | None:
        """The other condition that the message is about, or None.

        A listed one comes back under the name that stands first in its line, so it may be logged; an unlisted one
        ("Xyz syndrome") as it was typed, so it may not.
        """
        plain = self._spelling.mend(normalise(text))
        mentions = self._mentions(plain, text)
        if not mentions:
            return None
        if is_sma_named(plain, [(mention.start, mention.end) for mention in mentions]) or stands_beside_sma(plain):
            return None
        if len({mention.condition for mention in mentions}) == 1 and is_compared(plain):
            return None
        if any(found.id in SMA_MEDICINES for found in self._vocabulary.find(text)):
            return None
        for mention in mentions:
            caught = mention.group == INFECTIONS and is_caught(plain)
            if not caught and not is_likened_or_feared(plain, mention.start, mention.end):
                return mention.condition
        return None

    def _mentions(self, plain: str, text: str) -> list[_Mention]:
        """Where other conditions are named: listed ones, or if there is none, words that look like such a name."""
        mentions: list[_Mention] = []
        hidden: list[tuple[int, int]] = []
        for found in self._names.find(plain):
            name = found.value
            if name.condition is None:
                hidden.append((found.start, found.end))
            elif _is_written_as(found.text, text, only_capitals=name.only_capitals):
                mentions.append(_Mention(name.condition, name.group, found.start, found.end))
        return mentions or list(self._unlisted(plain, hidden))

    def _unlisted(self, plain: str, hidden: Sequence[tuple[int, int]]) -> Iterator[_Mention]:
        for found in _UNLISTED.finditer(plain):
            head = found.group("head")
            if any(start < found.end() and found.start() < end for start, end in hidden):
                continue
            if not head or not (_PLAIN_ENDING.search(head) or self._plain_words.knows(head)):
                yield _Mention(found.group(), "", found.start(), found.end())


def _is_written_as(name: str, text: str, *, only_capitals: bool) -> bool:
    """Whether the letters in the message are those of the name: a short form is all small or all capitals."""
    if only_capitals:
        return not text.isupper() and re.search(rf"\b{name.upper()}\b", text) is not None
    return len(name) > SHORT_FORM or re.search(rf"\b({name}|{name.upper()})\b", text) is not None


def _spellings(name: str) -> Iterator[str]:
    """The name as a normalised text has it: with and without the genitive of an eponym, British and American."""
    plain, bare = _plain(name), _plain(name.replace("'s ", " "))
    for spelling in dict.fromkeys((plain, bare, _GENITIVE.sub(r"\1s\2", bare))):
        yield spelling
        american = re.sub("ae|oe", "e", spelling).replace("tumour", "tumor")
        if american != spelling:
            yield american


def _plain(name: str) -> str:
    # `normalise` keeps the point of a number, which would part the words of the name.
    return normalise(name).replace(".", " ")


def _faults(data: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with the file, each with its cure."""
    data = data if isinstance(data, Mapping) else {}
    also, conditions, plain_words = (data.get(key) for key in ("also_in_sma", "conditions", "plain_words"))
    if not isinstance(also, Mapping) or not all(_are_names(names) for names in also.values()):
        yield "has no 'also_in_sma' with lists of names", "write them as group: [name, name]"
        also = {}
    if not _are_names(plain_words):
        yield "has no list of words called 'plain_words'", "write them as [word, word]"
    if not isinstance(conditions, Mapping) or not all(isinstance(rows, Mapping) for rows in conditions.values()):
        yield "has no 'conditions' in groups", "write them as group: {name: [other name]}"
        return
    owners = {spelling: "also_in_sma" for names in also.values() for name in names for spelling in _spellings(name)}
    for rows in conditions.values():
        for condition, others in rows.items():
            if not isinstance(condition, str) or not _are_names(others):
                yield f"{condition} has no list of other names", "write 'name: [other name]', or 'name: []'"
                continue
            for name in (condition, *others):
                owner = owners.setdefault(_plain(name), condition)
                if owner != condition:
                    yield f"{condition} has the name '{name}', which {owner} has already", "keep it once"


def _are_names(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) and value.strip() for value in values)
