"""Slips in long words are mended."""

import pytest

from bot.core.spelling import Spelling

KNOWN = Spelling(["dystrophy", "muscular", "lupus"])


@pytest.mark.parametrize(
    "slip",
    ["distrophy", "dystropphy", "dystrphy", "dystrohpy", "dystrophy"],
    ids=["changed", "in", "out", "swapped", "none"],
)
def test_one_slip_is_mended(slip: str) -> None:
    """A letter changed, put in, left out, or swapped with its neighbour."""
    assert KNOWN.mend(f"muscular {slip}") == "muscular dystrophy"


@pytest.mark.parametrize("word", ["distrofy", "lupis", "ystrophy", "about", ""])
def test_other_words_stay(word: str) -> None:
    """Two slips, a slip in a short word, another first letter."""
    assert KNOWN.mend(word) == word


def test_a_word_is_known_with_a_slip() -> None:
    """Short words must be right."""
    assert KNOWN.knows("lupus")
    assert KNOWN.knows("musculaar")
    assert not KNOWN.knows("lupis")
