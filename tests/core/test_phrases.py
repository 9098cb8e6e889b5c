"""Names are found in a text as people write them."""

import pytest

from bot.core.phrases import Phrases, plural

NAMES = Phrases([("cough assist", 1), ("cough", 2), ("cough", 3), ("éclair", 4), ("ot", 5)])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Cough-Assist", [1]),
        ("cough\nassists and a cough", [1, 2]),
        ("cough, assist", [2]),
        ("coughing", []),
        ("eclairs ECLAIR", [4, 4]),
        ("ot ots", [5]),
        ("", []),
    ],
)
def test_whole_words_longest_first(text: str, values: list[int]) -> None:
    """The longest name wins, a comma parts two names, and of equal names the first counts."""
    assert [found.value for found in NAMES.find(text)] == values


@pytest.mark.parametrize(
    ("word", "several"), [("biopsy", "biopsies"), ("mask", "masks"), ("peg", None), ("afos", None)]
)
def test_plurals_are_guessed_only_where_it_is_safe(word: str, several: str | None) -> None:
    """Short forms get no plural of their own."""
    assert plural(word) == several
