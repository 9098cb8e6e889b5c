"""Replies from content."""

import pytest

from bot.core.composer import ApprovalState, Composer, topic_payload
from bot.core.replies import ReplyKind
from bot.core.topics import CATEGORY_TITLES

COMPOSER = Composer.load()


@pytest.mark.parametrize("topic", list(COMPOSER.topics))
def test_answer_is_complete(topic):
    reply = COMPOSER.answer(topic)
    assert reply.kind is ReplyKind.ANSWER and reply.topic == topic
    assert reply.disclaimer and reply.sources and reply.review_status == "draft" and reply.content_version
    plain = reply.plain_text()
    assert reply.sources[0].url in plain and reply.disclaimer in plain and "not been clinically reviewed" in plain


def test_an_approved_version_says_when():
    from datetime import date

    approved = Composer.load(approval_of=lambda topic: ApprovalState("approved", date(2026, 11, 23)))
    assert "Last reviewed by a clinician: 2026-11-23" in approved.answer("breathing.niv").plain_text()


def test_a_matter_for_a_person_says_so_and_asks_first():
    always = [topic.id for topic in COMPOSER.topics.values() if topic.handoff == "always"]
    assert always
    for topic in always:
        reply = COMPOSER.answer(topic)
        assert reply.buttons[0].title == "Talk to a person" and "go through with a person" in reply.disclaimer
    offered = COMPOSER.answer("breathing.niv")
    assert offered.buttons[-1].title == "Talk to a person" and "go through with a person" not in offered.disclaimer


def test_clarify_offers_topics_in_human_words_and_a_way_out():
    reply = COMPOSER.clarify(["breathing.niv", "breathing.clearance", "no.such"])
    payloads = [button.payload for button in reply.buttons]
    assert payloads[:2] == [topic_payload("breathing.niv"), topic_payload("breathing.clearance")]
    assert any("none_of_these" in payload for payload in payloads)
    assert COMPOSER.topics["breathing.niv"].title in reply.text


def test_the_second_miss_offers_a_person_without_being_asked():
    assert any("requests/human" in button.payload for button in COMPOSER.unsure([], misses=1).buttons)


def test_every_category_and_every_topic_is_within_two_presses():
    categories = [button.payload for button in COMPOSER.categories().buttons]
    reached = set()
    for name in CATEGORY_TITLES:
        assert any(f'"{name}"' in payload for payload in categories), name
        reached |= {button.payload for button in COMPOSER.category(name).buttons}
    assert all(topic_payload(topic) in reached for topic in COMPOSER.topics)


def test_a_person_may_ask_about_the_last_answer():
    for label in ("requests/sources", "requests/more", "requests/author", "requests/up_to_date"):
        reply = COMPOSER.about_last(label, "treatments.itvisma")
        assert reply.topic == "treatments.itvisma" and reply.sources, label
        assert COMPOSER.about_last(label, None).kind is ReplyKind.UNSURE


def test_unknown_label_language_and_category_still_answer():
    assert COMPOSER.fixed("no/such").kind is ReplyKind.UNSURE
    assert COMPOSER.other_language("other").text
    assert COMPOSER.category("nonsense").buttons


@pytest.mark.parametrize("code", ["es", "pt", "fr", "de", "it", "pl", "ar", "hi", "zh", "ru", "tr", "uk"])
def test_other_language_is_answered_in_it_with_a_person_and_the_emergency_numbers(code):
    reply = COMPOSER.other_language(code)
    assert "112" in reply.text
    assert any("requests/human" in button.payload for button in reply.buttons)
