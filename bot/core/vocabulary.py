"""The words people use for medicines, equipment, tests and the like, and where they stand in a text.

One file of synonyms (``content/vocabulary.yml``) serves two readers: the entity rules of the NLU pipeline
(`Vocabulary.patterns`) and everything that must know "what was this about" without a language model
(`Vocabulary.find`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from bot.core.errors import Fault, FaultsError
from bot.core.phrases import Phrases, folded_words, with_plural
from bot.core.topics import load_yaml

ENTRY_ID = re.compile(r"[a-z][a-z0-9_]*")
SYNONYM = re.compile(r"[^\W_]+(?:[ \-][^\W_]+)*")
TOPIC_ID = re.compile(r"[a-z_]+\.[a-z0-9_]+")
KEYS = {"id", "label", "group", "synonyms", "topics"}


class Group(str, Enum):
    """What kind of thing an entry names; also the entity label in the NLU pipeline."""

    MEDICINE = "medicine"
    THERAPY = "therapy"
    EQUIPMENT = "equipment"
    BODY_FUNCTION = "body_function"
    AGE_GROUP = "age_group"
    SMA_TYPE = "sma_type"
    PROCEDURE = "procedure"
    TEST = "test"
    ORGANISATION = "organisation"


@dataclass(frozen=True)
class Entry:
    """One thing with all the names people give it."""

    id: str
    label: str
    """The name to show to a person."""
    group: Group
    synonyms: tuple[str, ...]
    topics: tuple[str, ...] = ()
    """Ids of the topics that are about it, best first."""


@dataclass(frozen=True)
class Mention:
    """A place in a text where an entry is named."""

    group: Group
    id: str
    label: str
    start: int
    """Offset of the first character in the text as it was given."""
    end: int
    text: str
    """The words as they were written."""


class Vocabulary:
    """All entries, ready to be found in a text."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self._by_id = {entry.id: entry for entry in self.entries}
        self._phrases = Phrases((synonym, entry) for entry in self.entries for synonym in entry.synonyms)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read and check the file. Raises `FaultsError` that names every fault and its cure."""
        data = load_yaml(path)
        rows = data.get("vocabulary") if isinstance(data, Mapping) else None
        if not isinstance(rows, list):
            raise FaultsError([Fault(str(path), "has no list called 'vocabulary'", "put the entries under that key")])
        faults = [Fault(str(path), what, cure) for what, cure in _faults(rows)]
        if faults:
            raise FaultsError(faults)
        return cls([_entry(row) for row in rows])

    def get(self, entry_id: str) -> Entry | None:
        """The entry with this id, or None."""
        return self._by_id.get(entry_id)

    def find(self, text: str) -> tuple[Mention, ...]:
        """Every mention in the text, in order of place. Whole words only; the longest name at a place wins."""
        return tuple(
            Mention(found.value.group, found.value.id, found.value.label, found.start, found.end, found.text)
            for found in self._phrases.find(text)
        )

    def patterns(self) -> list[dict[str, str]]:
        """Patterns for a spaCy EntityRuler: label = group, id = entry id.

        They are phrases, not token patterns: on 1,900 names the phrase matcher took 0.6 ms a message, token patterns
        38 ms. The ruler must compare in lower case: `config={"phrase_matcher_attr": "LOWER"}`.
        """
        return [
            {"label": entry.group.value, "id": entry.id, "pattern": spelling}
            for entry in self.entries
            for synonym in entry.synonyms
            for spelling in _spellings(synonym)
        ]


def _spellings(synonym: str) -> Iterator[str]:
    """The synonym and its plural, each joint once with a space and once with a hyphen."""
    words = folded_words(synonym)
    for form in (words, with_plural(words)):
        if form:
            for joints in itertools.product(" -", repeat=len(form) - 1):
                yield "".join(itertools.chain(*itertools.zip_longest(form, joints, fillvalue="")))


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        id=row["id"],
        label=row["label"],
        group=Group(row["group"]),
        synonyms=tuple(row["synonyms"]),
        topics=tuple(row.get("topics", ())),
    )


def _faults(rows: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with the rows, each with its cure."""
    groups = [group.value for group in Group]
    ids: set[str] = set()
    owners: dict[tuple[str, ...], str] = {}
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            yield f"entry {number} is not a mapping", "write id, label, group and synonyms"
            continue
        name = row.get("id")
        if not isinstance(name, str) or not ENTRY_ID.fullmatch(name):
            yield f"entry {number} has no proper id", "use lower-case letters, digits and underscores"
            name = f"entry {number}"
        elif name in ids:
            yield f"{name} occurs twice", "merge the two entries or rename one"
        ids.add(name)
        for key in sorted(set(map(str, row)) - KEYS):
            yield f"{name} has an unknown key '{key}'", f"use {', '.join(sorted(KEYS))}"
        if not isinstance(row.get("label"), str) or not row["label"].strip():
            yield f"{name} has no label", "add the name to show to a person"
        if row.get("group") not in groups:
            yield f"{name} has the group '{row.get('group')}'", f"use one of {', '.join(groups)}"
        topics = row.get("topics", [])
        if not isinstance(topics, list) or not all(isinstance(t, str) and TOPIC_ID.fullmatch(t) for t in topics):
            yield f"{name} has topics that are no topic ids", "list them as category.topic"
        synonyms = row.get("synonyms")
        if not isinstance(synonyms, list) or not synonyms:
            yield f"{name} has no synonyms", "list at least one name"
            continue
        for synonym in synonyms:
            if not isinstance(synonym, str) or not SYNONYM.fullmatch(synonym):
                yield f"{name} has the synonym {synonym!r}", "use letters, digits, spaces and hyphens only, as text"
                continue
            owner = owners.get(folded_words(synonym))
            if owner:
                yield f"{name} has the synonym '{synonym}', which {owner} has already", "keep it once"
            owners.setdefault(folded_words(synonym), name)


NAMING = (Group.MEDICINE, Group.THERAPY)
"""A message that names one of these says itself what it is about."""


def named_subject(text: str, vocabulary: Vocabulary) -> str | None:
    """The medicine or therapy that a text names last."""
    found = [mention.id for mention in vocabulary.find(text) if mention.group in NAMING]
    return found[-1] if found else None
