"""Templates: escaping is always on, and what they may call is listed here."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.core.roles import Permission
from bot.core.topics import Topics

HERE = Path(__file__).parent
NAVIGATION = (
    ("/", "Home", Permission.SEE_HOME),
    ("/queue", "Queue", Permission.SEE_QUEUE),
    ("/conversations", "Conversations", Permission.READ_ALL),
    ("/feedback", "Feedback", Permission.READ_ALL),
    ("/topics", "Topics", Permission.READ_TOPICS),
    ("/users", "Staff", Permission.MANAGE_USERS),
    ("/audit", "Audit", Permission.READ_AUDIT),
)
KINDS = {
    "answer": "answer", "clarify": "did you mean", "unsure": "not sure", "out_of_scope": "out of scope",
    "clinical_decision": "clinical decision", "emergency": "emergency", "crisis": "crisis",
    "small_talk": "small talk", "handoff": "hand-off", "privacy": "privacy", "staff": "staff", "error": "error",
}  # fmt: skip
REASONS = {
    "asked": "asked for a person", "complaint": "complaint", "offered": "accepted an offer",
    "topic": "topic calls for a person", "misses": "bot did not understand twice", "red_flag": "red flag",
}  # fmt: skip
OUTCOMES = {
    "answered": "answered", "referred": "referred to their care team or another service",
    "called_back": "called back", "no_response": "caregiver did not come back", "nothing_needed": "nothing needed",
}  # fmt: skip
MOVES = {
    "request": "requested", "claim": "claimed", "renew": "renewed", "release": "released", "transfer": "transferred",
    "reply": "answered", "close": "closed", "decline": "declined", "cancel": "taken back", "expire": "expired",
    "lapse": "given back after a silence", "escalate": "escalated", "mark_urgent": "marked urgent",
}  # fmt: skip


def make_environment(topics: Topics) -> Environment:
    """Jinja with our filters; an unknown name is an error, not an empty text."""
    env = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
                      trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    env.filters.update(
        when=when, span=span, percent=percent, path=lambda text: quote(str(text), safe=""),
        kind=lambda name: KINDS.get(name or "", name or "silent"),
        reason=lambda name: REASONS.get(name, name), outcome=lambda name: OUTCOMES.get(name, name),
        move=lambda name: MOVES.get(name, name), words=lambda name: str(name).replace("_", " "), web_link=web_link,
        label=lambda label: label_title(str(label), topics),
    )  # fmt: skip
    env.globals.update(NAVIGATION=NAVIGATION, KINDS=KINDS, OUTCOMES=OUTCOMES, Permission=Permission)
    return env


def when(at: datetime | None) -> Markup:
    """A time that scripts show in the reader's own zone; without them it is UTC and says so."""
    if at is None:
        return Markup("never")
    return Markup('<time datetime="{}Z" data-local>{} UTC</time>').format(
        at.isoformat(timespec="seconds"), at.strftime("%d %b %H:%M").lstrip("0")
    )


def span(since: datetime, now: datetime) -> Markup:
    """How long ago something began, as a clock that scripts keep going."""
    return Markup('<time datetime="{}Z" data-since>{}</time>').format(
        since.isoformat(timespec="seconds"), duration((now - since).total_seconds())
    )


def duration(seconds: float) -> str:
    """A length of time in few words: "40 s", "12 min", "3 h 05 min", "2 d 4 h"."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if hours < 1:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60:02} min" if days < 1 else f"{days} d {hours % 24} h"


def percent(share: float | None) -> str:
    """0.876 -> "88%"."""
    return "" if share is None else f"{share * 100:.0f}%"


def web_link(source: Any) -> Markup:
    """A source; only http(s) addresses become links."""
    url, title = str(source.get("url", "")), str(source.get("title", ""))
    year = f", {source['year']}" if source.get("year") else ""
    rest = escape(f" ({source.get('publisher', '')}{year})")
    if not url.startswith(("https://", "http://")):
        return escape(title) + rest
    return Markup('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>').format(url, title) + rest


def label_title(label: str, topics: Topics) -> str:
    """A label of the model as a person would say it."""
    topic = topics.get(label.removeprefix("faq/"))
    return topic.title if topic else label.replace("_", " ")
