"""Adds the fixed emergency and crisis texts from content/ to Rasa's domain, so that each is written once.

They become ordinary responses of the trained model, one variation for each red flag (chosen by the slot `red_flag`)
and one without a condition, so that no action server, no database and no file is needed when they are due.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter

from bot.core.content import CONTENT_DIR
from bot.core.emergency import EmergencyTexts, load_emergency
from bot.core.emergency_reply import emergency_reply
from bot.core.red_flags import FlagKind, RedFlag, RedFlagRules, Urgency


def emergency_responses(texts: EmergencyTexts, rules: RedFlagRules) -> dict[str, list[dict[str, Any]]]:
    """`utter_emergency` and `utter_crisis` with all their variations."""
    responses: dict[str, list[dict[str, Any]]] = {}
    for kind in FlagKind:
        flags = [
            RedFlag(flag.id, kind, Urgency(flag.urgency), flag.title, flag.say)
            for flag in rules.flags
            if flag.kind == kind.value
        ]
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
    """Rasa's own importer, with our responses added."""

    def get_domain(self) -> Domain:
        """The domain of domain.yml with the fixed texts."""
        texts = load_emergency(CONTENT_DIR)
        rules = RedFlagRules.load(CONTENT_DIR / "red_flags.yml")
        return super().get_domain().merge(Domain.from_dict({"responses": emergency_responses(texts, rules)}))
