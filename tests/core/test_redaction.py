"""Nothing that says who somebody is gets stored; what the talk is about stays."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.content import CONTENT_DIR, ROOT, all_topics
from bot.core.glossary import Glossary
from bot.core.redaction import redact
from bot.core.redaction_numbers import is_luhn, is_nhs_number
from bot.core.topics import load_yaml
from bot.core.vocabulary import Vocabulary
from bot.tracking.names import find_names

SAMPLES = load_yaml(ROOT / "tests" / "content" / "redaction_samples.yml")
LABEL = re.compile(r"\[([^\]]+)\]\((\w+)\)")
CAUGHT_AT_LEAST = 0.95
MS_A_MESSAGE = 15.0


def plain(sample: str) -> str:
    """The message as it was typed."""
    return LABEL.sub(r"\1", sample)


def left_over(sample: str, redacted: str) -> list[tuple[str, str]]:
    """Labelled things of which a word is still there."""
    words = set(re.findall(r"\w+", redacted))
    return [
        (kind, thing)
        for thing, kind in LABEL.findall(sample)
        if any(len(word) > 1 and word in words for word in re.findall(r"\w+", thing))
    ]


@pytest.mark.parametrize("model", [None, find_names], ids=["without the language model", "with it"])
def test_at_least_95_percent_of_what_is_labelled_is_caught(model, capsys):
    assert len(SAMPLES["labelled"]) >= 200
    total = sum(len(LABEL.findall(sample)) for sample in SAMPLES["labelled"])
    missed = []
    for sample in SAMPLES["labelled"]:
        missed += left_over(sample, redact(plain(sample), find_names=model).text)
    caught = (total - len(missed)) / total
    with capsys.disabled():
        print(f"\nredaction: {caught:.1%} of {total} labelled things caught")
    assert caught >= CAUGHT_AT_LEAST, missed


@pytest.mark.parametrize("text", SAMPLES["harmless"])
def test_what_is_harmless_stays_as_it_is(text):
    assert redact(text, find_names=find_names).text == text


def names_of_things() -> Sequence[str]:
    entries = [s for entry in Vocabulary.load(CONTENT_DIR / "vocabulary.yml").entries for s in entry.synonyms]
    terms = [term.term for term in Glossary.load(CONTENT_DIR / "glossary.yml").terms]
    lists = load_yaml(CONTENT_DIR / "redaction" / "protected.yml")
    return [*entries, *terms, *lists["medicines"], *lists["eponyms"]]


def test_every_name_of_a_medicine_disease_or_device_is_untouched():
    eaten = []
    for name in names_of_things():
        for written in (
            name,
            name.title(),
            name.upper(),
            f"What is {name.capitalize()}",
            f"He takes {name.title()} 5 mg",
        ):
            if redact(written, find_names=find_names).text != written:
                eaten.append(written)
    assert not eaten


def test_titles_of_all_topics_are_untouched():
    eaten = [
        topic.title for topic in all_topics().values() if redact(topic.title, find_names=find_names).text != topic.title
    ]
    assert not eaten


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("my name is sarah jones", "my name is <name>"),
        ("Dr Patel at 020 7946 0018 or jo@example.org", "Dr <name> at <phone> or <email>"),
        ("born 12/03/2021 in SW1A 1AA", "born <birth_date> in <postcode>"),
        ("we live at 12 Oak Street, Leeds", "we live at <address>, Leeds"),
        ("NHS number 943 476 5919, card 4111 1111 1111 1111", "NHS number <id>, card <card>"),
        ("", ""),
    ],
)
def test_a_placeholder_says_what_stood_there(text, redacted):
    assert redact(text).text == redacted


def test_the_kinds_that_were_found_are_named():
    assert redact("jo@example.org, my name is Ana").found == {"email", "name"}
    assert redact("what is sma").found == frozenset()


def test_redacting_twice_changes_nothing_more():
    for sample in SAMPLES["labelled"]:
        once = redact(plain(sample)).text
        assert redact(once).text == once


def test_a_message_takes_less_than_15_ms_of_the_processor():
    texts = [plain(sample) for sample in (*SAMPLES["labelled"], *SAMPLES["harmless"])]
    redact("My name is Ana Whitcombe", find_names=find_names)  # loads lists and model
    started = time.process_time()
    for text in texts:
        redact(text, find_names=find_names)
    assert (time.process_time() - started) / len(texts) * 1000 < MS_A_MESSAGE


def test_a_very_long_message_takes_no_longer_than_a_person_waits():
    started = time.process_time()
    redact("my son 07700 900123 is A1 " * 400, find_names=find_names)
    assert time.process_time() - started < 3


@given(st.text(max_size=300))
@settings(max_examples=80, deadline=None)
def test_any_text_is_redacted_without_a_fault(text):
    assert isinstance(redact(text).text, str)


@given(st.text(alphabet="ab c<>@.-0123456789\n'", max_size=80))
@settings(max_examples=80, deadline=None)
def test_no_at_sign_between_two_words_survives_as_an_address(text):
    assert not re.search(r"(?<![\w.+-])[a-c0-9]+@[a-c]+\.[a-c]{2,}(?![\w-])", redact(text).text)


def test_the_checks_of_cards_and_nhs_numbers():
    assert is_luhn("4111111111111111") and not is_luhn("4111111111111112")
    assert is_nhs_number("9434765919") and not is_nhs_number("9434765918") and not is_nhs_number("943")
