"""Origins and addresses."""

from __future__ import annotations

import pytest

from bot.channels.web_origins import Origins, client_address, origin_of
from bot.core.settings import load_settings

OWN, FOREIGN = "https://chat.example", "https://help.example"
ORIGINS = Origins([OWN], [FOREIGN + "/some/page"])


def test_own_and_listed_origins_are_allowed_and_no_others() -> None:
    assert ORIGINS.allows(OWN) and ORIGINS.allows(FOREIGN)
    for other in ("null", "", "http://help.example", "https://help.example.evil.example", "https://help.example:8443"):
        assert not ORIGINS.allows(other)


def test_a_local_start_allows_the_name_and_the_number_of_this_machine() -> None:
    origins = Origins.of(load_settings({"SMA_RASA_PORT": "5005"}, dotenv=None))

    assert origins.allows("http://localhost:5005") and origins.allows("http://127.0.0.1:5005")


def test_with_a_public_address_only_that_is_our_own() -> None:
    origins = Origins.of(
        load_settings({"SMA_PUBLIC_URL": "https://chat.example/x", "WEB_ORIGINS": FOREIGN}, dotenv=None)
    )

    assert origins.allows(OWN) and origins.allows(FOREIGN) and not origins.allows("http://localhost:5005")


@pytest.mark.parametrize(
    ("asked", "token", "method", "fits"),
    [
        (FOREIGN, FOREIGN, "GET", True),
        (OWN, FOREIGN, "POST", False),
        (None, FOREIGN, "GET", False),  # a browser names the origin of a request to another site
        (None, OWN, "GET", True),  # and not of a GET to its own
        (None, OWN, "POST", False),
        (None, None, "POST", True),  # a terminal
        (FOREIGN, None, "POST", False),
    ],
)
def test_a_token_fits_the_page_it_was_given_to(asked: str | None, token: str | None, method: str, fits: bool) -> None:
    assert ORIGINS.fits(asked, token=token, method=method) is fits


def test_cors_headers_are_for_allowed_origins_alone() -> None:
    assert ORIGINS.cors_headers(FOREIGN)["Access-Control-Allow-Origin"] == FOREIGN
    assert ORIGINS.cors_headers("https://evil.example") == ORIGINS.cors_headers(None) == {"Vary": "Origin"}
    assert "Last-Event-ID" in ORIGINS.preflight_headers(FOREIGN)["Access-Control-Allow-Headers"]
    assert ORIGINS.preflight_headers("https://evil.example") == {"Vary": "Origin"}


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Help.Example:443/page", "https://help.example"),
        ("http://a.example:8080", "http://a.example:8080"),
        ("http://[::1]:5005/", "http://[::1]:5005"),
        ("ftp://a.example", None),
        ("help.example", None),
        ("http://a.example:x", None),
    ],
)
def test_an_origin_is_read_from_an_address(address: str, origin: str | None) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    ("peer", "header", "address"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),  # not a proxy of ours: anybody may write that header
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "10.9.9.9, 198.51.100.7", "198.51.100.7"),  # the proxy's own entry is the last one
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_a_forwarded_address_is_believed_from_this_machine_alone(peer: str, header: str | None, address: str) -> None:
    assert client_address(peer, header) == address
