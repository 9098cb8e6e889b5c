"""What a short message after an answer would say if it named what it is about: "Spinraza: does it hurt?"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from bot.core.content import all_topics, vocabulary
from bot.core.context import LONGEST_FOLLOW_UP, Context


class Subjects:
    """What answers were about, in words."""

    def __init__(self, names: Mapping[str, str], titles: Mapping[str, str]) -> None:
        self._names = names
        self._titles = titles

    def before(self, text: str, context: Context) -> str | None:
        """The message with the subject of the last answer before it; None where it is long or nothing was answered."""
        title = self._titles.get(context.topic or "")
        if title is None or len(text.split()) > LONGEST_FOLLOW_UP:
            return None
        return f"{self._names.get(context.subject or '') or title}: {text}"


@lru_cache(maxsize=1)
def subjects() -> Subjects:
    """Loaded once a process; reads every topic, so a component asks for it when it is made, not in a turn."""
    return Subjects(
        {entry.id: entry.label for entry in vocabulary().entries},
        {topic.id: topic.title for topic in all_topics().values()},
    )
