"""The fixed emergency and crisis texts as replies."""

from __future__ import annotations

from bot.core.composer import BUTTONS
from bot.core.emergency import EmergencyMessage
from bot.core.replies import Phone, Reply, ReplyKind


def emergency_reply(message: EmergencyMessage) -> Reply:
    """The fixed text with its numbers, ready for any channel."""
    kind = ReplyKind(message.kind.value)
    phones = [Phone(f"{line.label} ({line.region})", line.number, line.tel) for line in message.numbers]
    return Reply(
        kind=kind,
        text=message.text,
        title=message.title,
        phones=phones,
        # In a crisis a person is offered at once. An emergency has one thing to do: call.
        buttons=[BUTTONS["human"]] if kind is ReplyKind.CRISIS else [],
        red_flag=message.flag,
        extra={"urgency": message.urgency.value, **({"handoff": "create"} if message.calls_staff else {})},
    )
