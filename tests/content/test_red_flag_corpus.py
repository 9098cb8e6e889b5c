"""A large corpus of messages: everything that must alarm does, and nothing else does."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.core.red_flags import FlagKind, RedFlagRules
from bot.core.settings import ROOT

HERE = Path(__file__).parent
CONTENT = HERE.parents[1] / "content" / "red_flags.yml"
RULES = RedFlagRules.load(CONTENT)


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


POSITIVES = _read(ROOT / "data" / "red_flags" / "positives.yml")
NEGATIVES = _read(ROOT / "data" / "red_flags" / "negatives.yml")
LANGUAGES = _read(CONTENT)["languages"]

KNOWN_MISSES: frozenset[str] = frozenset()
"""Messages that ought to alarm and do not yet. They must still miss: a cured one leaves the list."""
KNOWN_FALSE_ALARMS: frozenset[str] = frozenset()
"""Messages that ought not to alarm and still do. Kept few: a false alarm costs little."""


@pytest.mark.parametrize("flag_id", POSITIVES)
def test_positives_alarm(flag_id: str) -> None:
    texts = [str(text) for text in POSITIVES[flag_id]]
    assert len(texts) >= 60
    missed = {text for text in texts if RULES.find(text) is None}
    assert missed == KNOWN_MISSES.intersection(texts)


@pytest.mark.parametrize("flag_id", POSITIVES)
def test_positives_get_the_right_kind_of_message(flag_id: str) -> None:
    due = FlagKind.CRISIS if flag_id == "rf.selfharm" else FlagKind.EMERGENCY
    found = {str(text): RULES.find(str(text)) for text in POSITIVES[flag_id]}
    assert not {text: flag.id for text, flag in found.items() if flag is not None and flag.kind is not due}


@pytest.mark.parametrize("flag_id", NEGATIVES)
def test_hard_negatives_stay_silent(flag_id: str) -> None:
    texts = [str(text) for text in NEGATIVES[flag_id]]
    assert len(texts) >= 40
    alarmed = {text: flag.id for text in texts if (flag := RULES.find(text)) is not None}
    assert alarmed.keys() == KNOWN_FALSE_ALARMS.intersection(texts), alarmed


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_phrases_of_other_languages_alarm(language: str) -> None:
    """With and without accents, in capitals too; a crisis phrase gets the crisis text."""
    missed = []
    for flag_id, phrases in LANGUAGES[language].items():
        for phrase in phrases:
            plain = " ".join(part for part in phrase.replace("*", "").split() if not part.startswith("."))
            for text in (plain, plain.upper(), f"Help! {plain}!!"):
                found = RULES.find(text)
                if found is None or (found.kind is FlagKind.CRISIS) != (flag_id == "rf.selfharm"):
                    missed.append((flag_id, text, found and found.id))
    assert not missed
    assert sum(map(len, LANGUAGES[language].values())) >= 10
