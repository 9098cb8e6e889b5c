"""The script of a message tells its language where it can."""

import pytest

from bot.core.scripts import CYRILLIC, OTHER, script_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("كيف حالك", "ar"),
        ("چگونه است", "fa"),
        ("میرے بیٹے کو", OTHER),
        ("τι κάνεις", "el"),
        ("מה שלומך", "he"),
        ("मेरा बेटा", "hi"),
        ("こんにちは", "ja"),
        ("東京の医者", "ja"),
        ("안녕하세요", "ko"),
        ("你好", "zh"),
        ("это лечение", "ru"),
        ("дитина її", "uk"),
        ("дъщеря ми", "bg"),
        ("мој син", OTHER),
        ("помогите", CYRILLIC),
        ("ลูกชาย", OTHER),
        ("my son", None),
        ("José Müller", None),
        ("the α-motor neuron, 10 µg", None),
        ("my friend Наталья told me about spinraza and evrysdi", None),
        ("is my boy 您好 ok to travel with his ventilator in winter", None),
        ("", None),
        ("??? 123 👍", None),
    ],
)
def test_the_script_tells_the_language(text: str, language: str | None) -> None:
    """A foreign word in an English message does not count."""
    assert script_language(text) == language
