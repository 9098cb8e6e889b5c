"""Refusals of the web channel: problem+json (RFC 9457) whose detail is a sentence for the person who reads it."""

from __future__ import annotations

from typing import Any

EMERGENCY_LINE = "If somebody is in danger, do not wait for me: call your local emergency number now."


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """A request that is refused."""

    def __init__(self, status: int, name: str, title: str, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(name)
        self.status = status
        self.name = name
        """Short name in the problem's `type`, and all that is logged."""
        self.title = title
        self.detail = detail
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, Any]:
        """The members of problem+json."""
        return {
            "type": f"urn:sma-companion:problem:{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }

    def headers(self) -> dict[str, str]:
        """`Retry-After` where trying again is worth it."""
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}


def malformed(what: str) -> Problem:
    """The request is not what docs/web-channel.md says; `what` is a sentence."""
    return Problem(400, "malformed", "Malformed request", what)


def no_token() -> Problem:
    """No token, a forged, expired or foreign one, or one of an erased conversation."""
    return Problem(401, "no-token", "No valid token", "This chat has ended or was deleted. Please start a new chat.")


def foreign_origin() -> Problem:
    """A page that may not embed the widget, or a token that was given to another page."""
    return Problem(403, "foreign-origin", "Origin not allowed", "This web page may not use this chat. "
                   "Whoever runs the page has to be named in the setting WEB_ORIGINS.")  # fmt: skip


def not_found(what: str) -> Problem:
    """There is no such thing here."""
    return Problem(404, "not-found", "Not found", what)


def wrong_method() -> Problem:
    """The path exists, the method does not."""
    return Problem(405, "wrong-method", "Method not allowed", "This address does not take that kind of request.")


def not_offered() -> Problem:
    """A payload that the bot never offered in this conversation."""
    return Problem(409, "not-offered", "Not offered", "That choice is not on offer in this chat. "
                   "Please type your question instead.")  # fmt: skip


def body_too_large() -> Problem:
    """More bytes than any honest message has."""
    return Problem(413, "body-too-large", "Body too large", "That is too much to send at once. "
                   f"Please write a shorter message. {EMERGENCY_LINE}")  # fmt: skip


def message_too_long(limit: int) -> Problem:
    """A message over the limit in characters."""
    return Problem(422, "message-too-long", "Message too long", f"Please keep a message under {limit:,} characters; "
                   f"you can send several. {EMERGENCY_LINE}")  # fmt: skip


def too_fast(retry_after_s: int) -> Problem:
    """A rate limit was reached."""
    wait = "a second" if retry_after_s <= 1 else f"{retry_after_s} seconds"
    return Problem(429, "too-fast", "Too fast", f"That was a lot at once. Please wait {wait} and try again. "
                   f"{EMERGENCY_LINE}", retry_after_s=retry_after_s)  # fmt: skip


def failed() -> Problem:
    """A fault of ours."""
    return Problem(500, "failed", "Something went wrong", "Something went wrong on my side. Please try again in a "
                   f"moment. {EMERGENCY_LINE}")  # fmt: skip


def not_ready() -> Problem:
    """Starting, or without the database."""
    return Problem(503, "not-ready", "Not ready", "The chat is not ready at the moment. Please try again in a minute. "
                   f"{EMERGENCY_LINE}", retry_after_s=5)  # fmt: skip
