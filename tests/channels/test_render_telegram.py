"""From a reply to Telegram messages."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.render_telegram import (
    LONGEST,
    cards,
    keyboard,
    page_turn,
    plain,
    render,
    split_text,
    visible_units,
)
from bot.core.composer import BUTTONS, Composer
from bot.core.replies import Button, Phone, Reply, ReplyKind, Source

TEXT = st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=9_000)


def is_well_formed(text: str) -> bool:
    """Only tags that Telegram knows, each closed, and nothing else that looks like one."""
    bare = re.sub(r"<(b|i)>|</(b|i|a)>|<a href=\"[^\"<>]*\">", "", text)
    counts = all(text.count(f"<{tag}") == text.count(f"</{tag}") for tag in ("b>", "i>"))
    return "<" not in bare and counts


@given(TEXT, st.sampled_from(ReplyKind), TEXT)
@settings(deadline=None, max_examples=150)
def test_any_text_becomes_messages_that_telegram_takes(text: str, kind: ReplyKind, disclaimer: str) -> None:
    reply = Reply(kind, text, title="A <title> & more", disclaimer=disclaimer, review_status="draft",
                  sources=[Source("S <&> \"q\"", "P", "https://example.org/?a=1&b=2", 2024)])  # fmt: skip
    messages = render(reply)
    assert messages
    for message in messages:
        assert 1 <= visible_units(message.html) <= LONGEST and is_well_formed(message.html)


@given(TEXT)
@settings(deadline=None, max_examples=150)
def test_splitting_loses_no_word(text: str) -> None:
    pieces = list(split_text(text, 100))
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(len(piece.encode("utf-16-le")) // 2 <= 100 for piece in pieces)


def test_long_answer_is_split_where_a_sentence_ends() -> None:
    sentence = "This is a sentence with some words. "
    pieces = list(split_text(sentence * 300))
    assert len(pieces) > 1 and all(piece.endswith(".") for piece in pieces)


@pytest.mark.parametrize("length", [4095, 4096, 4097, 12_000])
def test_text_without_spaces_is_split_all_the_same(length: int) -> None:
    messages = render(Reply(ReplyKind.STAFF, "x" * length))
    assert sum(plain(m.html).count("x") for m in messages) == length


def test_emoji_count_twice() -> None:
    assert visible_units("<b>🙂</b>") == 2
    assert len(render(Reply(ReplyKind.ANSWER, "🙂" * 2_500))) == 2


def test_answer_shows_title_sources_as_links_and_disclaimer_in_italics() -> None:
    reply = Reply(ReplyKind.ANSWER, "First.\n\n- one\n- two", title="A title", disclaimer="Not advice.",
                  review_status="draft", as_of="2026-11-22",
                  sources=[Source("A & B", "WHO", "https://example.org/?a=1&b=2", 2024)])  # fmt: skip
    (message,) = render(reply)
    assert message.html == (
        "<b>A title</b>\n\nFirst.\n\n• one\n• two\n\n<b>Sources</b>\n"
        '• <a href="https://example.org/?a=1&amp;b=2">A &amp; B</a> (WHO, 2024)\n\n<i>Not advice.</i>\n\n'
        "<i>Facts as of 2026-11-22. This text has not been clinically reviewed yet.</i>"
    )


def test_source_with_an_odd_address_is_no_link() -> None:
    reply = Reply(ReplyKind.ANSWER, "Text.", sources=[Source("S", "P", 'javascript:alert("x")')])
    assert "<a" not in render(reply)[0].html


def test_staff_reply_names_who_is_speaking() -> None:
    reply = Reply(ReplyKind.STAFF, "Hello <you>.", author={"name": "Example & Co", "role": "Nurse"})
    assert render(reply)[0].html == "<b>Example &amp; Co</b>, Nurse\n\nHello &lt;you&gt;."


def test_buttons_hang_on_the_last_text() -> None:
    messages = render(Reply(ReplyKind.ANSWER, "A sentence. " * 800, buttons=[BUTTONS["human"]]))
    assert [bool(message.buttons) for message in messages] == [False] * (len(messages) - 1) + [True]


def test_each_number_of_an_emergency_is_one_card_emergency_numbers_first() -> None:
    phones = [
        Phone("Samaritans (UK)", "116 123", "116123"),
        Phone("Emergency (EU)", "112", "112"),
        Phone("Emergency (India)", "112", "112"),
        Phone("Emergency (other)", "your local number", ""),
    ]
    found = cards(phones)
    assert [(card.label, card.tel) for card in found] == [
        ("Emergency (EU, India)", "112"), ("Samaritans (UK)", "116123")
    ]  # fmt: skip


def rows_of(buttons: list[Button], **options: object) -> list[list[str]]:
    keyed = [(f"k{number}", button) for number, button in enumerate(buttons)]
    return [[key.title for key in row] for row in keyboard(keyed, **options)]  # type: ignore[arg-type]


def test_short_titles_stand_two_in_a_row_and_long_ones_alone() -> None:
    buttons = [Button("One", "/a"), Button("Two", "/b"), Button("A rather long title of a topic", "/c")]
    assert rows_of(buttons) == [["One", "Two"], ["A rather long title of a topic"]]


def test_many_choices_come_in_pages_with_the_menu_under_each() -> None:
    buttons = [Button(f"T{number}", f"/{number}") for number in range(17)] + [BUTTONS["human"]]
    first, last = rows_of(buttons), rows_of(buttons, page=2)
    assert first[-2] == ["More (1 of 3) ›"] and last[-2] == ["‹ Back"]
    assert first[-1] == last[-1] == ["Talk to a person"]
    shown = [title for page in range(3) for row in rows_of(buttons, page=page) for title in row if title[0] == "T"]
    assert [title for title in shown if title != "Talk to a person"] == [f"T{number}" for number in range(17)]


@given(st.text(max_size=30))
def test_page_turn_reads_only_its_own_data(data: str) -> None:
    found = page_turn(data)
    assert found is None or data == f"p:{data.split(':')[1]}:{found[1]}"


def test_every_answer_of_the_content_is_taken_by_telegram() -> None:
    composer = Composer.load()
    for topic in composer.topics:
        reply = composer.answer(topic if isinstance(topic, str) else topic.id)
        for message in render(reply):
            assert visible_units(message.html) <= LONGEST and is_well_formed(message.html)
            assert html.unescape(plain(message.html)).strip()
