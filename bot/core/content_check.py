"""The rules that every topic file keeps, each fault with its cure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from bot.core.errors import Fault
from bot.core.normal import normalise
from bot.core.reading import reading_grade, word_count
from bot.core.topics import HANDOFF_CHOICES, Topic, load_yaml, read_topics

EXAMPLES_AT_LEAST = 18
HOLDOUTS_AT_LEAST = 4
WORDS = (60, 160)
GRADE_AT_MOST = 8.0
TITLE_AT_MOST = 60


@dataclass(frozen=True)
class Claim:
    """Something that no answer may say."""

    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    what: str
    cure: str

    def is_in(self, sentence: str) -> bool:
        """Whether a sentence makes this claim."""
        return bool(self.pattern.search(sentence)) and not (self.unless and self.unless.search(sentence))


@dataclass(frozen=True)
class Rulebook:
    """What topics are checked against."""

    disclaimers: Mapping[str, str]
    publishers: Mapping[str, Sequence[str]]
    claims: Sequence[Claim]

    @classmethod
    def load(cls, content: Path) -> Rulebook:
        """Read `disclaimers.yml`, `publishers.yml` and `claims.yml`."""
        return cls(
            disclaimers=load_yaml(content / "disclaimers.yml")["disclaimers"],
            publishers={p["name"]: p["hosts"] for p in load_yaml(content / "publishers.yml")["publishers"]},
            claims=[_claim(row) for row in load_yaml(content / "claims.yml")["claims"]],
        )


def _claim(row: Mapping[str, Any]) -> Claim:
    unless = re.compile(row["unless"], re.IGNORECASE) if row.get("unless") else None
    return Claim(re.compile(row["pattern"], re.IGNORECASE), unless, row["what"], row["cure"])


def check_topics(
    folder: Path,
    rules: Rulebook,
    *,
    today: date,
    trips_red_flag: Callable[[str], str | None],
    other_texts: Mapping[str, Iterable[str]] | None = None,
) -> list[Fault]:
    """All faults of all topic files.

    `trips_red_flag` gives the id of the red flag that a text sets off; `other_texts` are the training texts of other
    files by place, so that no wording is trained twice.
    """
    topics, faults = read_topics(folder)
    ids = {topic.id for topic in topics}
    titles: dict[str, list[str]] = defaultdict(list)
    for topic in topics:
        titles[normalise(topic.title)].append(topic.id)
        faults += check_topic(topic, rules, ids=ids, today=today, trips_red_flag=trips_red_flag)
    for owners in titles.values():
        if len(owners) > 1:
            faults.append(Fault(str(folder), f"{' and '.join(owners)} share one title", "give each its own"))
    faults += _texts_twice(topics, other_texts or {})
    return sorted(set(faults))


def check_topic(
    topic: Topic, rules: Rulebook, *, ids: set[str], today: date, trips_red_flag: Callable[[str], str | None]
) -> list[Fault]:
    """All faults of one topic."""
    faults: list[Fault] = []

    def fault(what: str, cure: str) -> None:
        faults.append(Fault(str(topic.path), what, cure))

    if len(topic.title) > TITLE_AT_MOST:
        fault(f"the title has {len(topic.title)} characters", f"at most {TITLE_AT_MOST}, so that it fits a button")
    if topic.disclaimer not in rules.disclaimers:
        fault(f"there is no disclaimer '{topic.disclaimer}'", f"use one of {', '.join(rules.disclaimers)}")
    if topic.handoff not in HANDOFF_CHOICES:
        fault(f"handoff is '{topic.handoff}'", f"use one of {', '.join(HANDOFF_CHOICES)}")
    if topic.review.status == "approved" and not (topic.review.by and topic.review.on):
        fault("approved by nobody", "approval is a clinician's act in the console; write status: draft")
    if topic.review.is_overdue(today):
        fault(f"its review was due on {topic.review.due}", "have a clinician look at it again")
    if topic.as_of and topic.as_of > today:
        fault(f"as_of lies in the future ({topic.as_of})", "give the day on which the facts were known")
    for related in topic.related:
        if related not in ids:
            fault(f"related topic {related} does not exist", "write it first, or take it out of 'related'")
        if related == topic.id:
            fault("it is related to itself", "take it out of 'related'")
    faults += _check_sources(topic, rules)
    faults += _check_answer(topic, rules)
    faults += _check_texts(topic, trips_red_flag)
    return faults


def _check_sources(topic: Topic, rules: Rulebook) -> list[Fault]:
    faults = []
    if not topic.sources:
        faults.append(Fault(str(topic.path), "it has no sources", "cite at least one of content/publishers.yml"))
    for source in topic.sources:
        url = urlparse(source.url)
        hosts = rules.publishers.get(source.publisher)
        if url.scheme != "https" or not url.hostname:
            faults.append(Fault(str(topic.path), f"source {source.url} is not https", "give its https address"))
        elif hosts is None:
            cure = "cite one of content/publishers.yml"
            faults.append(Fault(str(topic.path), f"publisher '{source.publisher}' is not on the list", cure))
        elif not any(url.hostname == host or url.hostname.endswith(f".{host}") for host in hosts):
            cure = f"cite an address on {', '.join(hosts)}"
            faults.append(Fault(str(topic.path), f"{source.url} is not {source.publisher}'s", cure))
    return faults


def _check_answer(topic: Topic, rules: Rulebook) -> list[Fault]:
    faults = []
    words = word_count(topic.answer)
    if not WORDS[0] <= words <= WORDS[1]:
        faults.append(Fault(str(topic.path), f"the answer has {words} words", f"make it {WORDS[0]} to {WORDS[1]}"))
    grade = reading_grade(topic.answer)
    if grade > GRADE_AT_MOST:
        cure = f"at most {GRADE_AT_MOST:g}: shorter sentences, everyday words"
        faults.append(Fault(str(topic.path), f"the answer reads at grade {grade:.1f}", cure))
    for sentence in re.split(r"(?<=[.?!])\s+|\n+", topic.answer):
        for claim in rules.claims:
            if claim.is_in(sentence):
                faults.append(Fault(str(topic.path), f"the answer has {claim.what} ('{sentence[:70]}')", claim.cure))
    return faults


def _check_texts(topic: Topic, trips_red_flag: Callable[[str], str | None]) -> list[Fault]:
    faults = []
    if len(topic.examples) < EXAMPLES_AT_LEAST:
        cure = f"write at least {EXAMPLES_AT_LEAST} in different voices"
        faults.append(Fault(str(topic.path), f"it has {len(topic.examples)} examples", cure))
    if len(topic.holdout) < HOLDOUTS_AT_LEAST:
        cure = f"write at least {HOLDOUTS_AT_LEAST} that are never trained on"
        faults.append(Fault(str(topic.path), f"it has {len(topic.holdout)} holdouts", cure))
    for text in (*topic.examples, *topic.holdout):
        if set(text) & set("{}[]"):
            faults.append(Fault(str(topic.path), f"'{text[:60]}' has a bracket or brace", "write it without"))
        flag = trips_red_flag(text)
        if flag:
            cure = "reword it as a general question, or move it to the red flag"
            faults.append(Fault(str(topic.path), f"'{text[:80]}' sets off {flag}", cure))
    return faults


def _texts_twice(topics: Sequence[Topic], other_texts: Mapping[str, Iterable[str]]) -> list[Fault]:
    owners: dict[str, list[str]] = defaultdict(list)
    for topic in topics:
        for text in (*topic.examples, *topic.holdout):
            owners[normalise(text)].append(str(topic.path))
    for place, texts in other_texts.items():
        for text in texts:
            owners[normalise(text)].append(place)
    cure = "keep it in one of them, where it fits best"
    return [
        Fault(places[0], f"'{text[:60]}' stands again in {places[1]}", cure)
        for text, places in owners.items()
        if len(places) > 1
    ]
