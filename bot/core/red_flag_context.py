"""Is what a message describes happening now? A sign may also be denied, feared, planned for, asked about, long past.

The bias is deliberate: only a clear cue near the sign silences it, and words such as "right now" beat every cue but a
denial. A false alarm costs little, a miss can cost a life.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from bot.core.red_flag_patterns import Pattern, Places, Span
from bot.core.red_flag_words import Words

CUES = (
    "metaphor", "small_words", "negative", "used_up", "negative_break", "negative_after", "listing", "not_given",
    "present", "not_present", "planned", "general", "hearsay", "own", "past", "long_past", "past_after", "past_tense",
    "present_tense", "told_apart", "recent", "resolved", "dated", "person", "own_question", "own_answer",
    "not_answer", "self", "impersonal", "asking", "case", "not_case", "elliptic", "statement", "conjunction", "break",
)  # fmt: skip
"""The lists of cues that content/red_flags.yml must give under `context`."""

_EXCEPTIONS = {"present": "not_present", "person": "impersonal", "own_answer": "not_answer", "case": "not_case"}
"""A cue that shares a word with one of the other list is none."""

# How many words a cue reaches, fillers not counted. Measured on the corpus: shorter lets planned questions alarm,
# longer lets a polite opening silence the emergency that follows it.
_NEGATIVE_REACH = 3
_LISTING_REACH = 7
_PLANNED_REACH = 9
_PLANNED_AFTER_REACH = 8
_PAST_REACH = 9
_DATED_REACH = 5
_HEARSAY_REACH = 6
_PRESENT_REACH = 7
_UNLESS_REACH = 8
_ALONE_WORDS = 4


class Timing(str, Enum):
    """What the words around a sign make of it. Only NOW alarms."""

    NOW = "now"
    METAPHOR = "metaphor"
    HARMLESS = "harmless"
    """The words have another meaning here; the group says which, under `unless`."""
    DENIED = "denied"
    PLANNED = "planned"
    GENERAL = "general"
    PAST = "past"
    NOBODY = "nobody"
    """A question about a sign that many people ask about in general, and no certain person is named."""


@dataclass(frozen=True)
class Care:
    """How carefully one group of patterns is judged."""

    person: bool = False
    """A question alarms only when a certain person or a present time is spoken of."""
    lasting: bool = False
    """Stays dangerous when the person seems well again: a swallowed medicine, a first fit, a blow to the head."""
    alone: bool = False
    """Alarms only when it is nearly all that the message says: "seizure!"."""
    always: bool = False
    """Planning, past and denial do not silence it: thoughts of suicide."""


class Context:
    """The cues of one message."""

    def __init__(self, words: Words, places: Places, cues: Mapping[str, Sequence[Pattern]]) -> None:
        self._words = words
        self._places = places
        self._cues = cues
        self._found: dict[str, Sequence[Span]] = {}

    def _spans(self, name: str) -> Sequence[Span]:
        """Where the cues of one list stand; looked up only when a sign asks for them."""
        spans = self._found.get(name)
        if spans is None:
            spans = [span for pattern in self._cues[name] for span in self._places.matches(pattern)]
            if name in _EXCEPTIONS:
                spans = _without(spans, self._spans(_EXCEPTIONS[name]))
            if name == "resolved":
                spans = [span for span in spans if not self._negative & {span.start - 1, span.start - 2}]
            self._found[name] = spans
        return spans

    @cached_property
    def _metaphors(self) -> set[int]:
        return _covered(self._spans("metaphor"))

    @cached_property
    def _small_words(self) -> set[int]:
        return _covered(self._spans("small_words"))

    @cached_property
    def _breaks(self) -> set[int]:
        return _covered(self._spans("break"))

    @cached_property
    def _negative_breaks(self) -> set[int]:
        return self._breaks | _covered(self._spans("negative_break"))

    @cached_property
    def _negative(self) -> set[int]:
        return {at for span in self._spans("negative") for at in span.used}

    @cached_property
    def _denials(self) -> set[int]:
        return self._negative - _covered(self._spans("used_up"))

    @cached_property
    def _conjunctions(self) -> set[int]:
        return _covered(self._spans("conjunction"))

    @cached_property
    def _elliptic(self) -> set[int]:
        return {span.start for span in self._spans("elliptic")}

    @cached_property
    def _not_given(self) -> set[int]:
        return _covered(self._spans("not_given"))

    def timing(self, sign: Span, care: Care) -> Timing:
        """Judge one match."""
        # "Breathing machine" says nothing of "stopped breathing": the idiom must hold every word that matters.
        if self._metaphors & sign.used and sign.used <= self._metaphors | self._small_words:
            return Timing.METAPHOR
        if not care.always and self._is_denied(sign):
            return Timing.DENIED
        if self._is_present(sign):
            return Timing.NOW
        if not care.always and self._is_hearsay(sign):
            return Timing.GENERAL
        person = self._is_of_person(sign, care)
        if not person and self._is_general(sign, care):
            # "Is it only the cold? They were pink an hour ago": the question is general, the case is not.
            return Timing.NOW if self._spans("present") else Timing.GENERAL
        if not care.always and not self._spans("own_answer"):
            if self._is_planned(sign):
                return Timing.PLANNED
            if self._is_past(sign, care):
                return Timing.PAST
        if care.alone and self._places.cost[-1] > _ALONE_WORDS:
            return Timing.NOBODY
        if (
            care.person
            and not person
            and not self._spans("person")
            and not self._spans("present")
            and self._is_asking(sign)
        ):
            return Timing.NOBODY
        return Timing.NOW

    def _has(self, name: str, sign: Span) -> bool:
        """Whether such a cue stands in a sentence of the sign."""
        sentences = range(self._words.sentences[sign.start], self._words.sentences[sign.end - 1] + 1)
        return any(self._words.sentences[span.start] in sentences for span in self._spans(name))

    def _is_present(self, sign: Span) -> bool:
        sentence = self._words.sentences
        return any(
            sentence[span.start] in (sentence[sign.start], sentence[sign.end - 1])
            and max(self._distance(span.end, sign.start), self._distance(sign.end, span.start)) <= _PRESENT_REACH
            for span in self._spans("present")
        )

    def _is_of_person(self, sign: Span, care: Care) -> bool:
        if self._has("person", sign) or self._spans("own_answer") or (care.always and self._has("self", sign)):
            return True
        if self._has("case", sign) and not self._is_asking(sign) and not self._is_planned(sign):
            return True
        return self._has("own_question", sign) and not self._has("impersonal", sign)

    def _is_general(self, sign: Span, care: Care) -> bool:
        """Asked of people in general; not so when the question only follows: "lips are blue, is that normal"."""
        clause, sentence = self._words.clauses, self._words.sentences
        return any(
            sentence[span.start] == sentence[sign.start]
            and (span.start < sign.start or clause[span.start] == clause[sign.end - 1])
            and span.start not in self._elliptic
            for name in (("general",) if care.always else ("general", "impersonal"))
            for span in self._spans(name)
        )

    def _is_hearsay(self, sign: Span) -> bool:
        """Told by others of somebody else's child, as past, with nobody of one's own in between."""
        sentence = self._words.sentences
        return any(
            sentence[span.start] == sentence[sign.start]
            and span.start < sign.end
            and self._distance(span.end, sign.start) <= _HEARSAY_REACH
            and not any(span.end <= own.start < sign.end for own in self._spans("own"))
            for span in self._spans("hearsay")
        )

    def is_given(self, treatment: Span) -> bool:
        """Whether a treatment that a group asks for is not one that was never had: "no gene therapy"."""
        return self._not_given.isdisjoint(treatment.used)

    def is_near(self, sign: Span, other: Span) -> bool:
        """Whether another match belongs to the same statement as the sign."""
        same_sentence = self._words.sentences[other.start] == self._words.sentences[sign.start]
        apart = max(self._distance(other.end, sign.start), self._distance(sign.end, other.start))
        return same_sentence and apart <= _UNLESS_REACH

    def _is_asking(self, sign: Span) -> bool:
        """Whether the sentence of the sign is put as a question."""
        sentence = self._words.sentences
        return sentence[sign.start] in self._words.questions or any(
            sentence[span.start] == sentence[sign.start]
            and (span.start == 0 or sentence[span.start - 1] != sentence[span.start])
            and span.start not in self._elliptic
            for span in self._spans("asking")
        )

    def _distance(self, start: int, end: int) -> int:
        return self._places.cost[end] - self._places.cost[start] if start <= end else 0

    def _is_broken(self, start: int, end: int) -> bool:
        return any(at in self._breaks for at in range(start, end))

    def _is_denied(self, sign: Span) -> bool:
        if sign.used & self._negative:
            return False  # the "not" belongs to the sign: "not breathing"
        sentence, clause = self._words.sentences, self._words.clauses
        if any(
            sign.end <= span.start <= sign.end + 1 and clause[span.start] == clause[sign.end - 1]
            for span in self._spans("negative_after")
        ):
            return True  # "choking isn't an issue"
        for at in self._denials:
            if sign.start < at < sign.end:
                return True
            if at >= sign.start or sentence[at] != sentence[sign.start]:
                continue
            if not self._negative_breaks.isdisjoint(range(at + 1, sign.start)):
                continue
            distance = self._distance(at + 1, sign.start)
            if clause[at] == clause[sign.start]:
                if distance <= _NEGATIVE_REACH:
                    return True
            elif distance > _LISTING_REACH:
                continue
            if distance <= _LISTING_REACH and self._is_listing(at, sign):
                return True
        return False

    def _is_listing(self, at: int, sign: Span) -> bool:
        """ "No fever, vomiting or rash": one "no" for all of them."""
        return any(
            at < span.start <= sign.end + 3 and self._words.sentences[span.start] == self._words.sentences[at]
            for span in self._spans("listing")
        )

    def _is_planned(self, sign: Span) -> bool:
        sentence, clause = self._words.sentences, self._words.clauses
        if self._is_told_before(sign):
            return False  # "he is going blue when should I call"
        for span in self._spans("planned"):
            if sentence[span.start] != sentence[sign.start]:
                continue
            if span.start <= sign.start:
                if clause[span.start] != clause[sign.start] and self._names_person(sign, span.end):
                    continue  # "when should I worry, his lips are blue"
                near = self._distance(span.end, sign.start) <= _PLANNED_REACH
                if near and not self._is_broken(span.end, sign.start) and not self._is_told(span.end, sign):
                    return True
            elif self._distance(sign.end, span.start) <= _PLANNED_AFTER_REACH and not self._is_broken(
                sign.end, span.start
            ):
                return True
        return False

    def _is_told(self, start: int, sign: Span) -> bool:
        """Whether a plain statement about a certain person begins between `start` and the end of the sign."""
        return any(start <= span.start < sign.end and self._is_plain(span) for span in self._spans("statement"))

    def _is_told_before(self, sign: Span) -> bool:
        """Whether the sign itself is part of such a statement, with nothing hypothetical ahead of it."""
        sentence = self._words.sentences
        first = next((at for at in range(sign.start, -1, -1) if at == 0 or sentence[at - 1] != sentence[sign.start]), 0)
        if any(first <= span.start < sign.start and self._is_broken(span.end, sign.start) is False
               for span in self._spans("planned")):  # fmt: skip
            return False
        return any(
            sentence[span.start] == sentence[sign.start]
            and span.start < sign.end
            and self._distance(span.end, sign.start) <= 2
            and self._is_plain(span)
            for span in self._spans("statement")
        )

    def _is_plain(self, span: Span) -> bool:
        """Not opened by "if", "whether", "that": those make a statement a thought."""
        return not any(at in self._conjunctions for at in (span.start - 1, span.start - 2))

    def _names_person(self, sign: Span, start: int) -> bool:
        """Whether a certain person is named between `start` and the end of the sign."""
        return any(start <= span.start < sign.end for span in self._spans("person"))

    def _is_past(self, sign: Span, care: Care) -> bool:
        if any(self._is_past_cue_of(span, sign) for span in self._spans("past")):
            return True
        if any(self._is_past_cue_of(span, sign, years=True) for span in self._spans("long_past")):
            return True
        if self._is_past_afterwards(sign):
            return True
        if care.lasting:
            return False
        if all(span.used & sign.used for span in self._spans("resolved")):
            return False  # "passed out yesterday" is not "it passed"
        return any(self._is_past_cue_of(span, sign) for span in self._spans("recent"))

    def _is_past_afterwards(self, sign: Span) -> bool:
        """ "Fainted at the match in June", "had a fit at 18 months, she is nine now"; not "is choking in June"."""
        clause = self._words.clauses

        def is_told(tense: str) -> bool:
            return any(
                clause[span.start] == clause[sign.start] and span.start < sign.end for span in self._spans(tense)
            )

        if not is_told("past_tense") or is_told("present_tense"):
            return False
        return any(span.start >= sign.end and self._is_past_cue_of(span, sign) for span in self._spans("past_after"))

    def _is_past_cue_of(self, span: Span, sign: Span, *, years: bool = False) -> bool:
        sentence, clause = self._words.sentences, self._words.clauses
        if sentence[span.start] != sentence[sign.start]:
            return False
        if not clause[sign.start] <= clause[span.start] <= clause[sign.end - 1] and any(
            clause[told.start] == clause[span.start] for told in self._spans("told_apart")
        ):
            return False  # "she had RSV last month, he is choking"
        if not (years and span.start >= sign.end) and any(
            dated.end <= span.start + 1 and self._distance(dated.end, span.start) <= _DATED_REACH
            and sentence[dated.start] == sentence[span.start]
            for dated in self._spans("dated")
        ):  # fmt: skip
            return False  # "since Zolgensma last month": the date is the treatment's, not the sign's
        if span.start >= sign.end:
            return self._distance(sign.end, span.start) <= _PAST_REACH and not self._is_broken(sign.end, span.start)
        return self._distance(span.end, sign.start) <= _PAST_REACH and not self._is_broken(span.end, sign.start)


def _covered(spans: Sequence[Span]) -> set[int]:
    return {at for span in spans for at in range(span.start, span.end)}


def _without(spans: Sequence[Span], exceptions: Sequence[Span]) -> list[Span]:
    """The spans that no exception touches."""
    excepted = _covered(exceptions)
    return [span for span in spans if excepted.isdisjoint(span.used)]
