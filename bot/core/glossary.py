"""The glossary: short explanations of the words that families meet in letters and at clinic."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapidfuzz.distance import OSA

from bot.core.definition_question import strip_question
from bot.core.errors import Fault, FaultsError
from bot.core.normal import normalise
from bot.core.phrases import Phrases
from bot.core.replies import Source
from bot.core.topics import load_yaml

TERM_ID = re.compile(r"[a-z][a-z0-9_]*")
TOPIC_ID = re.compile(r"[a-z_]+\.[a-z0-9_]+")
REQUIRED = ("id", "term", "definition", "topic", "source")
OPTIONAL = ("aliases", "not_alone", "see")
SOURCE_KEYS = {"title", "publisher", "url", "year", "confirm"}
LINKS_AT_MOST = 3
# Letters a name must have before a slip in it is forgiven: "sister" is not "sitter". A name typed on its own must be
# longer still, since nothing else says that a word is being asked about.
FUZZY_FROM = 7
FUZZY_ALONE_FROM = 8
TWO_SLIPS_FROM = 10


@dataclass(frozen=True)
class Term:
    """One word or short form with its explanation."""

    id: str
    term: str
    aliases: tuple[str, ...]
    """What people type for it, besides the term itself."""
    definition: str
    topic: str
    """The topic that treats it best."""
    see: tuple[str, ...]
    """Further topics."""
    source: Source
    not_alone: tuple[str, ...] = ()
    """Names that mean the term only inside a question: "nice" on its own is praise."""

    @property
    def names(self) -> tuple[str, ...]:
        """The term and its aliases."""
        return (self.term, *self.aliases)


class Glossary:
    """All terms, ready to be asked for."""

    def __init__(self, terms: Sequence[Term], *, lookalikes: Collection[str] = ()) -> None:
        self.terms = tuple(terms)
        self._lookalikes = {_key(word) for word in lookalikes}
        self._by_key: dict[str, Term] = {}
        self._not_alone: set[str] = set()
        for term in self.terms:
            for name in term.names:
                self._by_key.setdefault(_key(name), term)
            self._not_alone.update(_key(name) for name in term.not_alone)
        self._by_start: dict[tuple[str, str], list[tuple[str, Term]]] = {}
        for name, term in self._by_key.items():
            if len(name) >= FUZZY_FROM:
                self._by_start.setdefault((name[0], _digits(name)), []).append((name, term))
        names = [(name, term) for term in self.terms for name in term.names]
        # Short forms get the plural that Phrases does not guess: AFOs, MSCs.
        names += [(f"{name}s", term) for name, term in names if name.isupper()]
        self._links = Phrases((name, (name, term)) for name, term in names)

    @classmethod
    def load(cls, path: Path, *, topic_ids: Collection[str] | None = None) -> Glossary:
        """Read and check the file; with `topic_ids` also whether the topics named exist.

        Raises `FaultsError` that names every fault and its cure.
        """
        data = load_yaml(path)
        rows = data.get("glossary") if isinstance(data, Mapping) else None
        if not isinstance(rows, list):
            raise FaultsError([Fault(str(path), "has no list called 'glossary'", "put the terms under that key")])
        faults = [Fault(str(path), what, cure) for what, cure in _faults(rows, topic_ids)]
        if faults:
            raise FaultsError(faults)
        return cls([_term(row) for row in rows], lookalikes=data.get("lookalikes") or ())

    def asked(self, text: str) -> Term | None:
        """The term whose meaning the text asks for ("what does NIV stand for", "bipap??"), or None.

        A longer question that merely contains a term ("what is bipap like at night") is not a question for a meaning.
        """
        core, is_question = strip_question(text)
        key = _key(core)
        term = self._by_key.get(key) or self._by_key.get(_singular(key))
        if term:
            return term if is_question or key not in self._not_alone else None
        return self._nearly(key, alone=not is_question)

    def terms_in(self, text: str) -> tuple[Term, ...]:
        """The first terms that a text uses, at most three, each once. Where names overlap the longest wins."""
        used: dict[str, Term] = {}
        for found in self._links.find(text):
            name, term = found.value
            # "nice" is not NICE
            if found.text.removesuffix("s").isupper() or not name.removesuffix("s").isupper():
                used.setdefault(term.id, term)
        return tuple(used.values())[:LINKS_AT_MOST]

    def _nearly(self, key: str, *, alone: bool) -> Term | None:
        """The term whose name is a slip or two away: same first letter, same digits, no word of another meaning."""
        if len(key) < (FUZZY_ALONE_FROM if alone else FUZZY_FROM) or key in self._lookalikes:
            return None
        best: tuple[int, Term] | None = None
        for name, term in self._by_start.get((key[0], _digits(key)), ()):
            slips = 2 if min(len(name), len(key)) >= TWO_SLIPS_FROM else 1
            distance = OSA.distance(name, key, score_cutoff=slips)
            if distance <= slips and (best is None or distance < best[0]):
                best = (distance, term)
        return best[1] if best else None


def _key(name: str) -> str:
    """A name for comparison: "Bi-PAP", "bi pap" and "bipap" are one."""
    return normalise(name).replace(" ", "")


def _singular(key: str) -> str:
    if key.endswith("ies"):
        return f"{key[:-3]}y"
    return key.removesuffix("s")


def _digits(key: str) -> str:
    return "".join(character for character in key if character.isdigit())


def _term(row: Mapping[str, Any]) -> Term:
    source = {key: value for key, value in row["source"].items() if key != "confirm"}
    return Term(
        id=row["id"],
        term=row["term"],
        aliases=tuple(row.get("aliases", ())),
        definition=row["definition"],
        topic=row["topic"],
        see=tuple(row.get("see", ())),
        source=Source(**source),
        not_alone=tuple(row.get("not_alone", ())),
    )


def _faults(rows: Sequence[Any], topic_ids: Collection[str] | None) -> Iterator[tuple[str, str]]:
    """What is wrong with the rows, each with its cure."""
    ids: set[str] = set()
    owners: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            yield f"term {number} is not a mapping", f"write {', '.join(REQUIRED)}"
            continue
        name = row.get("id")
        if not isinstance(name, str) or not TERM_ID.fullmatch(name):
            yield f"term {number} has no proper id", "use lower-case letters, digits and underscores"
            name = f"term {number}"
        elif name in ids:
            yield f"{name} occurs twice", "merge the two terms or rename one"
        ids.add(name)
        yield from _field_faults(name, row)
        yield from _topic_faults(name, row, topic_ids)
        for alias in (row.get("term"), *_strings(row.get("aliases"))):
            owner = owners.setdefault(_key(str(alias)), name)
            if owner != name:
                yield f"{name} has the name '{alias}', which {owner} has already", "keep it in one of them"


def _field_faults(name: str, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in sorted(set(map(str, row)) - {*REQUIRED, *OPTIONAL}):
        yield f"{name} has an unknown key '{key}'", f"use {', '.join((*REQUIRED, *OPTIONAL))}"
    for key in ("term", "definition"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            yield f"{name} has no {key}", f"add '{key}:'"
    for key in ("aliases", "not_alone"):
        if not isinstance(row.get(key, []), list) or len(_strings(row.get(key))) != len(row.get(key, [])):
            yield f"{name} has {key} that are not a list of names", "write names in a list, numbers in quotes"
    source = row.get("source")
    if not isinstance(source, Mapping) or not {"title", "publisher", "url"} <= set(source) <= SOURCE_KEYS:
        yield f"{name} has no complete source", "write title, publisher, url and a year"


def _topic_faults(name: str, row: Mapping[str, Any], topic_ids: Collection[str] | None) -> Iterator[tuple[str, str]]:
    see = row.get("see", [])
    for topic in (row.get("topic"), *(see if isinstance(see, list) else [see])):
        if not isinstance(topic, str) or not TOPIC_ID.fullmatch(topic):
            yield f"{name} names the topic '{topic}'", "write it as category.topic"
        elif topic_ids is not None and topic not in topic_ids:
            yield f"{name} names the topic {topic}, which does not exist", "name a topic of data/nlu/faq"


def _strings(values: Any) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
