"""Notices to staff that somebody waits, by e-mail and by webhook: what they say, and how they are sent.

They say that somebody is waiting, and where; never what a caregiver wrote, who they are or how to reach them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

import aiosmtplib
import httpx

from bot.core.settings import Settings
from bot.store.notifications import Notification, Why

TIMEOUT_S = 15.0
SIGNATURE_HEADER = "X-SMA-Signature"
TIMESTAMP_HEADER = "X-SMA-Timestamp"

_SUBJECTS = {
    Why.WAITING: "Somebody is waiting for an answer",
    Why.URGENT: "Urgent: an emergency was answered in a chat",
    Why.ESCALATED: "Nobody has taken a request yet",
    Why.LAPSED: "A conversation is waiting again",
}
_SENTENCES = {
    Why.WAITING: "Somebody has asked for a person.",
    Why.URGENT: "The bot has given its emergency text in a conversation with the team. Please look at it first.",
    Why.ESCALATED: "Somebody has asked for a person, and nobody has taken it within the time that was set.",
    Why.LAPSED: "The one who held a conversation has not been active, and the caregiver is waiting again.",
}


class SendError(Exception):
    """A notice could not be sent; `str()` says why in one line."""

    def __init__(self, why: str, *, is_permanent: bool) -> None:
        self.is_permanent = is_permanent
        super().__init__(why)


@dataclass(frozen=True)
class Notice:
    """What is sent."""

    handoff_id: int
    why: Why
    since: datetime
    """UTC without a zone."""
    url: str

    @property
    def subject(self) -> str:
        """One line."""
        return f"SMA Companion: {_SUBJECTS[self.why]}"

    @property
    def text(self) -> str:
        """The whole of it in plain text."""
        return f"{_SENTENCES[self.why]}\n\nSince {self.since:%Y-%m-%d %H:%M} UTC.\nOpen it in the console: {self.url}\n"

    def body(self) -> bytes:
        """The webhook's body."""
        data = {
            "event": self.why.value,
            "handoff": self.handoff_id,
            "since": f"{self.since.isoformat()}Z",
            "url": self.url,
        }
        return json.dumps(data, sort_keys=True).encode()


def make_notice(notification: Notification, settings: Settings) -> Notice:
    """The notice of a row of the outbox."""
    url = f"{settings.console_url}/queue?handoff={notification.handoff_id}"
    return Notice(notification.handoff_id, notification.why, notification.at, url)


def recipients(why: Why, settings: Settings) -> Sequence[str]:
    """Who gets an e-mail; those of an escalation are the first ones too when no others are named."""
    if why is Why.ESCALATED and settings.notify_escalate_to:
        return tuple(settings.notify_escalate_to)
    return tuple(settings.notify_email_to)


async def send_email(notice: Notice, settings: Settings) -> None:
    """Send it to everybody. Raises SendError."""
    to = recipients(notice.why, settings)
    if not settings.smtp_host or not to:
        raise SendError("No mail server or no recipient is set (SMTP_HOST, NOTIFY_EMAIL_TO).", is_permanent=True)
    message = EmailMessage()
    message["From"] = settings.smtp_from or settings.smtp_user or to[0]
    message["To"] = ", ".join(to)
    message["Subject"] = notice.subject
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.text)
    try:
        await aiosmtplib.send(
            message, hostname=settings.smtp_host, port=settings.smtp_port, timeout=TIMEOUT_S,
            username=settings.smtp_user or None, password=settings.smtp_password or None,
            use_tls=settings.smtp_tls == "tls", start_tls=settings.smtp_tls == "starttls",
        )  # fmt: skip
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise SendError("The mail server refused the recipients.", is_permanent=True) from error
    except aiosmtplib.SMTPResponseException as error:
        # 4xx passes, 5xx does not; a wrong password (535) is mended by an operator, so it is tried again.
        permanent = error.code >= 500 and error.code != 535
        raise SendError(f"The mail server answered {error.code}.", is_permanent=permanent) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise SendError(f"The mail server cannot be reached ({type(error).__name__}).", is_permanent=False) from error


async def send_webhook(notice: Notice, settings: Settings, *, now: datetime) -> None:
    """POST it, signed: HMAC-SHA256 over "<timestamp>.<body>". Raises SendError."""
    if not settings.notify_webhook_secret:
        raise SendError("NOTIFY_WEBHOOK_SECRET is empty, so the notice cannot be signed.", is_permanent=True)
    body, timestamp = notice.body(), f"{now.isoformat(timespec='seconds')}Z"
    headers = {
        "Content-Type": "application/json",
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: signature(body, timestamp, settings.notify_webhook_secret),
    }
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
            answer = await client.post(settings.notify_webhook_url, content=body, headers=headers)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise SendError("NOTIFY_WEBHOOK_URL is not an address.", is_permanent=True) from error
    except httpx.HTTPError as error:
        raise SendError(f"The webhook cannot be reached ({type(error).__name__}).", is_permanent=False) from error
    if answer.status_code >= 300:
        passing = answer.status_code in (408, 425, 429) or answer.status_code >= 500
        raise SendError(f"The webhook answered {answer.status_code}.", is_permanent=not passing)


def signature(body: bytes, timestamp: str, secret: str) -> str:
    """The signature header's value: a receiver computes the same and refuses old timestamps."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"
