"""The reply contract: what every channel, the tracker and the command line see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any


class ReplyKind(str, Enum):
    """Every way a turn can end; a closed set."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    UNSURE = "unsure"
    OUT_OF_SCOPE = "out_of_scope"
    CLINICAL_DECISION = "clinical_decision"
    EMERGENCY = "emergency"
    CRISIS = "crisis"
    SMALL_TALK = "small_talk"
    HANDOFF = "handoff"
    PRIVACY = "privacy"
    STAFF = "staff"
    ERROR = "error"


@dataclass(frozen=True)
class Source:
    """Where an answer's facts come from."""

    title: str
    publisher: str
    url: str
    year: int | None = None

    def line(self) -> str:
        """One line of plain text."""
        year = f", {self.year}" if self.year else ""
        return f"{self.title} ({self.publisher}{year}): {self.url}"


@dataclass(frozen=True)
class Button:
    """A choice offered under a reply; `payload` is what the channel sends back when it is chosen."""

    title: str
    payload: str


@dataclass(frozen=True)
class Related:
    """A topic that may be of interest next."""

    topic: str
    title: str


@dataclass(frozen=True)
class Phone:
    """A number to call, ready for a tap."""

    label: str
    number: str
    tel: str
    """Digits and plus only, for a `tel:` link."""


@dataclass(frozen=True)
class Reply:
    """One message of the bot, before a channel renders it."""

    kind: ReplyKind
    text: str
    """The message itself, without disclaimer and sources; paragraphs are separated by an empty line."""
    topic: str | None = None
    title: str | None = None
    disclaimer: str | None = None
    sources: Sequence[Source] = ()
    reviewed: str | None = None
    """Date of the clinician's approval (ISO), None while not approved."""
    review_status: str | None = None
    content_version: str | None = None
    as_of: str | None = None
    related: Sequence[Related] = ()
    buttons: Sequence[Button] = ()
    phones: Sequence[Phone] = ()
    red_flag: str | None = None
    author: Mapping[str, str] | None = None
    """Of a staff reply: `name` and `role` of who is speaking."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        """The `custom` JSON payload of the contract; keys without a value are left out."""
        data: dict[str, Any] = {
            "kind": self.kind.value,
            "topic": self.topic,
            "title": self.title,
            "text": self.text,
            "disclaimer": self.disclaimer,
            "sources": [_without_none(vars(source)) for source in self.sources],
            "reviewed": self.reviewed,
            "review_status": self.review_status,
            "content_version": self.content_version,
            "as_of": self.as_of,
            "related": [vars(related) for related in self.related],
            "buttons": [vars(button) for button in self.buttons],
            "phones": [vars(phone) for phone in self.phones],
            "red_flag": self.red_flag,
            "author": dict(self.author) if self.author else None,
            **self.extra,
        }
        return {key: value for key, value in data.items() if value not in (None, [], {})}

    def plain_text(self) -> str:
        """All of the reply as plain text, complete for a client that shows nothing else."""
        parts = [self.text]
        if self.disclaimer:
            parts.append(self.disclaimer)
        if self.review_status:
            parts.append(review_line(self.review_status, self.reviewed))
        if self.sources:
            parts.append("Sources:\n" + "\n".join(f"- {source.line()}" for source in self.sources))
        return "\n\n".join(parts)

    def with_buttons(self, *buttons: Button) -> Reply:
        """The same reply with these buttons after its own."""
        return replace(self, buttons=(*self.buttons, *buttons))


def review_line(status: str, reviewed: str | None) -> str:
    """The line that says whether a clinician has approved the text."""
    if status == "approved" and reviewed:
        return f"Last reviewed by a clinician: {reviewed}."
    return "This text has not been clinically reviewed yet."


def reply_from_payload(payload: Mapping[str, Any], *, text: str = "") -> Reply:
    """Read a contract payload back; unknown keys are kept in `extra`.

    Raises ValueError when the kind is not one of ReplyKind.
    """
    known = {"kind", "topic", "title", "text", "disclaimer", "sources", "reviewed", "review_status", "content_version",
             "as_of", "related", "buttons", "phones", "red_flag", "author"}  # fmt: skip
    return Reply(
        kind=ReplyKind(payload["kind"]),
        text=payload.get("text") or text,
        topic=payload.get("topic"),
        title=payload.get("title"),
        disclaimer=payload.get("disclaimer"),
        sources=tuple(Source(**source) for source in payload.get("sources", ())),
        reviewed=payload.get("reviewed"),
        review_status=payload.get("review_status"),
        content_version=payload.get("content_version"),
        as_of=payload.get("as_of"),
        related=tuple(Related(**related) for related in payload.get("related", ())),
        buttons=tuple(Button(**button) for button in payload.get("buttons", ())),
        phones=tuple(Phone(**phone) for phone in payload.get("phones", ())),
        red_flag=payload.get("red_flag"),
        author=payload.get("author"),
        extra={key: value for key, value in payload.items() if key not in known},
    )


def _without_none(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None}
