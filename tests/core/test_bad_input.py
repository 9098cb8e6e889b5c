"""Messages without a question in them."""

import pytest

from bot.core.bad_input import BadInput, bad_input
from bot.core.normal import clean


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", BadInput.EMPTY),
        (" \u00a0\u3000\t\r\n ", BadInput.EMPTY),
        ("\u200b\u200d", BadInput.EMPTY),
        ("a" * 20_000, BadInput.TOO_LONG),
        ("😭😭🙏", BadInput.EMOJI_ONLY),
        ("12345 !!", BadInput.NOT_TEXT),
        ("https://example.com/x?y=1", BadInput.NOT_TEXT),
        ("jane.doe@example.com", BadInput.NOT_TEXT),
        ("{{7*7}}", BadInput.NOT_TEXT),
        ('/faq{"a": 1}', BadInput.NOT_TEXT),
        ("how is spinraza given?", None),
        ("sma", None),
        ("что такое сма", None),
    ],
)
def test_kinds(text, kind):
    assert bad_input(clean(text)) is kind
