"""Questions for the meaning of a word, told apart from the word that is asked about."""

from __future__ import annotations

import re

from bot.core.normal import normalise

_POLITE = (
    r"hi|hello|hey|sorry|ok|okay|so|um|erm|and|but|also|please|pls|plz|thanks|thank you|excuse me|just|"
    r"(?:a )?(?:quick|silly|dumb|stupid|basic|simple) question(?: but)?|i have a question|(?:just )?wondering|"
    r"(?:can|could|would|will) (?:you|u|someone|somebody|anyone|anybody)|kindly|"
    r"(?:id|i would) like to know|i (?:want|need) to know|do (?:you|u) know|tell me|help me understand"
)
_PUZZLED = (
    r"(?:i|we) (?:still )?(?:dont|do not|didnt|did not|cant|cannot)(?: really)? (?:know|understand|get|remember)|"
    r"(?:im|i am|were|we are) (?:not sure|confused about)|(?:i have |ive |have )?no idea|never heard of|"
    r"(?:the |our |my )?(?:doctors?|dr|nurses?|consultant|therapist|physio|letter|report|team|neurologist|they) "
    r"(?:said|says|say|mentioned|mentions|wrote|keeps? saying|talked about|talks? about)(?: something about| about)?"
)
_ASKING = (
    r"(?:what|wat|wht|wot|waht) (?:exactly |actually |even |on earth |the heck )?"
    r"(?:is|are|was|were|r|does|do|did|s)"
    r"(?: (?:you|u|they|it|we) mean by| meant by| (?:the )?(?:meaning|definition) of)?"
    r"(?= )|"
    r"(?:whats|wats|whts|wots)(?: meant by| (?:the )?(?:meaning|definition) of)?(?= )|(?:what|wat|wht)(?= )|"
    r"who (?:is|are)|(?:the )?(?:meaning|definition|explanation) of|define|explain(?: to me)?|describe"
)
_ARTICLE = r"an?|the"
_POINTER = r"this|that|these|those|it|your|my|his|her|our|their|exactly|actually|term|word|acronym|abbreviation|called"
_LEADS = re.compile(
    rf"(?:(?P<polite>{_POLITE})|(?P<puzzled>{_PUZZLED})|(?P<asking>{_ASKING})|(?P<article>{_ARTICLE})|"
    rf"(?P<pointer>{_POINTER})) +"
)
_TRAIL_ASKING = (
    r"(?:what|wat) (?:is|does|do) (?:it|that|this|they|those)(?: mean| stand for)?|whats (?:it|that|this)|"
    r"(?:is |are )?(?:short|stands?) for|means?|meaning|definition|defined|explained|is|are"
)
_TRAIL_POLITE = (
    r"please|pls|plz|thanks|thank you|sorry|exactly|actually|anyway|again|to me|for me|lol|"
    r"in (?:plain |simple )?(?:english|words|terms|sma)|simply|for dummies|never heard of (?:it|that)|"
    r"(?:im|i am|were|we are) new(?: here| to (?:all )?this| to sma)?"
)
_TRAILS = re.compile(rf" +(?:(?P<asking>{_TRAIL_ASKING})|(?P<polite>{_TRAIL_POLITE}))$")


def strip_question(text: str) -> tuple[str, bool]:
    """What the text asks the meaning of, normalised, and whether it asks at all.

    "What does NIV stand for?" gives ("niv", True), "hi, BiPAP please" gives ("bipap", False). Whatever is not part of
    the asking stays, so a longer question comes back as more than one word's worth and matches no term.
    """
    is_question = False
    padded = f"{normalise(text)} "
    while lead := _LEADS.match(padded):
        # "my bipap" on its own is no question; "what is my bipap" is one
        if lead["pointer"] and not is_question:
            break
        is_question = is_question or bool(lead["asking"] or lead["puzzled"])
        padded = padded[lead.end() :]
    core = f" {padded.strip()}"
    while trail := _TRAILS.search(core):
        is_question = is_question or bool(trail["asking"])
        core = core[: trail.start()]
    return core.strip(), is_question
