"""Which script a text is written in, and which language where its letters alone can tell."""

from __future__ import annotations

import re

OTHER = "other"
CYRILLIC = "cyrillic"
"""Several languages that letters cannot always tell apart."""

_LATIN = re.compile(r"[A-Za-z\u00aa-\u024f\u1e00-\u1eff]")
_BLOCKS = {
    "ar": re.compile("[\u0620-\u064a\u066e-\u06d3\u06fa-\u06fc\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]"),
    "el": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "he": re.compile("[\u05d0-\u05f2]"),
    "hi": re.compile("[\u0904-\u0939\u0958-\u0961]"),
    "ja": re.compile("[\u3041-\u30ff]"),
    "ko": re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]"),
    "zh": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"),
    CYRILLIC: re.compile("[\u0400-\u052f]"),
}
# One character of these says as much as a word of an alphabet does in three.
_DENSE = {"zh": 3, "ja": 2, "ko": 2}
# A lone Greek letter is a unit or a formula, not a language.
_LETTERS_AT_LEAST = 3
_SHARE_AT_LEAST = 0.3

# Letters that settle the language within a script, looked for in this order.
_TELLTALES = {
    "ar": (
        (re.compile("[ٹڈڑںےھہړښېڵۆێە]"), OTHER),  # Urdu, Pashto, Kurdish
        (re.compile("[پچژگکی]"), "fa"),
    ),
    CYRILLIC: (
        (re.compile("[ђјљњћџѓќѕўәғқңөұүһ]"), OTHER),  # Serbian, Macedonian, Belarusian, Kazakh, Tatar, Mongolian
        (re.compile("[іїєґ]"), "uk"),
        (re.compile("[ыэё]"), "ru"),
        (re.compile("ъ[бвгджзклмнпрстфхцчшщ]"), "bg"),  # in Russian a vowel follows
    ),
}


def script_language(text: str) -> str | None:
    """The language that the script gives away, `CYRILLIC` or `OTHER` where it does not, None for Latin letters.

    A foreign word or name in a Latin text does not count: at least three letters in ten must be foreign.
    """
    found = {name: len(block.findall(text)) * _DENSE.get(name, 1) for name, block in _BLOCKS.items()}
    latin = len(_LATIN.findall(text))
    letters = sum(character.isalpha() for character in text)
    plain = {name: len(block.findall(text)) for name, block in _BLOCKS.items()}
    found[OTHER] = letters - latin - sum(plain.values())
    foreign = sum(found.values())
    if foreign < _LETTERS_AT_LEAST or foreign < _SHARE_AT_LEAST * (foreign + latin):
        return None
    # Japanese is written with Chinese characters too; any kana settles it.
    script = "ja" if found["ja"] else max(found, key=lambda name: found[name])
    for letters_of, language in _TELLTALES.get(script, ()):
        if letters_of.search(text.lower()):
            return language
    return script
