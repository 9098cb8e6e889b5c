"""Conversation tokens."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from bot.channels.web_tokens import BadTokenError, Tokens, new_conversation_id
from bot.core.errors import FaultsError

NOW = datetime(2026, 11, 22, 9, 30, 0, 123456)
TOKENS = Tokens("a key", days=30)


def test_a_token_says_what_it_was_given_for() -> None:
    issued = TOKENS.issue("web-1", origin="https://help.example", now=NOW)
    claim = TOKENS.read(issued.token, now=NOW)

    assert (claim.conversation_id, claim.origin, claim.issued_at) == ("web-1", "https://help.example", NOW)
    assert claim.expires_at == issued.expires_at == NOW + timedelta(days=30)


def test_a_token_is_to_be_renewed_before_it_expires() -> None:
    issued = TOKENS.issue("web-1", origin=None, now=NOW)

    assert NOW < issued.renew_after < issued.expires_at


def test_a_token_dies_with_its_time() -> None:
    issued = TOKENS.issue("web-1", origin=None, now=NOW)

    assert TOKENS.read(issued.token, now=issued.expires_at - timedelta(seconds=1))
    with pytest.raises(BadTokenError):
        TOKENS.read(issued.token, now=issued.expires_at)


def test_a_token_dies_with_the_key() -> None:
    issued = TOKENS.issue("web-1", origin=None, now=NOW)

    with pytest.raises(BadTokenError):
        Tokens("another key", days=30).read(issued.token, now=NOW)


def test_what_was_signed_for_another_purpose_is_no_token() -> None:
    other = URLSafeSerializer("a key", salt="console session").dumps({"c": "web-1", "o": None, "i": 0, "e": 2**60})

    with pytest.raises(BadTokenError):
        TOKENS.read(str(other), now=NOW)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60), st.integers(0, 200))
def test_a_token_that_was_changed_anywhere_never_says_something_else(noise: str, place: int) -> None:
    token = TOKENS.issue("web-1", origin=None, now=NOW).token
    spoilt = token[:place] + noise + token[place:]

    try:
        # Base64 leaves out characters that are not its own: such a token is the same one, written differently.
        assert TOKENS.read(spoilt, now=NOW) == TOKENS.read(token, now=NOW)
    except BadTokenError:
        assert spoilt != token


def test_without_a_key_no_token_is_given_out() -> None:
    with pytest.raises(FaultsError, match="SMA_SECRET_KEY"):
        Tokens("", days=30)


def test_conversation_ids_cannot_be_guessed() -> None:
    ids = {new_conversation_id() for _ in range(100)}

    assert len(ids) == 100 and all(each.startswith("web-") and len(each) == 36 for each in ids)
