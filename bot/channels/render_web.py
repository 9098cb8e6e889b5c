"""From a stored message to the JSON of docs/web-channel.md."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from bot.channels.turns import SafetyNet
from bot.core.emergency_reply import emergency_reply
from bot.core.red_flags import red_flag
from bot.core.replies import Reply, ReplyKind
from bot.store.messages import StoredMessage

log = logging.getLogger(__name__)

_URGENT = (ReplyKind.EMERGENCY.value, ReplyKind.CRISIS.value)


def render(message: StoredMessage, *, region: str | None, net: SafetyNet) -> dict[str, Any]:
    """One message; emergency texts and numbers are narrowed to the region where one is known."""
    data: dict[str, Any] = {
        "id": message.id,
        "at": iso(message.at),
        "sender": message.sender,
        "text": message.text,
    }
    if message.sender == "caregiver":
        if message.client_message_id:
            data["client_message_id"] = message.client_message_id
        return data
    payload = {"text": message.text, **message.payload}
    payload.setdefault("kind", message.kind or _default_kind(message.sender))
    data["kind"] = message.kind or payload["kind"]
    data["payload"] = payload
    if region and data["kind"] in _URGENT and payload.get("urgency"):
        try:
            reply = _for_region(message, region, net)
        except Exception as error:  # noqa: BLE001 - the stored text, with the numbers of all regions, is complete
            log.error("an emergency text cannot be narrowed: %s", type(error).__name__)
        else:
            if reply is not None:
                data["text"] = reply.plain_text()
                data["payload"] = {**payload, **reply.payload()}
    return data


def render_unsaved(reply: Reply, *, cursor: int, now: datetime, client_message_id: str) -> dict[str, Any]:
    """A reply of the channel itself that is not stored; its id is the cursor, so that nothing is skipped."""
    return {
        "id": cursor,
        "at": iso(now),
        "sender": "bot",
        "kind": reply.kind.value,
        "text": reply.plain_text(),
        "payload": reply.payload(),
        # Clients tell messages apart by this before they look at the id.
        "client_message_id": f"unsaved-{client_message_id}",
        "unsaved": True,
    }


def iso(moment: datetime) -> str:
    """A UTC time as the contract writes it."""
    return f"{moment.isoformat(timespec='milliseconds')}Z"


def _default_kind(sender: str) -> str:
    return ReplyKind.STAFF.value if sender == "staff" else ReplyKind.SMALL_TALK.value


def _for_region(message: StoredMessage, region: str, net: SafetyNet) -> Reply | None:
    """The same text composed again for one region; None when it cannot be told which text it was."""
    flag_id = message.payload.get("red_flag")
    if not flag_id:
        if message.payload.get("kind") != ReplyKind.EMERGENCY.value:
            return None
        return emergency_reply(net.texts.compose(None, region=region))
    flag = next((flag for flag in net.rules.flags if flag.id == flag_id), None)
    if flag is None:
        return None
    harm = net.texts.texts["crisis_harm"]["act"] in message.text
    found = red_flag(flag, harm_to_others=harm)
    return emergency_reply(net.texts.compose(found, region=region))
