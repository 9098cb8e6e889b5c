"""How hard an answer is to read (Flesch-Kincaid grade, Kincaid et al. 1975, as textstat computes it)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import textstat

# Left out of the score: a reader has to learn these names in any case, and each is explained once.
NAMES = (
    "nusinersen", "spinraza", "risdiplam", "evrysdi", "onasemnogene", "abeparvovec", "zolgensma", "itvisma",
    "apitegromab", "taldefgrobep", "emugrobart", "salanersen", "physiotherapy", "physiotherapist",
    "physiotherapists", "spinal muscular atrophy", "prednisolone", "salbutamol", "albuterol", "pyridostigmine",
    "clinicaltrials.gov",
)  # fmt: skip


def reading_grade(text: str, *, names: Iterable[str] = NAMES) -> float:
    """US school grade needed to read the text; drug names are left out."""
    pattern = r"\b(" + "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) + r")\b"
    bare = re.sub(r"https?://\S+", "", re.sub(pattern, "", text, flags=re.IGNORECASE))
    # An item of a list is read as a sentence of its own.
    lines = [re.sub(r"^\s*- ", "", line).strip() for line in bare.splitlines()]
    joined = " ".join(line if line.endswith((".", "?", ":")) else f"{line}." for line in lines if line)
    return float(textstat.flesch_kincaid_grade(joined))


def word_count(text: str) -> int:
    """Words as a reader counts them."""
    return len(re.findall(r"[\w'’-]+", text))
