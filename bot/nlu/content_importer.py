"""Adds the fixed emergency and crisis texts from content/ to Rasa's domain, so that each is written once.

They become ordinary responses of the trained model, one variation for each red flag (chosen by the slot `red_flag`)
and one without a condition, so that no action server, no database and no file is needed when they are due.
"""

from __future__ import annotations

from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter

from bot.core.content import CONTENT_DIR
from bot.core.emergency import EmergencyMessage, EmergencyTexts, load_emergency
from bot.core.red_flags import FlagKind, RedFlag, RedFlagRules
from bot.core.replies import Phone, Reply, ReplyKind


def emergency_reply(message: EmergencyMessage, kind: ReplyKind) -> Reply:
    """The fixed text as a reply."""
    phones = [Phone(line.label, line.number, line.tel) for line in message.numbers]
    return Reply(kind=kind, text=message.text, title=message.title, phones=phones, red_flag=message.flag_id,
                 extra={"urgency": message.urgency.value})  # fmt: skip


def emergency_responses(texts: EmergencyTexts, rules: RedFlagRules) -> dict[str, list[dict[str, Any]]]:
    """`utter_emergency` and `utter_crisis` with all their variations."""
    responses: dict[str, list[dict[str, Any]]] = {}
    for kind in (FlagKind.EMERGENCY, FlagKind.CRISIS):
        rows = [_row(texts, None, kind)]
        for flag in rules.red_flags():
            if flag.kind is kind:
                rows.append(_row(texts, flag, kind))
        responses[f"utter_{kind.value}"] = rows
    return responses


def _row(texts: EmergencyTexts, flag: RedFlag | None, kind: FlagKind) -> dict[str, Any]:
    reply = emergency_reply(texts.compose(flag, kind=kind), ReplyKind(kind.value))
    row: dict[str, Any] = {"text": reply.text, "custom": reply.payload()}
    if flag:
        value = f"{flag.id}.others" if flag.harm_to_others else flag.id
        row["condition"] = [{"type": "slot", "name": "red_flag", "value": value}]
    return row


class ContentImporter(RasaFileImporter):
    """Rasa's own importer, with our responses added."""

    def get_domain(self) -> Domain:
        """The domain of domain.yml with the fixed texts."""
        texts = load_emergency(CONTENT_DIR)
        rules = RedFlagRules.load(CONTENT_DIR / "red_flags.yml")
        return super().get_domain().merge(Domain.from_dict({"responses": emergency_responses(texts, rules)}))
