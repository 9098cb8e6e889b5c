"""Examples of emergencies in oblique words, and how a long message is cut for the model that learns from them.

data/red_flags/ holds positives (happening now) and negatives (past, hypothetical, informational, metaphor). The
model (bot.nlu.message_model) is joined to the rules by "or": it can never take an alarm back.
"""

from __future__ import annotations

import re
from pathlib import Path

from bot.core.normal import clean
from bot.core.settings import ROOT
from bot.core.topics import load_yaml
from bot.nlu.follow_up_model import follow_up_examples
from bot.nlu.message_model import NO_FLAG

EXAMPLES = ROOT / "data" / "red_flags"
LONG_WORDS = 25
"""A longer message is looked at sentence by sentence as well: the sign may be buried in a polite letter."""
MOST_SENTENCES = 10


def alarm_examples(folder: Path = EXAMPLES) -> tuple[list[str], list[str]]:
    """Texts and their flag ids (`none` for the negatives and for data/follow_ups/)."""
    texts: list[str] = []
    flags: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        for flag, rows in load_yaml(path).items():
            texts += [clean(str(row)) for row in rows]
            flags += [NO_FLAG if path.stem.startswith("negatives") else str(flag)] * len(rows)
    # What is said after an answer is short, and short words are what a model knows least: "is she awake for it?"
    after_an_answer = dict.fromkeys(row.then for row in follow_up_examples())
    return [*texts, *after_an_answer], [*flags, *[NO_FLAG] * len(after_an_answer)]


def parts(text: str) -> list[str]:
    """The message, and its sentences when it is long."""
    if len(text.split()) <= LONG_WORDS:
        return [text]
    sentences = [part.strip() for part in re.split(r"(?<=[.?!])\s+|\n+|,\s+(?=and|but|now|he|she|my)", text)]
    kept = list(dict.fromkeys(part for part in sentences if len(part.split()) >= 4))
    # People put the urgent part first or last.
    return [
        text,
        *(kept if len(kept) <= MOST_SENTENCES else kept[: MOST_SENTENCES // 2] + kept[-MOST_SENTENCES // 2 :]),
    ]
