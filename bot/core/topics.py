"""Topics: the curated texts, read from one YAML file each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.core.errors import Fault, FaultsError
from bot.core.replies import Source

try:  # the C parser is about ten times faster; PyYAML's wheels bring it, a build from source may not
    from yaml import CSafeLoader as Loader
except ImportError:  # pragma: no cover
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

INTENT_PREFIX = "faq/"
TOPIC_KEYS = {"title", "review", "disclaimer", "handoff", "as_of", "related", "sources", "holdout"}
HANDOFF_CHOICES = ("never", "offer", "always")
REVIEW_STATUSES = ("draft", "approved")

CATEGORY_TITLES: Mapping[str, str] = {
    "about": "About SMA",
    "genetics": "Genes, carriers and screening",
    "diagnosis": "Signs and diagnosis",
    "types": "Types of SMA",
    "treatments": "Approved treatments",
    "emerging": "Research and new treatments",
    "stem_cells": "Stem cells",
    "rehabilitation": "Physiotherapy, equipment and movement",
    "breathing": "Breathing",
    "nutrition": "Feeding and the gut",
    "orthopaedic": "Spine, hips and bones",
    "medical_safety": "Staying safe: vaccines, surgery, illness",
    "daily_life": "School, home and travel",
    "adults": "Teenagers and adults",
    "emotional": "Feelings and family",
    "access": "Cost, funding and help at home",
    "palliative": "Palliative care",
    "experts": "Centres, registries and trustworthy information",
}


@dataclass(frozen=True)
class Review:
    """Who looked at a text, and until when that holds."""

    status: str
    by: str | None
    on: date | None
    due: date

    def is_overdue(self, today: date) -> bool:
        """Whether the text should have been looked at again."""
        return today > self.due


@dataclass(frozen=True)
class Topic:
    """One thing that people ask about, with its answer."""

    id: str
    title: str
    answer: str
    disclaimer: str
    handoff: str
    review: Review
    sources: Sequence[Source]
    related: Sequence[str]
    examples: Sequence[str]
    holdout: Sequence[str]
    as_of: date | None
    path: Path

    @property
    def category(self) -> str:
        """The part of the id before the dot."""
        return self.id.split(".", 1)[0]

    @property
    def version(self) -> str:
        """Changes whenever what a reader sees changes; an approval holds for one version only."""
        shown = [self.title, self.answer, self.disclaimer, [vars(s) for s in self.sources], str(self.as_of)]
        return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()[:12]


class Topics(Mapping[str, Topic]):
    """All topics by id, in the order of their ids."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._by_id = {topic.id: topic for topic in sorted(topics, key=lambda topic: topic.id)}

    def __getitem__(self, topic_id: str) -> Topic:
        return self._by_id[topic_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def categories(self) -> Mapping[str, Sequence[Topic]]:
        """Topics by category, in the order of `CATEGORY_TITLES`."""
        order = [*CATEGORY_TITLES, *sorted({t.category for t in self.values()} - set(CATEGORY_TITLES))]
        found = {name: [t for t in self.values() if t.category == name] for name in order}
        return {name: topics for name, topics in found.items() if topics}


def load_yaml(path: Path) -> Any:
    """Parse one YAML file; a fault says where in the file it is."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise FaultsError([Fault(str(path), f"not valid YAML{line}: {problem}", "mend that line")]) from error
    except OSError as error:
        raise FaultsError(
            [Fault(str(path), f"cannot be opened: {error.strerror}", "check that it is there")]
        ) from error


def example_lines(block: Any) -> list[str]:
    """The examples of Rasa's `|` block, one a line."""
    lines = (line.strip() for line in str(block or "").splitlines())
    return [line[2:].strip() for line in lines if line.startswith("- ")]


def parse_topic(path: Path, data: Any) -> Topic:
    """One topic from its parsed file. Raises FaultsError with everything that keeps it from being read."""
    where = str(path)
    faults: list[Fault] = []
    topic_id = f"{path.parent.name}.{path.stem}"
    data = data if isinstance(data, dict) else {}
    head = data.get("topic")
    if not isinstance(head, dict):
        raise FaultsError([Fault(where, "has no 'topic:' block", "start from 'python -m bot new-topic'")])
    for key in sorted(set(head) - TOPIC_KEYS):
        faults.append(Fault(where, f"topic has an unknown key '{key}'", f"use {', '.join(sorted(TOPIC_KEYS))}"))
    for key in sorted(TOPIC_KEYS - {"as_of"} - set(head)):
        faults.append(Fault(where, f"topic has no '{key}'", f"add '{key}:' as in any other topic"))
    intent = INTENT_PREFIX + topic_id
    intents = data.get("nlu") or [{}]
    if len(intents) != 1 or not isinstance(intents[0], dict) or intents[0].get("intent") != intent:
        found = intents[0].get("intent") if isinstance(intents[0], dict) else None
        faults.append(Fault(where, f"intent is {found}", f"name it {intent} like the file, and keep one intent a file"))
    response: Any = (data.get("responses") or {}).get(f"utter_{intent}")
    if not response or len(data["responses"]) != 1 or len(response) != 1 or not response[0].get("text"):
        faults.append(Fault(where, f"there is not exactly one text for utter_{intent}", "one topic has one wording"))
    review: dict[str, Any] = head["review"] if isinstance(head.get("review"), dict) else {}
    if review.get("status") not in REVIEW_STATUSES or not isinstance(review.get("due"), date):
        faults.append(Fault(where, "review is not complete", "write {status: draft, by: null, on: null, due: <date>}"))
    sources = []
    for number, source in enumerate(head.get("sources") or [], start=1):
        try:
            fields = {key: value for key, value in source.items() if key != "confirm"}
            sources.append(Source(**fields))
        except (AttributeError, TypeError):
            faults.append(Fault(where, f"source {number} is not complete", "write title, publisher, url and a year"))
    if faults:
        raise FaultsError(faults)
    return Topic(
        id=topic_id,
        title=str(head["title"]).strip(),
        answer=str(response[0]["text"]).strip(),
        disclaimer=str(head["disclaimer"]),
        handoff=str(head["handoff"]),
        review=Review(review["status"], review.get("by"), review.get("on"), review["due"]),
        sources=tuple(sources),
        related=tuple(head.get("related") or ()),
        examples=tuple(example_lines(intents[0].get("examples"))),
        holdout=tuple(str(text) for text in head.get("holdout") or ()),
        as_of=head.get("as_of"),
        path=path,
    )


def load_topics(folder: Path) -> Topics:
    """Every topic under a folder `<category>/<topic>.yml`. Raises FaultsError with all faults of all files."""
    topics, faults = read_topics(folder)
    if faults:
        raise FaultsError(faults)
    return Topics(topics)


def read_topics(folder: Path) -> tuple[list[Topic], list[Fault]]:
    """The topics that can be read, and what is wrong with the others."""
    topics: list[Topic] = []
    faults: list[Fault] = []
    for path in sorted(folder.glob("*/*.yml")):
        try:
            topics.append(parse_topic(path, load_yaml(path)))
        except FaultsError as error:
            faults.extend(error.faults)
    if not topics and not faults:
        faults.append(Fault(str(folder), "holds no topics", "restore the folder data/nlu/faq of the project"))
    return topics, faults
