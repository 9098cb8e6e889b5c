"""Questions for a meaning are told apart from the word they ask about."""

import pytest

from bot.core.definition_question import strip_question


@pytest.mark.parametrize(
    ("text", "core", "asks"),
    [
        ("What does NIV stand for?", "niv", True),
        ("hi, BiPAP please", "bipap", False),
        ("explain what a contracture is", "contracture", True),
        ("the doctor mentioned hypoventilation, what is that??", "hypoventilation", True),
        ("I don't know what FVC means, sorry, I'm new to this", "fvc", True),
        ("what is bipap like at night", "bipap like at night", True),
        ("my bipap", "my bipap", False),
        ("what is", "", True),
        ("", "", False),
    ],
)
def test_the_word_asked_about_is_what_is_left(text: str, core: str, asks: bool) -> None:
    """Only the asking and the politeness are taken off."""
    assert strip_question(text) == (core, asks)
