"""The fixed emergency and crisis texts as replies."""

from __future__ import annotations

from bot.core.composer import BUTTONS
from bot.core.emergency import EmergencyMessage
from bot.core.replies import Phone, Reply, ReplyKind


def emergency_reply(message: EmergencyMessage) -> Reply:
    """The fixed text with its numbers, ready for any channel."""
    kind = ReplyKind(message.kind.value)
    # One number of several regions is one button: in an emergency nobody reads a list of nine.
    regions: dict[tuple[str, str, str], list[str]] = {}
    for line in message.numbers:
        regions.setdefault((line.label, line.number, line.tel), []).append(line.region)
    phones = [Phone(f"{label} ({', '.join(of)})", number, tel) for (label, number, tel), of in regions.items()]
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
