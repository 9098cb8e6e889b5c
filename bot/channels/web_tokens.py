"""Conversation tokens: signed by the server, bound to one conversation and to the web page that asked for it.

A token is all that opens a conversation, so its id is made here and never chosen by a client. Nothing is stored:
a token dies with its time, with the key, or with the conversation (erasure).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from itsdangerous import BadData, URLSafeSerializer

from bot.core.errors import fail

SALT = "sma-companion.web.conversation.1"
RENEW_AFTER = 0.5
"""Part of its life after which a client should ask for a fresh token."""
TOKEN_CHARS = 1000
"""More is no token of ours and is not even looked at."""
_EPOCH = datetime.fromtimestamp(0, timezone.utc).replace(tzinfo=None)


class BadTokenError(Exception):
    """A token that is not, or no longer, good."""


@dataclass(frozen=True)
class Claim:
    """What a good token says."""

    conversation_id: str
    origin: str | None
    """Origin of the page that it was given to; None when the request named none (a terminal)."""
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Issued:
    """A token as it is given out."""

    token: str
    expires_at: datetime
    renew_after: datetime


def new_conversation_id() -> str:
    """An id that nobody can guess (128 random bits)."""
    return f"web-{secrets.token_hex(16)}"


class Tokens:
    """Gives out and reads tokens."""

    def __init__(self, secret: str, *, days: float) -> None:
        if not secret:
            raise fail("SMA_SECRET_KEY", "is empty, so that anybody could sign a token",
                       "run 'make run' once, which writes one into .env")  # fmt: skip
        self._serializer = URLSafeSerializer(secret, salt=SALT)
        self._life = timedelta(days=days)

    def issue(self, conversation_id: str, *, origin: str | None, now: datetime) -> Issued:
        """A token for a conversation."""
        expires_at = now + self._life
        claim = {"c": conversation_id, "o": origin, "i": _microseconds(now), "e": _microseconds(expires_at)}
        token = self._serializer.dumps(claim)
        text = token if isinstance(token, str) else token.decode("ascii")
        return Issued(text, expires_at, now + self._life * RENEW_AFTER)

    def read(self, token: str, *, now: datetime) -> Claim:
        """What a token says. Raises BadTokenError when it is forged, spoilt or too old."""
        if len(token) > TOKEN_CHARS:
            raise BadTokenError("too long")
        try:
            data = self._serializer.loads(token)
        except (BadData, UnicodeError) as error:
            raise BadTokenError("not signed by us") from error
        claim = Claim(data["c"], data["o"], _moment(data["i"]), _moment(data["e"]))
        if claim.expires_at <= now:
            raise BadTokenError("expired")
        return claim


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
