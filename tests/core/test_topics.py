"""Topic files, one by one."""

from datetime import date
from pathlib import Path

import pytest

from bot.core.content import CONTENT_DIR, TOPICS_DIR, all_topics, check_content
from bot.core.content_check import Rulebook, check_topic
from bot.core.errors import FaultsError
from bot.core.reading import reading_grade
from bot.core.topics import CATEGORY_TITLES, load_topics, parse_topic

TOPICS = all_topics()
RULES = Rulebook.load(CONTENT_DIR)
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("topic_id", list(TOPICS))
def test_topic(topic_id):
    faults = check_topic(TOPICS[topic_id], RULES, ids=set(TOPICS), today=TODAY, trips_red_flag=lambda text: None)
    assert not faults, "\n".join(str(fault) for fault in faults)


def test_all_content_together_has_no_fault():
    faults = check_content(today=TODAY)
    assert not faults, "\n".join(str(fault) for fault in faults)


def test_every_topic_of_the_map_is_written():
    assert len(TOPICS) >= 91
    assert {topic.category for topic in TOPICS.values()} == set(CATEGORY_TITLES)


def test_the_median_answer_reads_at_grade_six_and_a_half_or_easier():
    grades = sorted(reading_grade(topic.answer) for topic in TOPICS.values())
    assert grades[len(grades) // 2] <= 6.5


def test_every_stem_cell_answer_says_that_none_is_approved():
    for topic in TOPICS.categories()["stem_cells"]:
        assert "approved" in topic.answer, topic.id


def test_nobody_is_named_as_a_reviewer_before_approving():
    assert all(topic.review.status == "draft" and topic.review.by is None for topic in TOPICS.values())


def test_the_version_changes_with_what_a_reader_sees():
    from dataclasses import replace

    topic = next(iter(TOPICS.values()))
    assert replace(topic, answer=topic.answer + " More.").version != topic.version
    assert replace(topic, examples=()).version == topic.version


def test_faults_of_a_file_are_reported_all_at_once():
    path = Path("data/nlu/faq/breathing/niv.yml")
    data = {"topic": {"title": "x", "mood": 1}, "nlu": [{"intent": "faq/breathing.nvi"}], "responses": {}}
    with pytest.raises(FaultsError) as caught:
        parse_topic(path, data)
    text = str(caught.value)
    assert "intent is faq/breathing.nvi; name it faq/breathing.niv like the file" in text
    assert "unknown key 'mood'" in text
    assert len(caught.value.faults) > 5


def test_broken_yaml_names_the_line(tmp_path):
    (tmp_path / "breathing").mkdir()
    (tmp_path / "breathing" / "niv.yml").write_text("topic:\n  title: a: b\n")
    with pytest.raises(FaultsError, match="not valid YAML in line 2"):
        load_topics(tmp_path)


def test_an_empty_folder_is_a_fault(tmp_path):
    with pytest.raises(FaultsError, match="holds no topics"):
        load_topics(tmp_path)


def test_new_topic_writes_a_file_that_can_be_read(tmp_path):
    from bot.core.new_topic import write_new_topic

    path = write_new_topic("breathing.oximeter", today=TODAY, folder=tmp_path)
    assert load_topics(tmp_path)["breathing.oximeter"].path == path
    with pytest.raises(FaultsError, match="is there already"):
        write_new_topic("breathing.oximeter", today=TODAY, folder=tmp_path)


@pytest.mark.parametrize("name", ["breathing", "Breathing.x", "../x.y", "nowhere.topic"])
def test_new_topic_refuses_what_is_no_id(name, tmp_path):
    from bot.core.new_topic import write_new_topic

    with pytest.raises(FaultsError):
        write_new_topic(name, today=TODAY, folder=tmp_path)


def test_topics_folder_is_the_one_of_the_checkout():
    assert TOPICS_DIR.is_dir()
