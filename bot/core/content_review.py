"""What of the content a person has still to look at, as a page: docs/content-review.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.core.emergency import PhoneLine, load_emergency
from bot.core.red_flag_content import Flag, load_rules
from bot.core.red_flags import FlagKind
from bot.core.settings import ROOT
from bot.core.topics import Topic, load_topics, load_yaml

PAGE = ROOT / "docs" / "content-review.md"
COMMAND = "python -m bot content-review"


@dataclass(frozen=True)
class Unconfirmed:
    """A source marked `confirm: true`: nobody has opened its address yet."""

    title: str
    publisher: str
    url: str


@dataclass(frozen=True)
class LanguageToCheck:
    """A language whose texts no native speaker has checked: its entry has no `checked: <date>`."""

    code: str
    name: str
    has_phrases: bool
    """Whether content/red_flags.yml has emergency phrases of it as well."""


@dataclass(frozen=True)
class ContentReview:
    """Everything the page tells of."""

    topics: Sequence[Topic]
    unconfirmed: Mapping[str, Sequence[Unconfirmed]]
    """By topic id; a topic whose sources are all confirmed is left out."""
    glossary: Sequence[Unconfirmed]
    flags: Sequence[Flag]
    lines: Sequence[PhoneLine]
    """Numbers marked `confirm: true`."""
    lines_as_of: str
    languages: Sequence[LanguageToCheck]

    @property
    def unconfirmed_addresses(self) -> set[str]:
        """Each address once, however many texts cite it."""
        of_topics = {source.url for sources in self.unconfirmed.values() for source in sources}
        return of_topics | {source.url for source in self.glossary}


def read_review(*, topics_dir: Path, content_dir: Path) -> ContentReview:
    """Read all content. Raises FaultsError when a file cannot be read."""
    topics = [topic for members in load_topics(topics_dir).categories().values() for topic in members]
    found = {topic.id: _unconfirmed(load_yaml(topic.path)["topic"].get("sources")) for topic in topics}
    emergency = load_emergency(content_dir)
    rules_file = content_dir / "red_flags.yml"
    return ContentReview(
        topics=topics,
        unconfirmed={topic: sources for topic, sources in found.items() if sources},
        glossary=_unconfirmed(load_yaml(content_dir / "glossary.yml").get("sources")),
        flags=load_rules(rules_file).flags,
        lines=[line for line in emergency.lines if line.confirm],
        lines_as_of=emergency.as_of,
        languages=_languages(load_yaml(content_dir / "languages.yml"), load_yaml(rules_file).get("languages") or {}),
    )


def _unconfirmed(sources: Any) -> Sequence[Unconfirmed]:
    rows = [row for row in sources or () if row.get("confirm")]
    return tuple(Unconfirmed(str(row["title"]), str(row["publisher"]), str(row["url"])) for row in rows)


def _languages(data: Mapping[str, Any], phrases: Iterable[str]) -> Sequence[LanguageToCheck]:
    return tuple(
        LanguageToCheck(str(row["code"]), str(row["name"]), any(name in str(row["name"]) for name in phrases))
        for row in data["languages"]
        if not row.get("checked")
    )


def as_markdown(review: ContentReview) -> str:
    """The whole page. It depends on the content alone, so that it stays true until the content changes."""
    parts = [_head(review), _topics(review), _glossary(review), _flags(review), _lines(review), _languages_part(review)]
    return "\n\n".join(parts) + "\n"


def _head(review: ContentReview) -> str:
    drafts = sum(topic.review.status == "draft" for topic in review.topics)
    soonest = min((topic.review.due for topic in review.topics), default=None)
    return f"""# Content review

<!-- Made by `{COMMAND}` from the content files; a test fails when it is out of date. Do not edit it by hand. -->

What a person has still to look at before families read it. The files know only what was written and when. Whether a
clinician has approved a topic stands in the database of each installation, for one version of the text, and is given
and seen in the staff console under Topics. Until then every answer says that it has not been clinically reviewed.

- {len(review.topics)} topics; {drafts} are drafts in the files. The first review is due on {soonest}.
- {len(review.unconfirmed)} topics cite a source that nobody has opened yet, {len(review.unconfirmed_addresses)} \
addresses in all (with the glossary). Open it, compare it with the text, and take `confirm: true` out of the file.
- {len(review.flags)} red flags, {sum(flag.source is None for flag in review.flags)} without a source of their own.
- {len(review.lines)} telephone numbers to check against the line's own page.
- {len(review.languages)} languages that no native speaker has checked."""


def _topics(review: ContentReview) -> str:
    rows = [
        (f"`{topic.id}`", topic.title, topic.review.status, topic.review.due.isoformat(), _day(topic.as_of),
         "; ".join(_link(source) for source in review.unconfirmed.get(topic.id, ())))
        for topic in review.topics
    ]  # fmt: skip
    head = ("topic", "title", "status", "review due", "facts as of", "sources to confirm")
    return "## Topics\n\n" + _table(head, rows)


def _glossary(review: ContentReview) -> str:
    rows = [(source.publisher, _link(source)) for source in review.glossary]
    intro = "## Sources of the glossary to confirm\n\nIn `content/glossary.yml`.\n\n"
    return intro + _table(("publisher", "source"), rows)


def _flags(review: ContentReview) -> str:
    rows = [
        (f"`{flag.id}`", flag.title, f"{flag.kind}, {flag.urgency}", _shown(flag), _flag_source(flag))
        for flag in review.flags
    ]
    intro = """## Red flags

In `content/red_flags.yml`. A clinician confirms for each which words call for it, how urgent it is, and what the person
is told to say.

"""
    return intro + _table(("red flag", "what", "kind, urgency", "what to tell the crew", "source"), rows)


def _shown(flag: Flag) -> str:
    return flag.say if flag.kind == FlagKind.EMERGENCY.value else ""  # a crisis text has no such line


def _flag_source(flag: Flag) -> str:
    if flag.source is None:
        return "none named yet"
    return _link(Unconfirmed(flag.source["title"], flag.source["publisher"], flag.source["url"]))


def _lines(review: ContentReview) -> str:
    rows = [(line.region, line.kind.value, line.label, line.number) for line in review.lines]
    intro = f"""## Telephone numbers to confirm

In `content/crisis_lines.yml`, as of {review.lines_as_of}. Check them again each year.

"""
    return intro + _table(("region", "kind", "line", "number"), rows)


def _languages_part(review: ContentReview) -> str:
    rows = [(language.name, language.code, "yes" if language.has_phrases else "no") for language in review.languages]
    intro = """## Languages to check

The reply to somebody who does not write in English (`content/languages.yml`) and, where there are any, the emergency
phrases (`content/red_flags.yml`). When a native speaker has checked them, write `checked: <date>` into the language's
entry.

"""
    return intro + _table(("language", "code", "emergency phrases"), rows)


def _link(source: Unconfirmed) -> str:
    return f"[{source.title}]({source.url}), {source.publisher}"


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines) if len(lines) > 2 else "None."
