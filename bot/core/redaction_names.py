"""Names of persons in a message: what says "a name comes now", names that are nothing else, and what a model found.

Three sources, because none is enough: people type names in lower case, which a language model does not see; lists of
names never end; and not every name is introduced. Words of medicine are never taken, whatever stands before them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.core.redaction_cues import (
    CALL_THEM,
    CALLED,
    CLINICIAN,
    GREETING,
    I_AM,
    NAME_IS,
    NOT_A_PERSON,
    PARTICLES,
    PERSON_AFTER,
    PLACE_BEFORE,
    RELATION,
    SIGN_OFF,
    STOP,
    SURNAME_PARTICLES,
    THING_WORD,
    TIME_BEFORE,
    TITLE,
)
from bot.core.redaction_words import NameWords

FindNames = Callable[[str], Iterable[tuple[int, int]]]
"""Places (start, end) that a language model takes for persons."""

TOKEN = re.compile(r"(?<!\w)[^\W\d_]+(?:['’\-][^\W\d_]+)*(?![\d_])")
# Between two words of one name: spaces, and a point after an initial or a title.
_GAP = re.compile(r"[ \t]{1,2}|\.[ \t]{1,2}")


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
        scan = _Scan(text, self._words)
        found = list(scan.by_cue_and_list())
        # The model costs more than all the rest: it is asked only where a word is left that might be a name.
        if find_names is not None and scan.has_unknown_capital(found):
            found += scan.by_model(find_names(text))
        return found


class _Scan:
    """One message."""

    def __init__(self, text: str, words: NameWords) -> None:
        self._text, self._words = text, words
        self._tokens = [_Token(m.group(), m.start(), m.end()) for m in TOKEN.finditer(text)]
        self._medical = [(m.start, m.end) for m in words.medical.find(text)]
        self._look_alike = [(m.start, m.end) for m in words.look_alikes.find(text)]
        # In a message all in capitals a capital letter says nothing.
        self._shouted = sum(t.is_short_form for t in self._tokens) > max(2, len(self._tokens) // 2)

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
            if not inside or (len(inside) == 1 and self._is_shaky(inside[0])) or self._names_a_thing(inside[-1]):
                continue
            if not any(_hits(self._medical, t) for t in inside):
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
            return self._after_initial(i) if TITLE.search(before) or NAME_IS.search(before) else 0
        if _hits(self._medical, token):
            return 0
        if self._is_introduced(token, before, i):
            return 0 if self._names_a_thing(token) else self._extent(i, introduced=True)
        if not self._stands_alone(token, before):
            return 0
        count = self._extent(i, introduced=False)
        return 0 if self._names_a_thing(self._tokens[i + count - 1]) else count

    def _after_initial(self, i: int) -> int:
        """ "Dr. J. Smith": an initial with its point, and the surname after it."""
        token = self._tokens[i]
        is_initial = token.is_capital and self._text[token.end : token.end + 1] == "."
        return self._extent(i, introduced=False) if is_initial else 0

    def _is_introduced(self, token: _Token, before: str, i: int) -> bool:
        core = _core(token)
        listed = self._words.is_name(core) or (self._words.may_be_name(core) and self._has_capital(token))
        plausible = listed or (self._has_capital(token) and not self._words.is_ordinary(core))
        plausible = (plausible and not _is_stop(core) and not token.is_short_form) or listed
        if self._shouted and not listed:
            plausible = not self._words.is_ordinary(core) and not _is_stop(core)
        look_alike = _hits(self._look_alike, token)
        unknown = not self._words.is_ordinary(core) and not _is_stop(core) and not look_alike
        if NAME_IS.search(before):
            return plausible or unknown or (self._has_capital(token) and not _is_stop(core))
        title = TITLE.search(before)
        if title:
            # "dr says", but "mr hughes"
            is_verb = bool(CLINICIAN.search(title.group()) and re.search(r"(?:ed|ing|ly|s)$", core))
            return plausible or (unknown and not is_verb)
        if CALL_THEM.search(before) and self._has_capital(token) and not look_alike:
            return not _is_stop(core)
        if RELATION.search(before) or CALLED.search(before):
            return plausible and (listed or not look_alike)
        if I_AM.search(before):
            return plausible and not look_alike
        if GREETING.search(before):
            return plausible and not look_alike
        is_last = i == len(self._tokens) - 1 or (i == len(self._tokens) - 2 and self._tokens[-1].is_capital)
        if is_last and not self._text[self._tokens[-1].end :].strip(" .!\n)xX"):
            return bool(SIGN_OFF.search(before)) and plausible and not look_alike
        return False

    def _stands_alone(self, token: _Token, before: str) -> bool:
        """A name from the list, without anything that introduces it."""
        core = _core(token)
        if PLACE_BEFORE.search(before):
            return False
        if any(
            start < token.start or token.end < end
            for start, end in self._look_alike
            if start < token.end and token.start < end
        ):
            return False  # inside a longer fixed name: "Cornelia de Lange"
        if self._words.is_name(core):
            return not (token.is_short_form and len(core) < 4 and not self._shouted)
        if not self._has_capital(token) or token.is_short_form:
            return False
        if not self._words.may_be_name(core):
            is_place = bool(TIME_BEFORE.search(before))
            return not is_place and self._is_unknown(token) and self._is_said_of_a_person(token)
        starts_sentence = not before.strip() or before.rstrip()[-1:] in '.!?:\n"“(-'
        if TIME_BEFORE.search(before):
            return False
        following = self._next(token)
        if starts_sentence or _hits(self._look_alike, token):
            return bool(following and following.is_capital and self._is_surname(following))
        return True

    def _is_said_of_a_person(self, token: _Token) -> bool:
        """ "Marek has type 2", "Anneke de Vries": not on any list, yet nothing else it could be."""
        if PERSON_AFTER.match(self._text, token.end):
            return True
        index = self._tokens.index(token)
        words = [t for t in self._tokens[index + 1 : index + 4] if _GAP.fullmatch(self._text, t.start - 1, t.start)]
        particles = [t for t in words if t.text in SURNAME_PARTICLES]
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
            if (
                core.lower() in PARTICLES
                and i + count + 1 < len(self._tokens)
                and self._tokens[i + count + 1].is_capital
            ):
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
        while count > 1 and _core(self._tokens[i + count - 1]).lower() in PARTICLES:
            count -= 1
        return count

    def _is_surname(self, token: _Token) -> bool:
        core = _core(token)
        if not token.is_capital or self._shouted or token.is_short_form or _hits(self._medical, token):
            return False
        if _is_stop(core) or THING_WORD.fullmatch(core):
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
        return bool(NOT_A_PERSON.match(self._text, _without_possessive(token)))


def _is_stop(word: str) -> bool:
    """Whether a word never is a name; "I'm" counts as "I"."""
    return re.split(r"['’]", word.lower())[0] in STOP


def _core(token: _Token) -> str:
    """The word without a possessive ending."""
    return re.sub(r"['’]s$", "", token.text)


def _without_possessive(token: _Token) -> int:
    return token.start + len(_core(token))


def _hits(spans: Sequence[tuple[int, int]], token: _Token) -> bool:
    return any(start < token.end and token.start < end for start, end in spans)
