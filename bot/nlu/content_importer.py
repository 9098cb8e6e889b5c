"""Brings our content into Rasa: training examples with their labels, and the fixed emergency and crisis texts.

Rasa's own reader takes over a minute for our files and knows labels only as "retrieval intents", each with a response;
ours reads them in a second and keeps the group as the intent and the full label beside it.

The fixed texts become ordinary responses of the trained model, one variation for each red flag (chosen by the slot
`red_flag`) and one without a condition, so that no action server, no database and no file is needed when they are due.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method

from bot.core.content import CONTENT_DIR, NLU_DIR, all_topics, red_flag_rules
from bot.core.emergency import EmergencyTexts, load_emergency
from bot.core.emergency_reply import emergency_reply
from bot.core.red_flags import FlagKind, RedFlag, RedFlagRules, red_flag
from bot.core.topics import INTENT_PREFIX, example_lines, load_yaml
from bot.nlu.keys import LABEL


def emergency_responses(texts: EmergencyTexts, rules: RedFlagRules) -> dict[str, list[dict[str, Any]]]:
    """`utter_emergency` and `utter_crisis` with all their variations."""
    responses: dict[str, list[dict[str, Any]]] = {}
    for kind in FlagKind:
        flags = [red_flag(flag) for flag in rules.flags if flag.kind == kind.value]
        # The first variation has no condition: it is said whatever the slot holds.
        rows = [_row(texts, flags[0] if kind is FlagKind.CRISIS else None)]
        for flag in flags:
            rows.append({**_row(texts, flag), **_condition(flag.id)})
            if kind is FlagKind.CRISIS:
                rows.append({**_row(texts, replace(flag, harm_to_others=True)), **_condition(f"{flag.id}.others")})
        responses[f"utter_{kind.value}"] = rows
    return responses


def _row(texts: EmergencyTexts, flag: RedFlag | None) -> dict[str, Any]:
    reply = emergency_reply(texts.compose(flag))
    return {"text": reply.text, "custom": reply.payload()}


def _condition(value: str) -> dict[str, Any]:
    return {"condition": [{"type": "slot", "name": "red_flag", "value": value}]}


class ContentImporter(RasaFileImporter):
    """Rasa's own importer for domain, rules and configuration; ours for training examples and fixed texts."""

    @cached_method
    def get_domain(self) -> Domain:
        """The domain of domain.yml with the fixed texts."""
        responses = emergency_responses(load_emergency(CONTENT_DIR), red_flag_rules())
        return super().get_domain().merge(Domain.from_dict({"responses": responses}))

    @cached_method
    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Every example with its group as the intent and its full label."""
        return TrainingData(training_examples=[_example(text, label) for text, label in labelled_examples()])


def _example(text: str, label: str) -> Message:
    group = label.split("/", 1)[0]
    return Message(data={TEXT: text, INTENT: group, LABEL: label})


def labelled_examples() -> Iterator[tuple[str, str]]:
    """All training texts with their labels, topics first."""
    for topic in all_topics().values():
        for text in topic.examples:
            yield text, f"{INTENT_PREFIX}{topic.id}"
    for path in sorted(NLU_DIR.glob("*.yml")):
        for block in load_yaml(path)["nlu"]:
            for text in example_lines(block["examples"]):
                yield text, str(block["intent"])
