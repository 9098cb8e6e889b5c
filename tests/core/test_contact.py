"""How to reach somebody: read as people write it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.contact import ContactKind, find_contact


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        ("07700 900123", "UK", "+44 7700 900123"),
        ("my number is 07700 900 123 thanks", "UK", "+44 7700 900123"),
        ("+353 86 012 3456", None, "+353 86 012 3456"),
        ("(202) 555-0143", "US", "+1 202-555-0143"),
        ("0412 345 678", "Australia", "+61 412 345 678"),
        ("07700 900123", None, "07700 900123"),
        ("ring me on 01632 960001 after six", None, "01632 960001"),
    ],
)
def test_a_phone_number_is_found_and_written_internationally_where_the_country_is_known(text, region, value):
    found = find_contact(text, region=region)
    assert found and found.contact.kind is ContactKind.PHONE and found.contact.value == value


@pytest.mark.parametrize(
    "text", ["jo@example.org", "write to jo.o'neil+sma@mail.example.co.uk please", "<a_b@x.example>"]
)
def test_an_email_address_is_found(text):
    found = find_contact(text)
    assert found and found.contact.kind is ContactKind.EMAIL and "@" in found.contact.value


@pytest.mark.parametrize(
    "text", ["no thanks", "type 2", "13 11 26", "call me", "22/11/2026", "jo at example dot org", "a@b", "12345", ""]
)
def test_what_is_no_contact_is_not_taken_for_one(text):
    assert find_contact(text) is None


@given(st.text(max_size=200))
@settings(max_examples=80, deadline=None)
def test_any_text_is_read_without_a_fault(text):
    found = find_contact(text)
    assert found is None or text[found.start : found.end].strip()
