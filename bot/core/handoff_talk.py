"""The talk before a hand-off: what a message means while its form is open. Pure.

Rasa's rules see intents only, so everything that depends on the form's state is decided here and told to them as one of
the four intents below (bot/tracking/runtime.py). What is not an answer to the form's question is answered as ever, and
the question is asked again.
"""

from __future__ import annotations

from enum import Enum

from bot.core.contact import find_contact
from bot.core.normal import normalise

FORM = "handoff_form"
REPEATED_WISH_WORDS = 6
"""A longer "can I talk to a person about …" says already what it is about."""
SHORT = 3
"""Words."""
LONGEST_YES = 6
"""Words; "yes but only if …" needs a closer look than a yes."""


class Step(str, Enum):
    """What the form is asking for: the names of its slots."""

    ABOUT = "handoff_about"
    CONTACT = "handoff_contact"
    CONSENT = "handoff_consent"


class TalkIntent(str, Enum):
    """Intents of the rules in data/rules/handoff.yml."""

    START = "handoff_start"
    INPUT = "handoff_input"
    CANCEL = "handoff_cancel"
    HELPED = "handoff_helped"


class Label(str, Enum):
    """What pressing a button of the talk sends."""

    CANCEL = "handoff/cancel"
    NO = "handoff/no"
    WITHDRAW = "handoff/withdraw"
    YES = "handoff/yes"
    SKIP = "handoff/skip"
    LAST_QUESTION = "handoff/last_question"
    HELPED_YES = "handoff/helped_yes"
    HELPED_NO = "handoff/helped_no"


SKIPPED = "skipped"
"""Value of the contact slot of somebody who left none."""
AGREED = "agreed"
"""Value of the consent slot."""

_START = ("requests/human", "requests/complaint")
_GIBBERISH = "out_of_scope/gibberish"
_CANCEL = (Label.CANCEL.value, Label.NO.value, Label.WITHDRAW.value)
_HELPED = (Label.HELPED_YES.value, Label.HELPED_NO.value)
_ANSWERS = (Label.YES.value, Label.SKIP.value, Label.LAST_QUESTION.value)
_ANSWERED_ANYWAY = frozenset(
    {"faq", "clarify", "clinical_decision", "out_of_scope", "requests", "small_talk", "which_sma", "other_language"}
)


def _phrases(text: str) -> frozenset[str]:
    """Phrases as `normalise` writes them, separated by commas."""
    return frozenset(" ".join(phrase.split()) for phrase in text.split(","))


_STOP_WORDS = _phrases(
    """stop, stop it, stop this, stop please, please stop, cancel, cancel it, cancel this, cancel that, please cancel,
    quit, exit, abort, end, end this, never mind, nevermind, nvm, forget it, forget about it, leave it, not now,
    i changed my mind, changed my mind, ive changed my mind, i dont want this, i dont want to, dont send it,
    do not send it, dont send, do not send, i dont want to talk to a person, no person, back, go back"""
)
_NO = _phrases(
    """no, nope, nah, no thanks, no thank you, no ty, n, rather not, id rather not, better not, please dont, please no,
    no please, no way, no sorry, not really, i dont agree, disagree"""
)
_SKIP = _NO | _phrases(
    """skip, skip it, skip this, skip please, please skip, none, nothing, no contact, no number, no email, no phone,
    without, i dont have one, i dont have any, dont have one, i have none, here, here is fine, just here, in the chat,
    in this chat, here in the chat, chat, only here, i will come back, ill come back, ill wait, i will wait,
    i dont want to give it, prefer not to, i prefer not to, id prefer not to, pass, next"""
)
_YES_FIRST = _phrases(
    """yes, y, yeah, yep, yup, ya, ok, okay, okey, k, sure, fine, agree, agreed, send, please, go, do, correct, right,
    certainly, absolutely, alright, yess, yees, ye, aye, ja, si, oui, tak, definitely"""
)
_YES = _phrases(
    """i agree, i do, i consent, thats ok, that is ok, thats okay, that is okay, thats fine, that is fine, its ok,
    it is ok, its fine, all right, thats all right, that is all right, of course, why not, no problem,
    i am ok with that, im ok with that, sounds good"""
)
_NEGATIONS = _phrases("no, not, dont, never, without, stop, cancel, nope, wait, but")


def talk_intent(
    text: str,
    *,
    intent: str,
    label: str | None,
    step: Step | None,
    is_follow_up: bool = False,
    region: str | None = None,
) -> TalkIntent | None:
    """The intent to use instead of the pipeline's; None keeps that.

    `intent` and `label` are what the pipeline decided, or a pressed button sent; `step` is what the open form asks for,
    None without one. `is_follow_up`: the pipeline made sense of it only by the answer before. Emergencies and crises
    are never looked at here.
    """
    pressed = intent == "press"
    if pressed and label in _HELPED:
        return TalkIntent.HELPED
    if pressed and label in _CANCEL:
        return TalkIntent.CANCEL
    if pressed and label in _ANSWERS:
        return TalkIntent.INPUT if step else TalkIntent.START
    if step is None or pressed or intent in ("choose_topic", "show_topics"):
        return TalkIntent.START if label in _START else None
    words = normalise(text).split()
    if is_stop(text) or (step is not Step.CONTACT and is_no(text)):
        return TalkIntent.CANCEL
    is_repeated = label == _START[0] and len(words) <= REPEATED_WISH_WORDS
    if label in _START and (step is not Step.ABOUT or is_repeated):
        return TalkIntent.START
    if step is Step.ABOUT or find_contact(text, region=region):
        return TalkIntent.INPUT
    if (step is Step.CONTACT and is_skip(text)) or (step is Step.CONSENT and is_yes(text)):
        return TalkIntent.INPUT
    if label == _GIBBERISH or (is_follow_up and len(words) <= SHORT and "?" not in text):
        return TalkIntent.INPUT  # "hmm", "maybe": of the form, not of the last answer
    return None if intent in _ANSWERED_ANYWAY else TalkIntent.INPUT


def is_stop(text: str) -> bool:
    """Whether somebody wants to leave the form."""
    return normalise(text) in _STOP_WORDS


def is_no(text: str) -> bool:
    """Whether somebody says no."""
    return normalise(text) in _NO


def is_skip(text: str) -> bool:
    """Whether somebody leaves no contact."""
    return normalise(text) in _SKIP


def is_yes(text: str) -> bool:
    """Whether somebody agrees; anything that also holds a "not" or a "but" is no clear yes."""
    words = normalise(text).split()
    if not words or len(words) > LONGEST_YES or _NEGATIONS.intersection(words):
        return normalise(text) in _YES
    return words[0] in _YES_FIRST or " ".join(words) in _YES
