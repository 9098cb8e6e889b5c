"""Each rule of a topic, broken on purpose."""

from dataclasses import replace
from datetime import date

import pytest

from bot.core.content import CONTENT_DIR, all_topics
from bot.core.content_check import Rulebook, check_topic
from bot.core.replies import Source

RULES = Rulebook.load(CONTENT_DIR)
TOPICS = all_topics()
GOOD = TOPICS["breathing.niv"]
TODAY = date(2026, 11, 22)


def faults_of(topic, *, trips=lambda text: None, today=TODAY):
    found = check_topic(topic, RULES, ids=set(TOPICS), today=today, trips_red_flag=trips)
    return " ".join(str(fault) for fault in found)


def test_a_good_topic_has_none():
    assert faults_of(GOOD) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": "x" * 80}, "the title has 80 characters"),
        ({"disclaimer": "none"}, "there is no disclaimer"),
        ({"handoff": "maybe"}, "handoff is 'maybe'"),
        ({"related": ["breathing.unknown"]}, "does not exist"),
        ({"related": ["breathing.niv"]}, "related to itself"),
        ({"sources": ()}, "has no sources"),
        ({"sources": (Source("a", "FDA", "http://fda.gov/x"),)}, "is not https"),
        ({"sources": (Source("a", "A blog", "https://blog.example/x"),)}, "is not on the list"),
        ({"sources": (Source("a", "FDA", "https://fda.gov.example/x"),)}, "is not FDA's"),
        ({"answer": "Too short."}, "the answer has 2 words"),
        ({"answer": GOOD.answer + " Give 5 mg each day."}, "a dose with a unit"),
        ({"answer": GOOD.answer + " This cures SMA."}, "the word cure"),
        ({"answer": GOOD.answer + " We guarantee it."}, "a guarantee"),
        ({"answer": GOOD.answer + " It is the best treatment."}, "a ranking of medicines"),
        ({"answer": GOOD.answer + " Children live two years."}, "survival in years"),
        ({"answer": GOOD.answer + " She is wheelchair-bound."}, "puts the illness before the person"),
        ({"examples": GOOD.examples[:5]}, "it has 5 examples"),
        ({"holdout": ()}, "it has 0 holdouts"),
        ({"examples": (*GOOD.examples, "what is {x}")}, "bracket or brace"),
        ({"as_of": date(2030, 1, 1)}, "as_of lies in the future"),
    ],
)
def test_each_fault_is_found_with_its_cure(change, said):
    found = faults_of(replace(GOOD, **change))
    assert said in found
    assert ";" in found


def test_naming_the_organisation_is_not_a_claim():
    assert faults_of(replace(GOOD, answer=GOOD.answer + " Cure SMA lists centres.")) == ""


def test_an_example_that_sets_off_a_red_flag_is_a_fault():
    assert "sets off rf.x" in faults_of(GOOD, trips=lambda text: "rf.x" if text == GOOD.examples[0] else None)


def test_an_overdue_review_is_a_fault():
    assert "review was due" in faults_of(GOOD, today=date(2028, 1, 1))
