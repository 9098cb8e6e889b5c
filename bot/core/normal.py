"""Text as people type it, made comparable: `normalise` for matching, `clean` for everything after the matching.

Both undo what phones, copy-and-paste and pranks do to letters: full-width and mathematical alphabets, zero-width and
direction characters, soft hyphens, stacked accents, Cyrillic or Greek letters that only look Latin. Neither changes
a message that is truly written in another script.
"""

import re
import unicodedata

MAX_CHARS = 20_000
"""Longest text looked at. Of a longer one the start and the end are kept: people put the urgent part in either."""

_HEAD_CHARS = 12_000

_SMALL_CAPITAL_TABLE = str.maketrans("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz")

# Letters without a canonical decomposition that people also type as plain Latin ones.
_UNDECOMPOSED = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ŋ": "n", "ħ": "h"}
_MATCHING_TABLE = str.maketrans(_UNDECOMPOSED | {"’": "'", "ʼ": "'"})

# One Latin letter each. Source of the choice: Unicode TR39 confusables, the ones that a common keyboard can type.
_LOOK_ALIKES = {
    **dict(zip("авсԁеһіјкӏмнорԛѕтυѵԝхуᴦѡ", "abcdehijklmhopqstuvwxyrw", strict=True)),
    **dict(zip("αβεγικνορτυχωϲϳ", "abeyikvoptuxwcj", strict=True)),
}
_LOOK_ALIKE_CAPITALS = {
    **dict(zip("АВСԀЕНІЈКМОРԚЅТԜХУҮ", "ABCDEHIJKMOPQSTWXYY", strict=True)),
    **dict(zip("ΑΒΕΗΙΚΜΝΟΡΤΥΧΖϹ", "ABEHIKMNOPTYXZC", strict=True)),
}
_LOOK_ALIKE_TABLE = str.maketrans(_LOOK_ALIKES | _LOOK_ALIKE_CAPITALS)
_LOOK_ALIKE_LETTERS = frozenset(_LOOK_ALIKES) | frozenset(_LOOK_ALIKE_CAPITALS)

# Marks that may sit on any letter. Indic vowel signs are marks as well, but they are part of the word: kept.
_LOOSE_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u064b-\u065f\u0670\u0640\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
_QUOTES = str.maketrans({"‘": "'", "’": "'", "‛": "'", "ʼ": "'", "′": "'", "`": "'", "´": "'", "＇": "'",
                         "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"'})  # fmt: skip

_FOREIGN_LETTERS = re.compile("[\u0370-\u03ff\u0400-\u052f\u1d26]")
_WORD = re.compile(r"[^\W_]+")
_LATIN_LETTER = re.compile("[a-zA-Z]")
_LEET = str.maketrans("013457@$", "oieastas")
_LEET_WORD = re.compile(r"(?<![\w@$])(?=[a-z]*[013457@$])(?:[a-z]+[013457@$]+)+[a-z]+(?![\w@$])")
_REPEATED_LETTER = re.compile(r"([^\W\d_])\1{2,}")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
# A letter, mark or digit of any script is kept; `\w` leaves Indic vowel signs out, so they are named.
_NOT_WORD = re.compile("[^\\w\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963.%]+|_+")
_POINT_OUTSIDE_NUMBER = re.compile(r"(?<!\d)\.|\.(?!\d)")
_SPACED_LETTERS = re.compile(r"(?<!\w)[^\W\d_](?:[ ]{1,3}[^\W\d_]){3,}(?!\w)")
_LOOSE_T = re.compile(r"\b(can|don|won|isn|doesn|didn|wasn|aren|weren|couldn|wouldn|hasn|haven|hadn|shouldn|ain) t\b")
_LOOSE_S = re.compile(r"\b(he|she|it|that|there|what|who|lets) s\b")
_LOOSE_M = re.compile(r"\bi m\b")
_CAN_NOT = re.compile(r"\bcan not\b")
_LONG_NAME = re.compile(
    r"\bspinal[ -]musc(?:ular|le|uler|luar)s?[ -]atro(?:phy|phie|fy|py|phies)\b(?:[ ,]*\([ ]*sma[ ]*\)|[ ,]+sma\b)?",
    re.I,
)


def clean(text: str) -> str:
    """The text with its characters set right; case, punctuation, accents and line breaks stay.

    At most `MAX_CHARS` characters come back, from the start and the end of a longer text.
    """
    text = _shorten(text)
    if text.isascii():
        return _INVISIBLE.sub("", text)
    # Quotes before NFKC, which would turn a lone acute accent into a space and a combining mark.
    text = _shorten(unicodedata.normalize("NFKC", _INVISIBLE.sub("", text.translate(_QUOTES))))
    text = _LOOSE_MARKS.sub("", _INVISIBLE.sub("", text)).translate(_SMALL_CAPITAL_TABLE)
    return _latin_where_meant(text)


def normalise(text: str) -> str:
    """The text for matching: lower case, no accents, no punctuation, one space between words.

    Apostrophes vanish ("can't" = "cant" = "can t"), stretched letters shrink ("heeelp" = "help"), letters written
    apart are joined ("h e l p" = "help"), digits inside a word are read as letters ("br3athe" = "breathe"). A decimal
    point and a per cent sign stay, since "39.5" and "84%" are readings.
    """
    text = clean(text).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = _LOOSE_MARKS.sub("", text).translate(_MATCHING_TABLE)
        text = unicodedata.normalize("NFC", text)
    else:
        text = text.replace("`", "'")
    text = _LEET_WORD.sub(lambda found: _unleet(found.group()), text)
    text = _APOSTROPHE.sub("", text)
    text = _NOT_WORD.sub(lambda found: " " if len(found.group()) == 1 else "  ", text)
    text = _POINT_OUTSIDE_NUMBER.sub(" ", text)
    text = _REPEATED_LETTER.sub(r"\1", text)
    text = _SPACED_LETTERS.sub(lambda found: _join_letters(found.group()), text)
    text = " ".join(text.replace("%", " % ").split())
    text = _LOOSE_T.sub(r"\1t", text)
    text = _LOOSE_S.sub(r"\1s", text)
    text = _LOOSE_M.sub("im", text)
    return _CAN_NOT.sub("cannot", text)


def with_short_name(text: str) -> str:
    """The text with the illness called SMA where it is spelled out: three more words would outweigh what is asked."""
    return _LONG_NAME.sub("SMA", text)


def _shorten(text: str) -> str:
    if len(text) <= MAX_CHARS:
        return text
    return f"{text[:_HEAD_CHARS]} \n {text[-(MAX_CHARS - _HEAD_CHARS - 3) :]}"


def _latin_where_meant(text: str) -> str:
    """Look-alike letters as Latin ones, in mixed words and in messages that are otherwise Latin."""
    if not _FOREIGN_LETTERS.search(text):
        return text
    foreign = [word for word in _WORD.findall(text) if _FOREIGN_LETTERS.search(word) and not _LATIN_LETTER.search(word)]
    latin = len(_LATIN_LETTER.findall(text))
    # A true Russian or Greek sentence has at least one letter that looks like no Latin one.
    all_alike = latin > 0 and all(_LOOK_ALIKE_LETTERS.issuperset(word) for word in foreign)

    def latinise(found: "re.Match[str]") -> str:
        word = found.group()
        if not _FOREIGN_LETTERS.search(word):
            return word
        if _LATIN_LETTER.search(word) or all_alike:
            return word.translate(_LOOK_ALIKE_TABLE)
        return word

    return _WORD.sub(latinise, text)


def _unleet(word: str) -> str:
    # "covid19x" style names keep their digits: fewer than three letters is a code, not a word.
    return word.translate(_LEET) if sum(letter.isalpha() for letter in word) >= 3 else word


def _join_letters(run: str) -> str:
    """Letters joined; two or more spaces in the run are taken as the space between words."""
    return " ".join("".join(part.split(" ")) for part in re.split(r" {2,}", run))
