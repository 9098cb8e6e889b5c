"""The languages other than English that people write in, and what to say to them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.errors import Fault, FaultsError
from bot.core.normal import normalise
from bot.core.topics import load_yaml

CODE = re.compile(r"[a-z]{2}")
TEXTS = ("name", "native", "reply", "human_button")
KEYS = {"code", "rtl", "words", "alone", "checked", *TEXTS}


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
        self,
        languages: Sequence[Language],
        *,
        others: Mapping[str, frozenset[str]],
        english: frozenset[str],
        names: frozenset[str] = frozenset(),
    ) -> None:
        self._by_code = {language.code: language for language in languages}
        self.others = dict(others)
        """Words of languages without a text of their own, by code."""
        self.english = english
        """Common English words."""
        self.names = names
        """Words that say nothing about the language of a message."""

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
            names=_normal(data["names"]),
        )


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
    for key in ("languages", "others", "english", "names"):
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
    for word in (*data["english"], *data["names"]):
        if not isinstance(word, str):
            yield f"the file has the word {word!r}, which YAML does not read as text", "put it in quotes"
