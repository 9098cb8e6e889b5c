"""What a short message after an answer would say if it named what it is about: "Spinraza: does it hurt?"."""

from __future__ import annotations

from functools import lru_cache

from bot.core.content import CONTENT_DIR, all_topics
from bot.core.context import LONGEST_FOLLOW_UP, Context
from bot.core.vocabulary import Vocabulary


def with_subject(text: str, context: Context) -> str | None:
    """The message with the subject of the last answer before it; None where it is long or nothing was answered yet."""
    subjects, titles = _names()
    if context.topic not in titles or len(text.split()) > LONGEST_FOLLOW_UP:
        return None
    return f"{subjects.get(context.subject or '') or titles[context.topic]}: {text}"


@lru_cache(maxsize=1)
def _names() -> tuple[dict[str, str], dict[str, str]]:
    vocabulary = Vocabulary.load(CONTENT_DIR / "vocabulary.yml")
    return (
        {entry.id: entry.label for entry in vocabulary.entries},
        {topic.id: topic.title for topic in all_topics().values()},
    )
