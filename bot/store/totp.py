"""Six-digit codes that change every 30 seconds (RFC 6238)."""

from __future__ import annotations

import hmac
from datetime import datetime, timezone

import pyotp

STEP_S = 30


def current_step(now: datetime) -> int:
    """The number of the present 30 seconds. `now` is UTC without a zone."""
    return int(now.replace(tzinfo=timezone.utc).timestamp()) // STEP_S


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The step whose code this is: the present one, the one before or after (a phone's clock may be a little off)."""
    digits, present, totp = "".join(code.split()), current_step(now), pyotp.TOTP(secret)
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode()):
            return step
    return None


def code_at(secret: str, now: datetime) -> str:
    """The code that an authenticator app shows now."""
    return pyotp.TOTP(secret).generate_otp(current_step(now))
