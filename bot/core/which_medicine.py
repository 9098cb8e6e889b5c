"""Side effects of which medicine? Asked without its name, any of three answers would be a guess."""

from __future__ import annotations

import re

from bot.core.normal import normalise
from bot.core.vocabulary import Vocabulary, named_subject

SIDE_EFFECT_TOPICS = (
    "treatments.nusinersen_side_effects", "treatments.risdiplam_side_effects", "treatments.zolgensma_safety",
)  # fmt: skip
"""What is offered, in the order in which the medicines came."""
_NAME = r"(?:side|adverse|unwanted) (?:effects?|affects?|reactions?)"
_SIDE_EFFECTS = re.compile(rf"\b{_NAME}\b")
_NOTHING_ELSE = re.compile(
    r"(?:(?:what|which|any|the|are|is|about|common|possible|known|list|of|all|there) )*"
    rf"{_NAME}(?: (?:there|please|pls))?"
)
# How a medicine is given says which it is, and so does what one of them alone can do.
_TELLING = re.compile(
    r"\b(inject\w*|needles?|lumbar|puncture|lp|spin\w+|intrathecal|infus\w+|drip|gene|syrup|liquid|oral|mouth|daily|"
    r"tablets?|pills?|drink|steroids?|liver|headaches?|fertil\w*|sperm|kidneys?|platelets?|rash|runs|diarrh\w+)\b"
)


def names_no_medicine(text: str, vocabulary: Vocabulary) -> bool:
    """Whether a message asks for side effects and nothing in it says of which medicine."""
    plain = normalise(text)
    if not _SIDE_EFFECTS.search(plain) or _TELLING.search(plain):
        return False
    return named_subject(text, vocabulary) is None


def asks_only_side_effects(text: str) -> bool:
    """Whether a message says nothing but that: what it is about was then SMA, whatever a ranking makes of two words."""
    return bool(_NOTHING_ELSE.fullmatch(normalise(text)))
