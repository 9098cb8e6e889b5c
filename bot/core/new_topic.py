"""A starting file for a new topic: valid YAML in the right place, with everything still to be written marked."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from bot.core.content import TOPICS_DIR
from bot.core.errors import fail
from bot.core.topics import CATEGORY_TITLES

TEMPLATE = """version: "3.1"
topic:
  title: {title}
  review: {{status: draft, by: null, on: null, due: {due}}}
  disclaimer: general
  handoff: offer
  related: []
  sources: []
  holdout: []
nlu:
- intent: faq/{topic}
  examples: |
    - {example}
responses:
  utter_faq/{topic}:
  - text: |-
      {answer}
"""
TOPIC_ID = re.compile(r"([a-z_]+)\.([a-z0-9_]+)")


def write_new_topic(topic: str, *, today: date, folder: Path = TOPICS_DIR) -> Path:
    """Write the file. Raises FaultsError when the id does not do or the file is there."""
    match = TOPIC_ID.fullmatch(topic)
    if not match:
        raise fail(topic, "is not <category>.<topic>", "use small letters, digits and _, like breathing.oximeter")
    category, name = match.groups()
    if category not in CATEGORY_TITLES:
        raise fail(topic, f"there is no category {category}", f"use one of {', '.join(CATEGORY_TITLES)}")
    path = folder / category / f"{name}.yml"
    if path.exists():
        raise fail(str(path), "is there already", "edit it, or choose another name")
    text = TEMPLATE.format(
        title=name.replace("_", " ").capitalize(),
        due=today.replace(year=today.year + (today.month > 6), month=(today.month + 5) % 12 + 1, day=1).isoformat(),
        topic=topic,
        example=f"write here how people ask about {name.replace('_', ' ')}, one a line",
        answer="Write the answer here, the first sentence first. See CONTRIBUTING.md for the rules.",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
