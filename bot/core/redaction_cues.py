"""What says that a name comes next, that none does, and what cannot be one: patterns for bot/core/redaction_names.py.

A pattern that ends in `$` looks at the text before a word; one that is used with `match` looks at the text after it.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PARTICLES = _words("van von de der den del della di da dos du la le mac mc o' al el bin ibn ben st ap")
SURNAME_PARTICLES = _words("van von de der den del della di da dos du")
STOP = _words(
    """and or but i im from who with has have is am are was were she he it her his my our we they a an the in on at to
    of for by not no yes so please thanks thank can could would should what when where why how if because since speaking
    here again too also that this does did do will may shall must said says told need needs got just about aged age
    year years month months old btw pls plz thx"""
)
RELATIONS = (
    "son|daughter|baby|babies|girl|boy|child|kid|kiddo|toddler|infant|newborn|twins?|triplets|wife|husband|hubby|"
    "partner|boyfriend|girlfriend|fiance|fiancee|mum|mom|mother|dad|father|brother|sister|siblings?|nephew|niece|cousin|"
    "grandson|granddaughter|grandchild|stepson|stepdaughter|friend|neighbour|neighbor|carer|caregiver|teacher|patient|pupil|"
    "student|lad|lass|aunt|auntie|uncle|therapist|physio|nurse|doctor|consultant|neurologist|dietitian|sibling|physiotherapist|surgeon|midwife"
)
NAME_IS = re.compile(
    r"\b(?:(?:sur|last |first |full |middle |given )?names?(?:['’]?s| is| was| are|:| =)|(?:is|was|are|be|go(?:es)? by|"
    r"known as|we|i|they) (?:called|named)|(?:mum|mom|mother|dad|father|parents?|sister|brother|wife|husband|carer|"
    r"aunt|uncle|grand(?:ma|pa|mother|father)|nan|granny) (?:of|to)|(?:boy|girl|son|daughter|baby|child|kid|one|man|"
    r"woman|lady|friend|he|she|him|her|kid|twins?|brother|sister),? (?:called|named)|"
    r"signed(?: by)?:?|sincerely,?|yours,?|truly,?)\s+$", re.IGNORECASE
)  # fmt: skip
CALL_THEM = re.compile(r"\b(?:call(?:s|ed)?|named) (?:him|her|them)\s+$", re.IGNORECASE)
CALLED = re.compile(r"\b(?:called|named|call(?:s|ed)? (?:me|him|her))\s+$", re.IGNORECASE)
I_AM = re.compile(
    r"(?:^|[\s,.!?(])(?:i['’]?m|i am|iam|this is|it['’]?s|it is|its|here is|here['’]s|me,)\s+$", re.IGNORECASE
)
TITLE = re.compile(
    r"(?:^|[\s,.!?(])(?:dr|doctor|prof|professor|mr|mrs|ms|miss|mx|nurse|sr|sra|herr|frau|madame|monsieur|uncle|aunt|"
    r"auntie|aunty|sister|father|reverend|rev|surgeon|midwife)\.?\s+$", re.IGNORECASE,
)  # fmt: skip
CLINICIAN = re.compile(r"dr|doctor|nurse|prof|surgeon|midwife", re.IGNORECASE)
RELATION = re.compile(rf"\b(?:{RELATIONS})(?:[ -]in[ -]law)?,?\s+\(?$", re.IGNORECASE)
GREETING = re.compile(r"(?:^|[\n.!?]\s*)(?:hi|hello|hey|dear|hiya|good (?:morning|evening|afternoon|day)),?\s+$", re.I)
SIGN_OFF = re.compile(
    r"(?:\b(?:thanks|thank you|thanx|thx|ty|regards|wishes|best|love|cheers|sincerely|yours|many thanks|xx?)"
    r"\s*[,!.\-–—\n]*"
    r"|[\n]\s*|\s[-–—]\s?)\s*$", re.IGNORECASE,
)  # fmt: skip
THING = (
    "syndrome|disease|disorder|hospital|clinic|centre|center|institute|foundation|trust|university|college|academy|"
    "children|test|scale|score|scales|angle|sign|signs|method|reflex|valve|dystrophy|atrophy|palsy|ataxia|law|effect|criteria|"
    "contracture|phenomenon|malformation|classification|protocol|technique|manoeuvre|maneuver|infirmary|airport"
)
# What is named after a person is no person: "Crohn's disease", "John Radcliffe Hospital", "Foley catheter". But a
# device after a possessive is somebody's: "Oliver's tube".
NOT_A_PERSON = re.compile(
    rf"(?:['’]s|['’])?[\s\-]+(?:{THING})\b|[\s\-]+(?:stage|trial|study|button|catheter|bag|brace|frame|collar|"
    rf"fundoplication|"
    r"therapy|medical|health|ward|house|park|street|road|city|county|island|state|cells?|gene|mutation|mask|machine|"
    r"chair|"
    r"hoist|sling|vest|pump|tube|feed|formula|school)\b", re.IGNORECASE,
)  # fmt: skip
THING_WORD = re.compile(THING, re.IGNORECASE)
# What is said of persons only: an unknown word with a capital before it is somebody's name.
PERSON_AFTER = re.compile(
    r",? (?:who\b|aged?\b|has (?:type|sma|had|been|a cold|a fever|lost)\b|is (?:\d|a? ?type\b|my\b|our\b|"
    r"on (?:bipap|niv|the vent))|"
    r"(?:fell|coughs|coughed|cries|cried|loves|hates|sleeps|slept|turned|weighs|wears|sits|crawls|crawled|walks|"
    r"walked|smiles)\b)",
    re.IGNORECASE,
)
PLACE_BEFORE = re.compile(r"\b(?:san|santa|st\.?|saint|new|north|south|west|east|port|fort|mount|lake|johns)\s+$", re.I)
TIME_BEFORE = re.compile(
    r"\b(?:in|on|since|until|till|by|before|after|of|early|late|mid|next|last|this|to|from|every|near|around|"
    r"outside)\s+$",
    re.I,
)
