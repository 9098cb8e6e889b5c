"""Every term of the glossary keeps the rules of the content."""

import re
from pathlib import Path
from urllib.parse import urlparse

import pytest

from bot.core.content_check import Rulebook
from bot.core.glossary import Glossary, Term
from bot.core.reading import reading_grade, word_count

ROOT = Path(__file__).parents[2]
GLOSSARY = Glossary.load(ROOT / "content" / "glossary.yml")
RULES = Rulebook.load(ROOT / "content")
TOPIC_IDS = {f"{path.parent.name}.{path.stem}" for path in (ROOT / "data" / "nlu" / "faq").glob("*/*.yml")}

each_term = pytest.mark.parametrize("term", GLOSSARY.terms, ids=lambda term: term.id)


def test_there_are_enough_terms() -> None:
    """The glossary covers the words of letters and clinics."""
    assert len(GLOSSARY.terms) >= 75


@each_term
def test_the_definition_is_short_and_easy(term: Term) -> None:
    """15 to 55 words, at most school grade 8."""
    assert 15 <= word_count(term.definition) <= 55
    assert reading_grade(term.definition) <= 8


@each_term
def test_the_definition_says_nothing_that_an_answer_may_not_say(term: Term) -> None:
    """The claims that no answer may make hold here too."""
    for sentence in re.split(r"(?<=[.?!])\s+", term.definition):
        assert [claim.what for claim in RULES.claims if claim.is_in(sentence)] == []


@each_term
def test_the_source_may_be_cited(term: Term) -> None:
    """The publisher is on the list and the address is one of its own."""
    host = urlparse(term.source.url).hostname or ""
    assert term.source.url.startswith("https://")
    assert any(host == own or host.endswith(f".{own}") for own in RULES.publishers[term.source.publisher])


@each_term
def test_the_topics_exist(term: Term) -> None:
    """A term points at topics that are there."""
    assert {term.topic, *term.see} - TOPIC_IDS == set()


@each_term
def test_every_name_leads_to_its_term(term: Term) -> None:
    """Asked for by any of its names, a term is found."""
    for name in term.names:
        found = GLOSSARY.asked(f"what is {name}?")
        assert found is not None, name
        assert found.id == term.id, name
