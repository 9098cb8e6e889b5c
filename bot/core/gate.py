"""The gate: from probabilities to what is done with a message. Chosen by cost, not by accuracy.

A wrong answer given confidently costs far more than "did you mean A, B or C?", and that costs more than a right answer.
Red flags are not decided here: they come after the gate and have the last word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

TOPIC_GROUP = "faq"
MOST_CHOICES = 3
LEAST_CHOICE = 0.03
"""A less likely topic is not offered."""


class Intent(str, Enum):
    """What the rules in data/rules/ see; a closed set."""

    FAQ = "faq"
    CLARIFY = "clarify"
    UNSURE = "unsure"
    OUT_OF_SCOPE = "out_of_scope"
    CLINICAL_DECISION = "clinical_decision"
    SMALL_TALK = "small_talk"
    REQUESTS = "requests"
    OTHER_LANGUAGE = "other_language"
    WHICH_SMA = "which_sma"
    BAD_INPUT = "bad_input"
    EMERGENCY = "emergency"
    CRISIS = "crisis"
    TO_STAFF = "to_staff"


@dataclass(frozen=True)
class Thresholds:
    """Set in config.yml, each with its reason there."""

    answer: float = 0.50
    """A topic is answered from this probability on."""
    margin: float = 0.15
    """… if it leads the next topic by this much, or by `clear` probability."""
    clear: float = 0.70
    clarify: float = 0.35
    """Two or three topics are offered when they hold this much together."""
    refuse: float = 0.31
    """A decision about one person is refused from this probability of the group on."""
    out_of_scope: float = 0.30
    small_talk: float = 0.50
    follow_up: float = 0.40
    """After an answer, a short message is answered from this probability on."""


@dataclass(frozen=True)
class Decision:
    """What the gate made of a message."""

    intent: Intent
    label: str | None = None
    """The full label that won, for example `clinical_decision/dose`."""
    topic: str | None = None
    choices: Sequence[str] = ()
    """Topics offered by `clarify`, best first."""
    confidence: float = 0.0
    via: str = "labels"
    """labels | context | glossary | language | input | name"""
    detail: str | None = None
    """Glossary term, language code or kind of bad input."""
    subject: str | None = None
    """Vocabulary entry that the message is about."""

    def as_json(self) -> dict[str, Any]:
        """For a message's parse data."""
        data = asdict(self)
        data["intent"] = self.intent.value
        data["choices"] = list(self.choices)
        data["confidence"] = round(self.confidence, 4)
        return {key: value for key, value in data.items() if value not in (None, [], ())}


@dataclass(frozen=True)
class Ranking:
    """Labels with their calibrated probabilities, best first, and the sums of their groups."""

    labels: Sequence[tuple[str, float]]
    groups: Mapping[str, float] = field(default_factory=dict)

    def topics(self) -> list[tuple[str, float]]:
        """Only the topics, best first."""
        return [(name.split("/", 1)[1], p) for name, p in self.labels if name.startswith(f"{TOPIC_GROUP}/")]

    def best_of(self, group: str) -> str | None:
        """The best label of a group among those that were kept."""
        return next((name for name, _ in self.labels if name.split("/", 1)[0] == group), None)


def decide(ranking: Ranking, thresholds: Thresholds) -> Decision:
    """What to do with a message that stands alone and is in English."""
    groups = ranking.groups
    topics = ranking.topics()
    topic_mass = groups.get(TOPIC_GROUP, 0.0)
    best, p_best = topics[0] if topics else (None, 0.0)
    p_next = topics[1][1] if len(topics) > 1 else 0.0

    for group, threshold in (
        (Intent.CLINICAL_DECISION, thresholds.refuse),
        (Intent.OUT_OF_SCOPE, thresholds.out_of_scope),
        (Intent.REQUESTS, thresholds.small_talk),
        (Intent.SMALL_TALK, thresholds.small_talk),
    ):
        p_group = groups.get(group.value, 0.0)
        label = ranking.best_of(group.value)
        if p_group >= threshold and label:
            return Decision(group, label=label, confidence=p_group)
    if best and p_best >= thresholds.answer and (p_best >= thresholds.clear or p_best - p_next >= thresholds.margin):
        return Decision(Intent.FAQ, label=f"{TOPIC_GROUP}/{best}", topic=best, confidence=p_best)
    leading = max(groups.items(), key=lambda item: item[1], default=("", 0.0))
    if topic_mass >= thresholds.clarify and topics:
        choices = [topic for topic, p in topics[:MOST_CHOICES] if p >= LEAST_CHOICE] or [topics[0][0]]
        return Decision(Intent.CLARIFY, choices=choices, confidence=p_best)
    if leading[0] in (Intent.CLINICAL_DECISION.value, Intent.OUT_OF_SCOPE.value):
        label = ranking.best_of(leading[0])
        if label:
            return Decision(Intent(leading[0]), label=label, confidence=leading[1])
    return Decision(Intent.UNSURE, choices=[topic for topic, _ in topics[:MOST_CHOICES]], confidence=p_best)


def in_context(plain: Decision, ranking: Ranking, choices: Sequence[tuple[str, float]], t: Thresholds) -> Decision:
    """What a short message means after an answer.

    `plain` and `ranking` are what it means alone; `choices` are topics and groups with their probabilities in the
    conversation, best first (bot.nlu.follow_up_model).
    """
    if plain.intent is Intent.CLINICAL_DECISION and plain.confidence >= t.clear:
        return plain  # what is a decision about one person by itself stays one
    best, p_best = choices[0]
    if "." not in best:
        label = ranking.best_of(best)
        return Decision(Intent(best), label=label, confidence=p_best, via="context") if label else plain
    if plain.intent is Intent.FAQ and plain.topic == best:
        return plain
    if p_best >= t.follow_up:
        return Decision(Intent.FAQ, label=f"{TOPIC_GROUP}/{best}", topic=best, confidence=p_best, via="context")
    topics = [choice for choice, p in choices if "." in choice and p >= LEAST_CHOICE][:MOST_CHOICES]
    return Decision(Intent.CLARIFY, choices=topics or [best], confidence=p_best, via="context")
