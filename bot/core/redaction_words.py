"""Which words are names, and which only look like names: the lists behind bot/core/redaction_names.py."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.core.content import CONTENT_DIR, all_topics, other_texts
from bot.core.glossary import Glossary
from bot.core.phrases import Phrases, fold
from bot.core.topics import load_yaml
from bot.core.vocabulary import Vocabulary

_WORD = re.compile(r"[^\W\d_]+")
_HEADS = ("[names]", "[also words]")


@dataclass(frozen=True)
class NameWords:
    """Everything folded: lower case, no accents."""

    names: frozenset[str]
    """First names that are nothing else."""
    also_words: frozenset[str]
    """First names that are everyday words as well."""
    ordinary: frozenset[str]
    """Words that topics and questions write in lower case."""
    medical: Phrases[str]
    """Medicines, equipment and the terms of the glossary: never a name, whatever stands before them."""
    look_alikes: Phrases[str]
    """Eponyms, nationalities and the like: a name only where something says so."""

    @classmethod
    def load(cls, content: Path = CONTENT_DIR) -> NameWords:
        """From content/; reads every topic, which takes about half a second."""
        text = (content / "redaction" / "first_names.txt").read_text(encoding="utf-8")
        names, also_words = (_section(text, head) for head in _HEADS)
        lists = load_yaml(content / "redaction" / "protected.yml")
        medical = [*lists["medicines"]]
        medical += [s for entry in Vocabulary.load(content / "vocabulary.yml").entries for s in entry.synonyms]
        for term in Glossary.load(content / "glossary.yml").terms:
            medical += [term.term, *term.aliases]
        look_alikes = [*lists["eponyms"], *lists["others"]]
        ordinary = _ordinary() - names
        return cls(names, also_words, ordinary, *(Phrases((w, w) for w in group) for group in (medical, look_alikes)))

    def is_ordinary(self, word: str) -> bool:
        """Whether it is a word of the language, however it is written here."""
        folded = fold(word)
        return folded in self.ordinary or (folded.endswith("s") and folded[:-1] in self.ordinary)

    def is_name(self, word: str) -> bool:
        """Whether it can only be a first name."""
        folded = fold(word)
        return folded in self.names or folded.split("-")[0] in self.names

    def may_be_name(self, word: str) -> bool:
        """Whether it is on the list at all."""
        folded = fold(word)
        return folded in self.names or folded in self.also_words


@lru_cache(maxsize=1)
def name_words() -> NameWords:
    """Loaded once a process."""
    return NameWords.load()


def _section(text: str, head: str) -> frozenset[str]:
    body = text.split(head, 1)[1]
    for other in _HEADS:
        body = body.split(other, 1)[0]
    return frozenset(fold(word) for word in body.split())


def _ordinary() -> frozenset[str]:
    """Lower-case words of all texts; a name in an example stands with a capital or on the list of names."""
    texts: list[str] = []
    for topic in all_topics().values():
        texts += [topic.answer, topic.title, *topic.examples, *topic.holdout]
    for lines in other_texts().values():
        texts += lines
    for row in load_yaml(CONTENT_DIR / "replies.yml").values():
        texts.append(str(row["text"]))
    return frozenset(_lower_words(texts))


def _lower_words(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        for word in _WORD.findall(text):
            if word.islower():
                yield fold(word)
