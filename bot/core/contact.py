"""How to reach somebody: a phone number or an e-mail address, found in what they typed and checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher

# Regions of content and settings -> ISO codes whose national numbers are tried, likeliest first.
REGION_CODES = {
    "UK": ("GB",), "Ireland": ("IE", "GB"), "US": ("US",), "Canada": ("CA",), "Australia": ("AU",),
    "New Zealand": ("NZ",), "India": ("IN",), "EU": ("DE", "FR", "IT", "ES", "NL", "BE", "PL", "SE", "AT", "PT"),
}  # fmt: skip
ALL_CODES = ("US", "GB", "IE", "AU", "NZ", "IN", "DE", "FR", "IT", "ES", "NL", "ZA")
FEWEST_DIGITS = 7
"""Shorter numbers are short codes, ages and dates."""
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[a-zA-Z]{2,24}(?![\w-])")


class ContactKind(str, Enum):
    """Ways to reach somebody."""

    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True)
class Contact:
    """A way to reach somebody; personal: never logged, never stored in the clear."""

    kind: ContactKind
    value: str
    """An e-mail address, or a phone number: international where the country is known, else as typed."""


@dataclass(frozen=True)
class FoundContact:
    """A contact and where it stands in the text."""

    contact: Contact
    start: int
    end: int


def region_codes(region: str | None) -> Sequence[str]:
    """ISO codes to try for a region of the settings; None tries the common ones."""
    return REGION_CODES.get(region or "", ALL_CODES)


def find_contact(text: str, *, region: str | None = None) -> FoundContact | None:
    """The first e-mail address or phone number in the text; None when there is none that could work."""
    email = EMAIL.search(text)
    if email and ".." not in email.group():
        return FoundContact(Contact(ContactKind.EMAIL, email.group()), email.start(), email.end())
    # Not Leniency.VALID: it knows today's number ranges only, and turning a real number away helps nobody.
    for code in region_codes(region):
        for match in PhoneNumberMatcher(text, code, leniency=Leniency.POSSIBLE):
            if sum(char.isdigit() for char in match.raw_string) >= FEWEST_DIGITS:
                return FoundContact(_phone(match, region), match.start, match.end)
    return None


def _phone(match: phonenumbers.PhoneNumberMatch, region: str | None) -> Contact:
    is_certain = match.raw_string.lstrip().startswith("+") or (
        region in REGION_CODES and len(region_codes(region)) == 1
    )
    if not is_certain:
        # Several countries have such numbers: a wrong prefix would be worse than none.
        return Contact(ContactKind.PHONE, match.raw_string.strip())
    formatted = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return Contact(ContactKind.PHONE, formatted)
