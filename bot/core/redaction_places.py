"""Where somebody lives: postcodes and street lines. Towns and countries stay; answers may depend on them."""

from __future__ import annotations

import re
from collections.abc import Iterator

Place = tuple[int, int]

_UK_AREAS = (
    "AB|AL|B|BA|BB|BD|BH|BL|BN|BR|BS|BT|CA|CB|CF|CH|CM|CO|CR|CT|CV|CW|DA|DD|DE|DG|DH|DL|DN|DT|DY|E|EC|EH|EN|EX|FK|"
    "FY|G|GL|GU|"
    "GY|HA|HD|HG|HP|HR|HS|HU|HX|IG|IM|IP|IV|JE|KA|KT|KW|KY|L|LA|LD|LE|LL|LN|LS|LU|M|ME|MK|ML|N|NE|NG|NN|NP|NR|NW|"
    "OL|OX|PA|PE|"
    "PH|PL|PO|PR|RG|RH|RM|S|SA|SE|SG|SK|SL|SM|SN|SO|SP|SR|SS|ST|SW|SY|TA|TD|TF|TN|TQ|TR|TS|TW|UB|W|WA|WC|WD|WF|WN|"
    "WR|WS|WV|YO|ZE"
)
# The last two letters are never C, I, K, M, O or V; and "B12 3ug", "S1 2nd" are no postcodes.
_UK = re.compile(
    rf"(?<![\w\-])(?:{_UK_AREAS})\d[\dA-Z]?[ ]?(?!\d(?:st|nd|rd|th|ug|ng|lb|ft|hr|hz|yr|pt|bd|qd|ds|gr|gs|ls|ph)\b)"
    r"\d[ABD-HJLNP-UW-Z]{2}(?!\w)", re.IGNORECASE,
)  # fmt: skip
_EIRCODE = re.compile(r"(?<!\w)(?:[AC-FHKNPRTV-Y]\d{2}|D6W)[ ]?(?=[AC-FHKNPRTV-Y]*\d)[0-9AC-FHKNPRTV-Y]{4}(?!\w)", re.I)
_CANADA = re.compile(r"(?<!\w)[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ \-]?\d[ABCEGHJ-NPRSTV-Z]\d(?!\w)", re.IGNORECASE)
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|"
    "OK|OR|PA|RI|SC|"
    "SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|"
    "Florida|Georgia|"
    "Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|"
    "Mississippi|"
    "Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|"
    "Ohio|Oklahoma|"
    "Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|"
    "West Virginia|Wisconsin|Wyoming"
)
_ZIP = re.compile(rf"\b(?:{_STATES})\.?,?\s+(\d{{5}}(?:-\d{{4}})?)(?![\w\-])", re.IGNORECASE)
_AUSTRALIA = re.compile(r"\b(?:NSW|VIC|QLD|TAS|ACT|NT|SA|WA)\.?,?\s+(\d{4})(?!\w)")
_NAMED_CODE = re.compile(
    r"\b(?:post ?code|postal ?code|zip(?: ?code)?|eircode|pin ?code|plz|code postal)(?: (?:is|was))?\s?[:=]?\s{0,2}"
    r"((?=[A-Z]{0,3}\d)[A-Z0-9]{2,5}(?:[ \-]?(?=[A-Z]*\d)[A-Z0-9]{2,4})?)(?!\w)", re.IGNORECASE,
)  # fmt: skip

_SURE = "street|road|avenue|lane|crescent|boulevard|blvd|terrace|mews|parade|cul-de-sac|esplanade"
# These also end other phrases ("2 ways", "10 minutes walk"): the words before them must be written as a name.
_UNSURE = (
    "st|rd|ave|ln|cres|drive|dr|close|court|ct|way|place|pl|gardens|gdns|grove|square|sq|parkway|pkwy|hill|row|"
    "walk|park|"
    "view|rise|highway|hwy|circle|cir|trail|loop|green|quay|wharf|alley|heights|meadow|meadows|fields?"
)
_NO_STREET = (
    r"(?!(?:minutes?|mins?|hours?|hrs?|years?|yrs?|months?|weeks?|days?|miles?|km|metres?|meters?|m|yards?|steps?|"
    r"times?|"
    r"of|the|a|an|in|on|to|from|for|and|or|with|is|are|was|people|kids|children|more|long|different|other|types?|"
    r"ways?|mg|"
    r"ml|kg|lb|lbs|percent|old|copies|flights?|months)\b)"
)
_FLAT = r"(?:(?:flat|apt\.?|apartment|unit|suite|no\.?|house|room)\s?#?\w{1,5},?\s+)?"
_STREETS = (
    re.compile(
        rf"(?<![\w.]){_FLAT}\d{{1,5}}[a-z]?,?\s+(?:{_NO_STREET}[a-z'’.\-]+\s+){{1,4}}?(?:{_SURE})\b\.?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<![\w.])(?i:{_FLAT})\d{{1,5}}[a-zA-Z]?,?\s+(?:(?i:{_NO_STREET})(?:[NSEW]\.? |"
        rf"(?:\d{{1,3}}(?:st|nd|rd|th) )|[A-Z][\w'’.\-]+\s+)){{1,4}}?"
        rf"(?i:{_UNSURE})\b\.?(?!\s?\d*(?:mg|ml))"
    ),
    re.compile(r"(?<!\w)[A-ZÄÖÜ][\wäöüß\-]*(?:straße|strasse|str\.|weg|platz|allee|gasse|damm)\s\d{1,4}\s?[a-z]?(?!\w)"),
    re.compile(
        r"(?<!\w)(?:\d{1,4}(?:\s?(?:bis|ter))?,?\s+)?(?:rue|avenue|boulevard|chemin|impasse|calle|avenida|paseo|plaza|"
        r"via|viale|piazza|"
        r"corso|rua|ulica|ul\.)\s+(?:(?:de|del|della|la|le|les|des|du|di|da|dos|los|las|l['’])\s?)*[A-ZÀ-Ý][\w'’\-]+"
        r"(?:\s(?:de|del|la)\s[A-ZÀ-Ý][\w'’\-]+|"
        r"\s[A-ZÀ-Ý][\w'’\-]+){0,2}(?:,?\s\d{1,4}\s?[a-z]?\b)?", re.IGNORECASE | re.UNICODE,
    ),
    re.compile(r"(?<!\w)(?:p\.?\s?o\.?\s?box|post box|postfach)\s?#?\d{1,7}(?!\w)", re.IGNORECASE),
)  # fmt: skip
_SAID = re.compile(
    r"\b(?:(?:my|our|his|her|their|home|the) (?:home |full |postal |new )?address(?: is|:| =|'s)|address:|i live at|"
    r"we live at|"
    r"(?:he|she|they) lives? at|come to|send (?:it|them|this|"
    r"that) to)\s+([^\n.!?;]{0,10}\d[^\n.!?;]{3,80})", re.IGNORECASE,
)  # fmt: skip
_SAID_END = re.compile(
    r"\s(?:and|but|so|because|can|could|please|if|is|where|who|thanks|with|in case|which|for)\b", re.IGNORECASE
)


def postcodes(text: str) -> Iterator[Place]:
    """UK, Ireland, Canada by shape; US and Australia after the state; any other where it is called one."""
    for pattern in (_UK, _EIRCODE, _CANADA):
        for match in pattern.finditer(text):
            yield match.span()
    for pattern in (_ZIP, _AUSTRALIA, _NAMED_CODE):
        for match in pattern.finditer(text):
            yield match.span(1)


def addresses(text: str) -> Iterator[Place]:
    """House number and street, P.O. boxes, and what follows "my address is"."""
    for pattern in _STREETS:
        for match in pattern.finditer(text):
            if any(char.isdigit() for char in match.group()):
                yield match.span()
    for match in _SAID.finditer(text):
        end = _SAID_END.search(match.group(1))
        if "@" not in match.group(1):
            yield match.start(1), match.start(1) + (end.start() if end else len(match.group(1).rstrip()))
