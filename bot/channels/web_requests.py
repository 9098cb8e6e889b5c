"""Reads what a client sent, or raises the Problem that says what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.channels.web_problems import body_too_large, malformed, message_too_long
from bot.core.bad_input import LONGEST
from bot.core.settings import REGIONS

BODY_BYTES = 32_768
"""The longest message with every character escaped twice over, and some room."""
DISCARDED_BYTES = 1_000_000
"""Of a body that is too large this much is read and thrown away, so that the client hears why; then the line is cut."""
TITLE_CHARS = 200
PAYLOAD_CHARS = 500
REASON_CHARS = 2000
LARGEST_ID = 2**63 - 1

_CLIENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,80}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Body(Protocol):
    """Sanic's stream of a request."""

    request_max_size: float

    async def read(self) -> bytes | None:
        """The next piece, None at the end."""


@dataclass(frozen=True)
class Said:
    """A message as the client sent it."""

    client_message_id: str
    text: str | None
    payload: str | None
    title: str | None
    region: str | None
    locale: str | None


async def read_body(stream: Body, *, announced: str | None) -> bytes:
    """The body, never more of it than a message can have. Raises Problem."""
    stream.request_max_size = DISCARDED_BYTES
    if announced is not None and (not announced.isascii() or not announced.isdigit() or int(announced) > BODY_BYTES):
        raise body_too_large()
    body = b""
    while piece := await stream.read():
        body += piece
        if len(body) > BODY_BYTES:
            raise body_too_large()
    return body


def read_json(body: bytes) -> dict[str, Any]:
    """A JSON object; an empty body is an empty object. Raises Problem."""
    if not body.strip():
        return {}
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise malformed("The request is not valid JSON.") from None
    if not isinstance(data, dict):
        raise malformed("The request has to be a JSON object.")
    return data


def read_said(data: Mapping[str, Any]) -> Said:
    """The body of POST /messages. Raises Problem."""
    client_id = data.get("client_message_id")
    if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
        raise malformed("client_message_id has to be 1 to 80 letters, digits, dots, colons, dashes or underscores.")
    text, payload = _text(data, "text"), _text(data, "payload", limit=PAYLOAD_CHARS)
    if (text is None) == (payload is None):
        raise malformed("A message has either a text or the payload of a button.")
    if text is not None and not text.strip():
        raise malformed("There was nothing in that message. Please write a few words.")
    if text is not None and len(text) > LONGEST:
        raise message_too_long(LONGEST)
    title = _text(data, "title", limit=TITLE_CHARS)
    return Said(client_id, text, payload, title, read_region(data), read_locale(data))


def read_region(data: Mapping[str, Any]) -> str | None:
    """A region of ours. One that is not known counts as none: then the numbers of all regions are shown."""
    wanted = (_text(data, "region") or "").strip().lower()
    return next((region for region in REGIONS if region.lower() == wanted), None)


def read_locale(data: Mapping[str, Any]) -> str | None:
    """A language tag; anything else counts as none."""
    locale = _text(data, "locale") or ""
    return locale if _LOCALE.fullmatch(locale) else None


def read_feedback(data: Mapping[str, Any]) -> tuple[int, bool, str | None]:
    """The body of POST /feedback: message id, whether it was helpful, reason. Raises Problem."""
    message_id, helpful = data.get("message_id"), data.get("helpful")
    if not isinstance(message_id, int) or isinstance(message_id, bool) or not 0 < message_id <= LARGEST_ID:
        raise malformed("message_id has to be the id of a message.")
    if not isinstance(helpful, bool):
        raise malformed("helpful has to be true or false.")
    return message_id, helpful, _text(data, "reason", limit=REASON_CHARS)


def read_cursor(value: str | None) -> int:
    """A cursor; none is the beginning. Raises Problem."""
    if value is None or value == "":
        return 0
    if not value.isascii() or not value.isdigit() or len(value) > 19 or int(value) > LARGEST_ID:
        raise malformed("A cursor has to be a whole number, as an earlier answer gave it.")
    return int(value)


def read_token(authorization: str | None, data: Mapping[str, Any]) -> str | None:
    """The token, from the header or the body."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    token = data.get("token")
    return token if isinstance(token, str) and token else None


def _text(data: Mapping[str, Any], name: str, *, limit: int | None = None) -> str | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise malformed(f"{name} has to be a text.")
    if "\0" in value:
        raise malformed(f"{name} holds a character that no text has (NUL).")
    if limit is not None and len(value) > limit:
        raise malformed(f"{name} may have {limit} characters at most.")
    # Half of an emoji, cut off by a client; no database would take it.
    return _SURROGATE.sub("\ufffd", value)
