"""Names of persons in a message: what says "a name comes now", names that are nothing else, and what a model found.

Three sources, because none is enough: people type names in lower case, which a language model does not see; lists of
names never end; and not every name is introduced. Words of medicine are never taken, whatever stands before them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.core.redaction_words import NameWords

FindNames = Callable[[str], Iterable[tuple[int, int]]]
"""Places (start, end) that a language model takes for persons."""

TOKEN = re.compile(r"(?<!\w)[^\W\d_]+(?:['’\-][^\W\d_]+)*(?![\d_])")
# Between two words of one name: spaces, and a point after an initial or a title.
_GAP = re.compile(r"[ \t]{1,2}|\.[ \t]{1,2}")
_PARTICLES = frozenset("van von de der den del della di da dos du la le mac mc o' al el bin ibn ben st ap".split())
_SURNAME_PARTICLES = frozenset("van von de der den del della di da dos du".split())
_STOP = frozenset(
    "and or but i im from who with has have is am are was were she he it her his my our we they a an the in on at to of "
    "for by not no yes so please thanks thank can could would should what when where why how if because since speaking "
    "here again too also that this does did do will may shall must said says told need needs got just about aged age "
    "year years month months old".split()
)
_RELATIONS = (
    "son|daughter|baby|babies|girl|boy|child|kid|kiddo|toddler|infant|newborn|twins?|triplets|wife|husband|hubby|partner|"
    "boyfriend|girlfriend|fiance|fiancee|mum|mom|mother|dad|father|brother|sister|siblings?|nephew|niece|cousin|grandson|"
    "granddaughter|grandchild|stepson|stepdaughter|friend|neighbour|neighbor|carer|caregiver|teacher|patient|pupil|"
    "student|lad|lass|aunt|auntie|uncle|therapist|physio|nurse|doctor|consultant|neurologist|dietitian|sibling"
)
_NAME_IS = re.compile(
    r"\b(?:(?:sur|last |first |full |middle |given )?names?(?:['’]?s| is| was| are|:| =)|(?:is|was|are|be|go(?:es)? by|"
    r"known as|we|i|they) (?:called|named)|(?:mum|mom|mother|dad|father|parents?|sister|brother|wife|husband|carer|aunt|"
    r"uncle|grand(?:ma|pa|mother|father)|nan|granny) (?:of|to)|(?:boy|girl|son|daughter|baby|child|kid|one|man|woman|lady|friend|he|she|him|"
    r"her|kid|twins?|brother|sister),? (?:called|named)|signed(?: by)?:?|sincerely,?|yours,?)\s+$", re.IGNORECASE
)  # fmt: skip
_CALL_THEM = re.compile(r"\bcall(?:s|ed)? (?:him|her|them)\s+$", re.IGNORECASE)
_CALLED = re.compile(r"\b(?:called|named|call(?:s|ed)? (?:me|him|her))\s+$", re.IGNORECASE)
_I_AM = re.compile(r"(?:^|[\s,.!?(])(?:i['’]?m|i am|iam|this is|it['’]?s|it is|its|here is|here['’]s|me,)\s+$", re.IGNORECASE)
_TITLE = re.compile(
    r"(?:^|[\s,.!?(])(?:dr|doctor|prof|professor|mr|mrs|ms|miss|mx|nurse|sr|sra|herr|frau|madame|monsieur|uncle|aunt|"
    r"auntie|aunty|sister|father|reverend|rev|surgeon|midwife)\.?\s+$", re.IGNORECASE,
)  # fmt: skip
_CLINICIAN = re.compile(r"dr|doctor|nurse|prof|surgeon|midwife", re.IGNORECASE)
_RELATION = re.compile(rf"\b(?:{_RELATIONS})(?:[ -]in[ -]law)?,?\s+\(?$", re.IGNORECASE)
_GREETING = re.compile(r"(?:^|[\n.!?]\s*)(?:hi|hello|hey|dear|hiya|good (?:morning|evening|afternoon|day)),?\s+$", re.I)
_SIGN_OFF = re.compile(
    r"(?:\b(?:thanks|thank you|thanx|thx|ty|regards|wishes|best|love|cheers|sincerely|yours|many thanks|xx?)\s*[,!.\-–—\n]*"
    r"|[\n]\s*|\s[-–—]\s?)\s*$", re.IGNORECASE,
)  # fmt: skip
_THING = (
    "syndrome|disease|disorder|hospital|clinic|centre|center|institute|foundation|trust|university|college|academy|children|"
    "test|scale|score|scales|angle|sign|signs|method|reflex|valve|dystrophy|atrophy|palsy|ataxia|law|effect|criteria|"
    "contracture|phenomenon|malformation|classification|protocol|technique|manoeuvre|maneuver|infirmary|airport"
)
# What is named after a person is no person: "Crohn's disease", "John Radcliffe Hospital", "Foley catheter". But a device
# after a possessive is somebody's: "Oliver's tube".
_NOT_A_PERSON = re.compile(
    rf"(?:['’]s|['’])?[\s\-]+(?:{_THING})\b|[\s\-]+(?:stage|trial|study|button|catheter|bag|brace|frame|collar|fundoplication|"
    r"therapy|medical|health|ward|house|park|street|road|city|county|island|state|cells?|gene|mutation|mask|machine|chair|"
    r"hoist|sling|vest|pump|tube|feed|formula|school)\b", re.IGNORECASE,
)  # fmt: skip
_THING_WORD = re.compile(_THING, re.IGNORECASE)
# What is said of persons only: an unknown word with a capital before it is somebody's name.
_PERSON_AFTER = re.compile(
    r",? (?:who\b|aged?\b|has (?:type|sma|had|been|a cold|a fever|lost)\b|is (?:\d|a? ?type\b|my\b|our\b|on (?:bipap|niv|the vent))|"
    r"(?:fell|coughs|coughed|cries|cried|loves|hates|sleeps|slept|turned|weighs|wears|sits|crawls|crawled|walks|walked|smiles)\b)",
    re.IGNORECASE,
)
_PLACE_BEFORE = re.compile(r"\b(?:san|santa|st\.?|saint|new|north|south|west|east|port|fort|mount|lake|johns)\s+$", re.I)
_TIME_BEFORE = re.compile(r"\b(?:in|on|since|until|till|by|before|after|of|early|late|mid|next|last|this|to|from|every|near|around|outside)\s+$", re.I)


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int

    @property
    def is_capital(self) -> bool:
        return self.text[:1].isupper()

    @property
    def is_short_form(self) -> bool:
        """All capitals: SMA, NHS, IV."""
        return len(self.text) > 1 and self.text.isupper()


class NameFinder:
    """Finds names; built once, from the lists of content/redaction."""

    def __init__(self, words: NameWords) -> None:
        self._words = words

    def find(self, text: str, *, find_names: FindNames | None = None) -> list[tuple[int, int]]:
        """Places of names, in no order; they may overlap."""
        tokens = [_Token(m.group(), m.start(), m.end()) for m in TOKEN.finditer(text)]
        shouted = sum(t.is_short_form for t in tokens) > max(2, len(tokens) // 2)
        medical = _cover(text, self._words.medical.find(text))
        look_alike = _cover(text, self._words.look_alikes.find(text))
        scan = _Scan(text, tokens, self._words, medical, look_alike, shouted)
        found = list(scan.by_cue_and_list())
        # The model costs more than all the rest: it is asked only where a word is left that might be a name.
        if find_names is not None and scan.has_unknown_capital(found):
            found += scan.by_model(find_names(text))
        return found


def _cover(text: str, mentions: Iterable[object]) -> Sequence[tuple[int, int]]:
    return [(m.start, m.end) for m in mentions]  # type: ignore[attr-defined]


class _Scan:
    """One message."""

    def __init__(
        self,
        text: str,
        tokens: Sequence[_Token],
        words: NameWords,
        medical: Sequence[tuple[int, int]],
        look_alike: Sequence[tuple[int, int]],
        shouted: bool,
    ) -> None:
        self._text, self._tokens, self._words = text, tokens, words
        self._medical, self._look_alike, self._shouted = medical, look_alike, shouted

    def by_cue_and_list(self) -> Iterator[tuple[int, int]]:
        """Names that something introduces, and names that are nothing else."""
        i = 0
        while i < len(self._tokens):
            count = self._name_at(i)
            if count:
                yield self._tokens[i].start, _without_possessive(self._tokens[i + count - 1])
            i += max(count, 1)

    def by_model(self, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """What the model found, without what cannot be a name."""
        for start, end in spans:
            inside = [t for t in self._tokens if t.start >= start and t.end <= end]
            while inside and self._is_no_name(inside[0]):
                inside = inside[1:]
            while inside and self._is_no_name(inside[-1]):
                inside = inside[:-1]
            if inside and not any(_hits(self._medical, t) for t in inside) and not self._names_a_thing(inside[-1]):
                if not (len(inside) == 1 and self._is_shaky(inside[0])):
                    yield inside[0].start, _without_possessive(inside[-1])

    def has_unknown_capital(self, found: Sequence[tuple[int, int]]) -> bool:
        """Whether a word with a capital is no word that we know."""
        return any(not self._is_no_name(t) and not self._is_shaky(t) and not _hits(found, t) for t in self._tokens)

    def _is_shaky(self, token: _Token) -> bool:
        """A single word in small letters or capitals only is more often a slip of the model than a name."""
        return not token.is_capital or token.is_short_form or len(token.text) < 3

    def _is_no_name(self, token: _Token) -> bool:
        if _hits(self._look_alike, token) or _hits(self._medical, token):
            return True
        core = _core(token)
        if self._words.is_name(core):
            return False
        return not token.is_capital or self._words.is_ordinary(core) or _is_stop(core)

    def _name_at(self, i: int) -> int:
        """How many tokens from `i` on are a name."""
        token = self._tokens[i]
        before = self._text[max(0, token.start - 40) : token.start]
        if len(_core(token)) < 2:
            return self._after_initial(i) if _TITLE.search(before) or _NAME_IS.search(before) else 0
        if _hits(self._medical, token):
            return 0
        if self._is_introduced(token, before, i):
            return 0 if self._names_a_thing(token) else self._extent(i, introduced=True)
        if not self._stands_alone(token, before):
            return 0
        count = self._extent(i, introduced=False)
        return 0 if self._names_a_thing(self._tokens[i + count - 1]) else count

    def _after_initial(self, i: int) -> int:
        """"Dr. J. Smith": an initial with its point, and the surname after it."""
        token = self._tokens[i]
        is_initial = token.is_capital and self._text[token.end : token.end + 1] == "."
        return self._extent(i, introduced=False) if is_initial else 0

    def _is_introduced(self, token: _Token, before: str, i: int) -> bool:
        core = _core(token)
        listed = self._words.is_name(core) or (self._words.may_be_name(core) and self._has_capital(token))
        plausible = listed or (self._has_capital(token) and not self._words.is_ordinary(core))
        plausible = plausible and not _is_stop(core) and not token.is_short_form or listed
        if self._shouted and not listed:
            plausible = not self._words.is_ordinary(core) and not _is_stop(core)
        look_alike = _hits(self._look_alike, token)
        unknown = not self._words.is_ordinary(core) and not _is_stop(core) and not look_alike
        if _NAME_IS.search(before):
            return plausible or unknown or self._has_capital(token) and not _is_stop(core)
        title = _TITLE.search(before)
        if title:
            # "dr says", but "mr hughes"
            is_verb = bool(_CLINICIAN.search(title.group()) and re.search(r"(?:ed|ing|ly|s)$", core))
            return plausible or unknown and not is_verb
        if _CALL_THEM.search(before) and self._has_capital(token) and not look_alike:
            return not _is_stop(core)
        if _RELATION.search(before) or _CALLED.search(before):
            return plausible and (listed or not look_alike)
        if _I_AM.search(before):
            return plausible and not look_alike
        if _GREETING.search(before):
            return plausible and not look_alike
        is_last = i == len(self._tokens) - 1 or i == len(self._tokens) - 2 and self._tokens[-1].is_capital
        if is_last and not self._text[self._tokens[-1].end :].strip(" .!\n)xX"):
            return bool(_SIGN_OFF.search(before)) and plausible and not look_alike
        return False

    def _stands_alone(self, token: _Token, before: str) -> bool:
        """A name from the list, without anything that introduces it."""
        core = _core(token)
        if _PLACE_BEFORE.search(before):
            return False
        if any(start < token.start or token.end < end for start, end in self._look_alike if start < token.end and token.start < end):
            return False  # inside a longer fixed name: "Cornelia de Lange"
        if self._words.is_name(core):
            return not (token.is_short_form and len(core) < 4 and not self._shouted)
        if not self._has_capital(token) or token.is_short_form:
            return False
        if not self._words.may_be_name(core):
            is_place = bool(_TIME_BEFORE.search(before))
            return not is_place and self._is_unknown(token) and self._is_said_of_a_person(token)
        starts_sentence = not before.strip() or before.rstrip()[-1:] in ".!?:\n\"“(-"
        if _TIME_BEFORE.search(before):
            return False
        following = self._next(token)
        if starts_sentence or _hits(self._look_alike, token):
            return bool(following and following.is_capital and self._is_surname(following))
        return True

    def _is_said_of_a_person(self, token: _Token) -> bool:
        """"Marek has type 2", "Anneke de Vries": not on any list, yet nothing else it could be."""
        if _PERSON_AFTER.match(self._text, token.end):
            return True
        index = self._tokens.index(token)
        words = [t for t in self._tokens[index + 1 : index + 4] if _GAP.fullmatch(self._text, t.start - 1, t.start)]
        particles = [t for t in words if t.text in _SURNAME_PARTICLES]
        after = [t for t in words if t.is_capital]
        return bool(particles and after and self._is_unknown(after[0]) and words[0] in particles)

    def _extent(self, i: int, *, introduced: bool) -> int:
        """The first name and what follows of it: second names, particles, surnames; at most four words."""
        count, lower_left = 1, 2 if introduced else 0
        while i + count < len(self._tokens) and count < 4:
            last, following = self._tokens[i + count - 1], self._tokens[i + count]
            if last.text.endswith(("'s", "’s")) or not _GAP.fullmatch(self._text, last.end, following.start):
                break
            if "." in self._text[last.end : following.start] and len(last.text) > 1:
                break
            core = _core(following)
            if core.lower() in _PARTICLES and i + count + 1 < len(self._tokens) and self._tokens[i + count + 1].is_capital:
                count += 1
                continue
            if self._is_surname(following):
                count += 1
                continue
            if lower_left and following.text.islower() and self._is_unknown(following):
                lower_left -= 1
                count += 1
                continue
            break
        while count > 1 and _core(self._tokens[i + count - 1]).lower() in _PARTICLES:
            count -= 1
        return count

    def _is_surname(self, token: _Token) -> bool:
        core = _core(token)
        if not token.is_capital or self._shouted or token.is_short_form or _hits(self._medical, token):
            return False
        if _is_stop(core) or _THING_WORD.fullmatch(core):
            return False
        return len(core) > 1 or self._text[token.end : token.end + 1] == "."

    def _is_unknown(self, token: _Token) -> bool:
        core = _core(token)
        known = self._words.is_ordinary(core) or _is_stop(core)
        return not known and len(core) > 2 and not _hits(self._medical, token) and not _hits(self._look_alike, token)

    def _has_capital(self, token: _Token) -> bool:
        return token.is_capital and not self._shouted

    def _next(self, token: _Token) -> _Token | None:
        index = self._tokens.index(token) + 1
        if index < len(self._tokens) and _GAP.fullmatch(self._text, token.end, self._tokens[index].start):
            return self._tokens[index]
        return None

    def _names_a_thing(self, token: _Token) -> bool:
        return bool(_NOT_A_PERSON.match(self._text, _without_possessive(token)))


def _is_stop(word: str) -> bool:
    """Whether a word never is a name; "I'm" counts as "I"."""
    return re.split(r"['’]", word.lower())[0] in _STOP


def _core(token: _Token) -> str:
    """The word without a possessive ending."""
    return re.sub(r"['’]s$", "", token.text)


def _without_possessive(token: _Token) -> int:
    return token.start + len(_core(token))


def _hits(spans: Sequence[tuple[int, int]], token: _Token) -> bool:
    return any(start < token.end and token.start < end for start, end in spans)
