"""The fixed emergency and crisis texts as replies."""

from __future__ import annotations

from bot.core.emergency import EmergencyMessage
from bot.core.replies import Phone, Reply, ReplyKind


def emergency_reply(message: EmergencyMessage) -> Reply:
    """The fixed text with its numbers, ready for any channel."""
    phones = [Phone(f"{line.label} ({line.region})", line.number, line.tel) for line in message.numbers]
    return Reply(
        kind=ReplyKind(message.kind.value),
        text=message.text,
        title=message.title,
        phones=phones,
        red_flag=message.flag,
        extra={"urgency": message.urgency.value},
    )
