"""The reply contract."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.replies import Button, Phone, Related, Reply, ReplyKind, Source, reply_from_payload, review_line

texts = st.text(max_size=60)
replies = st.builds(
    Reply,
    kind=st.sampled_from(ReplyKind),
    text=st.text(min_size=1, max_size=60),
    topic=st.none() | st.just("breathing.niv"),
    title=st.none() | st.text(min_size=1, max_size=20),
    disclaimer=st.none() | st.text(min_size=1, max_size=20),
    sources=st.lists(st.builds(Source, texts, texts, texts, st.none() | st.integers(1990, 2030)), max_size=2).map(
        tuple
    ),
    related=st.lists(st.builds(Related, texts, texts), max_size=2).map(tuple),
    buttons=st.lists(st.builds(Button, texts, texts), max_size=2).map(tuple),
    phones=st.lists(st.builds(Phone, texts, texts, texts), max_size=2).map(tuple),
)


@given(replies)
@settings(deadline=None, max_examples=60)
def test_a_payload_reads_back_as_the_same_reply(reply):
    assert reply_from_payload(reply.payload()) == reply


def test_the_plain_text_alone_is_complete():
    source = Source("Guide", "NHS", "https://nhs.uk/x", 2024)
    reply = Reply(ReplyKind.ANSWER, "Text.", disclaimer="Not advice.", sources=[source], review_status="draft")
    plain = reply.plain_text()
    for part in ("Text.", "Not advice.", "https://nhs.uk/x", "not been clinically reviewed"):
        assert part in plain


def test_only_an_approved_text_says_that_it_was_reviewed():
    assert "2026-11-22" in review_line("approved", "2026-11-22")
    assert "not been clinically reviewed" in review_line("draft", None)
