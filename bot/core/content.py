"""Where the content lies, and the check over all of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path

from bot.core.content_check import Rulebook, check_topics
from bot.core.errors import Fault, FaultsError
from bot.core.red_flags import RedFlagRules
from bot.core.settings import ROOT
from bot.core.topics import Topics, example_lines, load_topics, load_yaml
from bot.core.vocabulary import Vocabulary

TOPICS_DIR = ROOT / "data" / "nlu" / "faq"
NLU_DIR = ROOT / "data" / "nlu"
CONTENT_DIR = ROOT / "content"


@lru_cache(maxsize=1)
def all_topics() -> Topics:
    """Every topic of the checkout, read once a process."""
    return load_topics(TOPICS_DIR)


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The SMA vocabulary of content/, read once a process."""
    return Vocabulary.load(CONTENT_DIR / "vocabulary.yml")


@lru_cache(maxsize=1)
def red_flag_rules() -> RedFlagRules:
    """The rules of content/, read once a process."""
    return RedFlagRules.load(CONTENT_DIR / "red_flags.yml")


def other_texts() -> dict[str, list[str]]:
    """Training texts that belong to no topic, by file."""
    texts: dict[str, list[str]] = {}
    for path in sorted(NLU_DIR.glob("*.yml")):
        blocks = load_yaml(path).get("nlu") or []
        texts[str(path)] = [line for block in blocks for line in example_lines(block.get("examples"))]
    return texts


def check_content(*, today: date) -> list[Fault]:
    """Everything that is wrong with any content file, each with its cure."""
    faults: list[Fault] = []
    trips_red_flag: Callable[[str], str | None] = lambda text: None  # noqa: E731 - replaced when the rules load
    try:
        found = red_flag_rules().find

        def trips_red_flag(text: str) -> str | None:
            flag = found(text)
            return flag.id if flag else None

    except FaultsError as error:
        faults += error.faults
    faults += check_topics(
        TOPICS_DIR,
        Rulebook.load(CONTENT_DIR),
        today=today,
        trips_red_flag=trips_red_flag,
        other_texts=other_texts(),
    )
    return faults


def relative(place: str, *, root: Path = ROOT) -> str:
    """A place as a person in the checkout would name it."""
    return place.replace(f"{root}/", "")
