"""What is said to people who do not write in English."""

import re
from pathlib import Path

import pytest

from bot.core.errors import FaultsError
from bot.core.language_texts import Language, Languages

LANGUAGES = Languages.load(Path(__file__).parents[2] / "content" / "languages.yml")

each_language = pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.code)


@each_language
def test_the_reply_names_the_emergency_numbers(language: Language) -> None:
    """Whoever writes in another language learns at least whom to call."""
    assert {"112", "911", "999"} <= set(re.findall(r"\d+", language.reply))


@each_language
def test_the_reply_is_two_or_three_sentences_without_brackets(language: Language) -> None:
    """Short, and without signs that the response templates would read as slots."""
    assert len(re.findall(r"[.。।](?=\s|$|[^\s\d])", language.reply)) in (2, 3)
    assert not set(language.reply + language.human_button) & set("{}[]")
    assert len(language.human_button) <= 40


@each_language
def test_the_direction_of_the_script_is_right(language: Language) -> None:
    """Arabic and Hebrew letters run from right to left, all others here do not."""
    assert language.rtl == bool(re.search("[\u0590-\u06ff]", language.native))


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    """One run is enough to mend a broken file."""
    path = tmp_path / "languages.yml"
    path.write_text(
        "languages:\n- {code: no, name: x}\n- {code: es, name: '', rtl: 1, words: [on], colour: red}\n"
        "others:\n- {code: es, words: [a]}\nenglish: [yes]\nnames: []\n",
        encoding="utf-8",
    )
    with pytest.raises(FaultsError) as caught:
        Languages.load(path)
    message = str(caught.value)
    for part in ("entry 1 has no two-letter code", "es has no name", "es has no reply", "right to left"):
        assert part in message
    for part in ("es has the word True", "unknown key 'colour'", "es occurs twice", "the file has the word True"):
        assert part in message


def test_a_missing_list_is_reported(tmp_path: Path) -> None:
    """An empty file says what it lacks."""
    path = tmp_path / "languages.yml"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(FaultsError, match="no list called 'languages'"):
        Languages.load(path)
