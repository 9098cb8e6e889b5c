"""docs/content-review.md says what the content files say."""

from dataclasses import replace
from datetime import date

import pytest

from bot.core.content import CONTENT_DIR, TOPICS_DIR
from bot.core.content_review import COMMAND, PAGE, ContentReview, Unconfirmed, as_markdown, read_review


@pytest.fixture(scope="module")
def review() -> ContentReview:
    return read_review(topics_dir=TOPICS_DIR, content_dir=CONTENT_DIR)


def test_the_page_is_up_to_date(review):
    assert PAGE.read_text(encoding="utf-8") == as_markdown(review), f"run '{COMMAND}'"


def test_every_topic_stands_in_the_page_with_its_dates(review):
    rows = [line for line in as_markdown(review).splitlines() if line.startswith("| `")]
    for topic in review.topics:
        row = next(line for line in rows if line.startswith(f"| `{topic.id}` |"))
        assert topic.review.due.isoformat() in row
        assert topic.as_of is None or topic.as_of.isoformat() in row


def test_a_source_marked_to_confirm_is_named_with_its_address(review):
    assert review.unconfirmed, "take this test out when every source is confirmed"
    text = as_markdown(review)
    assert all(f"({source.url})" in text for sources in review.unconfirmed.values() for source in sources)


def test_the_mark_is_read_from_the_topic_file(tmp_path, review):
    folder = tmp_path / "breathing"
    folder.mkdir()
    original = (TOPICS_DIR / "breathing" / "niv.yml").read_text(encoding="utf-8")
    (folder / "niv.yml").write_text(original.replace(", confirm: true", ""), encoding="utf-8")
    assert "confirm: true" in original
    assert read_review(topics_dir=tmp_path, content_dir=CONTENT_DIR).unconfirmed == {}


def test_every_red_flag_and_every_number_to_confirm_stands_in_the_page(review):
    text = as_markdown(review)
    assert all(f"`{flag.id}`" in text for flag in review.flags)
    for line in review.lines:
        assert line.confirm
        assert f"| {line.region} | {line.kind.value} | {line.label} |" in text


def test_a_language_that_was_checked_is_no_longer_listed(tmp_path):
    for name in ("red_flags.yml", "red_flag_real_words.txt", "crisis_lines.yml", "emergency_texts.yml", "glossary.yml"):
        (tmp_path / name).write_bytes((CONTENT_DIR / name).read_bytes())
    text = (CONTENT_DIR / "languages.yml").read_text(encoding="utf-8")
    checked = text.replace("  name: Spanish\n", "  name: Spanish\n  checked: 2026-11-22\n")
    (tmp_path / "languages.yml").write_text(checked, encoding="utf-8")
    names = [language.name for language in read_review(topics_dir=TOPICS_DIR, content_dir=tmp_path).languages]
    assert "Spanish" not in names
    assert "Polish" in names


def test_every_language_with_emergency_phrases_is_among_those_to_check(review):
    from bot.core.topics import load_yaml

    phrases = load_yaml(CONTENT_DIR / "red_flags.yml")["languages"]
    assert sum(language.has_phrases for language in review.languages) == len(phrases)


def test_an_empty_table_says_none_and_a_bar_in_a_text_does_not_break_the_table(review):
    topic = replace(review.topics[0], title="a | b", as_of=date(2026, 1, 2))
    sources = {topic.id: [Unconfirmed("t", "p", "https://x.example")]}
    small = ContentReview([topic], sources, [], [], [], "2026-11-22", [])
    text = as_markdown(small)
    assert "a \\| b" in text
    assert text.count("\nNone.") == 4
