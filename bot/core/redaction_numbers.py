"""Numbers that say who somebody is: phone numbers, cards, national ids, dates of birth. Doses and scores stay.

Each function yields places (start, end). Shapes are found by patterns and proved by a checksum (Luhn for cards, mod 11
for NHS numbers) or by the plan of numbers (phonenumbers) wherever there is one; where there is none, a word before the
number has to say what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import PhoneNumberType

from bot.core.contact import ALL_CODES

Place = tuple[int, int]

_PUBLIC_TYPES = (
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.PREMIUM_RATE,
)
FEWEST_DIGITS, MOST_DIGITS = 7, 15

_NUMBER = re.compile(r"(?<![\w.,/+\-–:])(?:\+|00)?\(?\d(?:[\d ().\-–/\u00a0]|\(0\)){5,22}\d(?![\w%]|[.,:]\d)")
_PHONE_WORD = re.compile(
    r"\b(?:call(?:ed)?|ring|ph|phone[ds]?|tel|telephone|mobile|mob|cell|cellphone|text(?:ed)?|whats ?app|number|num|"
    r"contact|"
    r"reach|sms|fax|landline|dial|viber|signal|telegram|no|nr|#|handy|phone number)\b[^\d\n]{0,25}$", re.IGNORECASE,
)  # fmt: skip
_UNIT_AFTER = re.compile(
    r"\s?(?:mg|mcg|ug|µg|g|kg|ml|l|lb|lbs|oz|cm|mm|m|km|ft|kcal|cal|iu|units?|vg|copies|%|bpm|hours?|hrs?|min(?:utes)?|"
    r"days?|weeks?|months?|years?|yrs?|euros?|dollars?|pounds?|usd|eur|gbp|people|patients|children|babies|births|"
    r"times|"
    r"million|billion|thousand)\b", re.IGNORECASE,
)  # fmt: skip
_MONEY_BEFORE = re.compile(r"(?:[$€£₹]|usd|eur|gbp|rs\.?)\s?$", re.IGNORECASE)
_DATE_SHAPE = re.compile(
    r"(?:(?:0?[1-9]|[12]\d|3[01])[/.\- ](?:0?[1-9]|1[0-2])[/.\- ](?:\d{4}|\d{2})|\d{4}[/.\-](?:0?[1-9]|"
    r"1[0-2])[/.\-]\d{1,2}|"
    r"(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])/(?:\d{4}|\d{2}))"
)
_YEARS = re.compile(r"(?:19|20)\d{2}\s?[\-–/ ]\s?(?:(?:19|20)\d{2}|\d{2})")

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d{2}"
_NUMERIC_DATE = (
    r"\d{1,2}\s?[/.\-]\s?\d{1,2}\s?[/.\-]\s?(?:(?:19|20)\d{2}|\d{2})|(?:19|20)\d{2}[/.\-]\d{1,2}[/.\-]\d{1,2}"
)
_FULL_DATE = (
    rf"(?:{_NUMERIC_DATE}|\d{{1,2}} \d{{1,2}} {_YEAR}|{_DAY}(?: of)?[ \-.]{_MONTH}\.?,?[ \-.](?:{_YEAR}|"
    rf"['’]?\d{{2}}\b)|"
    rf"{_MONTH}\.? {_DAY},? (?:{_YEAR}|['’]\d{{2}}))"
)
_PART_DATE = (
    rf"(?:{_DAY}(?: of)? {_MONTH}|{_MONTH}\.? {_DAY}|{_MONTH}\.? (?:of )?{_YEAR}|"
    r"\d{1,2}[/.]\d{1,2}(?:[/.]\d{2})?)"
)
_DATE = re.compile(rf"(?<![\w.,/\-])(?:{_FULL_DATE})(?![\w/]|[.\-]\d)", re.IGNORECASE)
_ANY_DATE = re.compile(rf"(?<![\w.,/\-])(?:{_FULL_DATE}|{_PART_DATE})(?![\w/]|[.\-]\d)", re.IGNORECASE)
_BIRTH_WORD = (
    r"(?:born|d\.?\s?o\.?\s?b\.?|birth\s?da(?:y|te)|b-?day|date of birth|birth|geboren|geb\.?|née?|nacid[oa]|due date)"
)
_BIRTH_BEFORE = re.compile(rf"\b{_BIRTH_WORD}(?!\w)[^\d\n.!?]{{0,30}}$", re.IGNORECASE)
_BIRTH_AFTER = re.compile(
    rf"^[\s,;:()\-–]{{0,3}}(?:is |was |\(|= ?)?(?:(?:his|her|my|their|the|our)\s)?(?:\w+['’]s )?{_BIRTH_WORD}\b", re.I
)
_PERSON_BEFORE = re.compile(
    r"(?:\b(?:son|daughter|baby|girl|boy|child|patient|twins?|name|brother|sister|wife|husband|he|she|mum|mom|dad)\b,?"
    r"|[,(:])\s*$", re.IGNORECASE,
)  # fmt: skip

_CARD = re.compile(r"(?<![\w.+])(?:\d[ \-]?){12,18}\d(?![\w.]\d|\w)")
_CARD_START = ("2", "3", "4", "5", "6")
_SSN = re.compile(r"(?<![\w\-])(?!000|666|9)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}(?![\w\-])")
_NI = re.compile(
    r"(?<!\w)(?!BG|GB|KN|NK|NT|TN|"
    r"ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ \-]?\d{2}[ \-]?\d{2}[ \-]?\d{2}[ \-]?[A-D](?!\w)",
    re.I,
)
_NHS = re.compile(r"(?<![\w.+\-(])(?<!\d )\d{3}[ \-]?\d{3}[ \-]?\d{4}(?!\w|[.\-]\d)")
_DNI = re.compile(r"(?<!\w)\d{8}[ \-]?[A-HJ-NP-TV-Z](?!\w)")
_FISCAL = re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)", re.IGNORECASE)
_NIR = re.compile(r"(?<![\w.])[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}(?!\w)")
_IN_FOURS = re.compile(r"(?<![\w.\-])[2-9]\d{3}[ \-]\d{4}[ \-]\d{4}(?![\w\-]|[ \-]\d)")
_PPS = re.compile(r"(?<!\w)\d{7}[A-W][A-IW]?(?!\w)")
_NAMED_ID = re.compile(
    r"\b(?:nhs|chi|ssn|social security|national insurance|ni|pps|ppsn|passport|medicare|medicaid|health ?card|"
    r"aadhaar|aadhar|"
    r"insurance|policy|member(?:ship)?|hospital|patient|medical record|mrn|record|account|case|claim|"
    r"driver['’]?s? licen[cs]e|"
    r"driving licen[cs]e|licen[cs]e|iban|sort code|bank|nino|tax|fiscal|pesel|bsn|sin|tfn|ihi|abha|pan|dni|nie|"
    r"national id|"
    r"identity|id|reference|ref|versicherten|krankenkasse|steuer)(?: card)?(?: (?:number|no|num|nr|id|code|#))?\.?"
    r"(?: (?:is|was|=))?\s?[:#=]?\s{0,2}((?:[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?)|"
    r"[A-Z]{0,5}[ \-]?\d[\dA-Z]*(?:[ \-](?=[A-Z]{0,3}\d)[\dA-Z]+)*(?:[ \-][A-Z](?=\s*(?:$|[.,;)])))?)"
    r"(?!\w)", re.IGNORECASE,
)  # fmt: skip


def cards(text: str) -> Iterator[Place]:
    """Payment cards: 13 to 19 digits that pass the Luhn check (ISO/IEC 7812-1)."""
    for match in _CARD.finditer(text):
        digits = _digits(match.group())
        if digits[0] in _CARD_START and is_luhn(digits):
            yield match.span()


def national_ids(text: str) -> Iterator[Place]:
    """Ids of people: by shape and checksum, and anything numeric that is called an id."""
    for pattern in (_NI, _FISCAL, _SSN):
        for match in pattern.finditer(text):
            yield match.span()
    for match in _NHS.finditer(text):
        is_called_phone = _PHONE_WORD.search(text[max(0, match.start() - 45) : match.start()])
        is_nhs = re.search(r"\bnhs\b", text[max(0, match.start() - 30) : match.start()], re.IGNORECASE)
        if is_nhs_number(_digits(match.group())) and (is_nhs or not is_called_phone):
            yield match.span()
    for match in _DNI.finditer(text):
        if "TRWAGMYFPDXBNJZSQVHLCKE"[int(_digits(match.group())) % 23] == match.group()[-1].upper():
            yield match.span()
    for match in _NIR.finditer(text):
        digits = _digits(match.group())
        if 97 - int(digits[:13]) % 97 == int(digits[13:]):
            yield match.span()
    for match in _IN_FOURS.finditer(text):
        yield match.span()
    for match in _PPS.finditer(text):
        yield match.span()
    for match in _NAMED_ID.finditer(text):
        if len(_digits(match.group(1))) >= 5:
            yield match.span(1)


def birth_dates(text: str, *, is_personal: bool = False) -> Iterator[Place]:
    """Dates that are, or look like, a date of birth.

    Any date beside a word of birth; a full date that stands directly behind a person; and, in a message that holds
    something else about a person (`is_personal`), a full date that nothing else explains.
    """
    for match in _ANY_DATE.finditer(text):
        before, after = text[max(0, match.start() - 45) : match.start()], text[match.end() : match.end() + 30]
        if _BIRTH_BEFORE.search(before) or _BIRTH_AFTER.search(after):
            yield match.span()
    for match in _DATE.finditer(text):
        before = text[max(0, match.start() - 45) : match.start()]
        if _PERSON_BEFORE.search(before) or (
            is_personal and not re.search(r"\b(?:on|since|until|till|by|from|before|after|of)\s$", before, re.I)
        ):
            yield match.span()


def phones(text: str) -> Iterator[Place]:
    """Phone numbers of people; public ones (free or shared cost, such as poison lines) stay."""
    for match in _NUMBER.finditer(text):
        raw = match.group().strip()
        digits = _digits(raw)
        if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS or _is_other_number(text, match, raw, digits):
            continue
        is_called = bool(_PHONE_WORD.search(text[max(0, match.start() - 45) : match.start()]))
        if _is_phone(raw, digits, is_called=is_called):
            yield match.span()


def _is_other_number(text: str, match: re.Match[str], raw: str, digits: str) -> bool:
    if _DATE_SHAPE.fullmatch(raw) or _YEARS.fullmatch(raw) or _UNIT_AFTER.match(text, match.end()):
        return True
    if _MONEY_BEFORE.search(text[: match.start()]) or len(set(digits)) == 1:
        return True
    # Thousands ("5 000 000"), a row of readings ("120 80 95 60"), a sum ("10 - 15 - 20").
    groups = re.split(r"[^\d]+", raw.strip("+()"))
    has_lead = raw[0] in "+(0"
    if re.fullmatch(r"\d{1,3}(?:[ .]\d{3})+", raw) and not has_lead and (len(digits) < 9 or digits[-6:] == "000000"):
        return True
    return max(map(len, groups)) <= 2 and not has_lead


def _is_phone(raw: str, digits: str, *, is_called: bool) -> bool:
    is_possible = is_valid = False
    for code in (None,) if raw.startswith("+") else ALL_CODES:
        try:
            number = phonenumbers.parse(raw, code)
        except phonenumbers.NumberParseException:
            continue
        is_possible = is_possible or phonenumbers.is_possible_number(number)
        if phonenumbers.is_valid_number(number):
            if phonenumbers.number_type(number) in _PUBLIC_TYPES and code in (None, "US", "GB", "IE", "AU"):
                return False
            is_valid = True
    if raw.startswith(("+", "00")) and is_possible:
        return True
    if is_called:
        return is_possible
    # Without a word that says so: a number of the usual length, written the way phone numbers are.
    if raw[0] in "0(" and len(digits) >= 9:
        return is_possible
    if re.fullmatch(r"(?:1[ .\-]?)?\(?\d{3}\)?[ .\-]\d{3}[ .\-]\d{4}", raw):
        return True
    return is_valid and len(digits) >= 10


def is_luhn(digits: str) -> bool:
    """The check of payment cards."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_nhs_number(digits: str) -> bool:
    """Ten digits, the last one the mod 11 check of the others (NHS Data Dictionary)."""
    if len(digits) != 10:
        return False
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1))) % 11
    return check != 10 and check % 11 == int(digits[9])


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
