"""Red flags: words that may describe an emergency or a crisis happening now. Nothing may overrule what is found here.

The rules are content (`content/red_flags.yml`); this module loads them and decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from bot.core.normal import normalise
from bot.core.red_flag_content import Flag, Rules, load_rules
from bot.core.red_flag_context import Context, Timing
from bot.core.red_flag_patterns import Pattern, Places
from bot.core.red_flag_words import Words, read_words

# Nobody types more than this by hand in an emergency, and the answer must come within 50 ms whatever is pasted.
_HEAD_CHARS = 4_000
_TAIL_CHARS = 3_000


class FlagKind(str, Enum):
    """Which message is due: the emergency text or the crisis text."""

    EMERGENCY = "emergency"
    CRISIS = "crisis"


class Urgency(str, Enum):
    """How fast: emergency number now, same-day care, or a call to the team today."""

    NOW = "now"
    TODAY = "today"
    TEAM = "team"


_URGENCIES = tuple(Urgency)


@dataclass(frozen=True)
class RedFlag:
    """What a message was found to describe."""

    id: str
    kind: FlagKind
    urgency: Urgency
    title: str
    say: str
    """What to tell the crew or the team about SMA, one or two sentences."""
    with_crisis: bool = False
    """Of an emergency: the message also speaks of suicide or harm, so somebody to talk to is shown as well."""
    harm_to_others: bool = False
    """Of a crisis: a child is in danger or somebody is being hurt, so child protection lines are shown as well."""
    calls_staff: bool = False
    """Staff are asked to look in on the conversation, without the person having asked for them."""


def red_flag(flag: Flag, *, with_crisis: bool = False, harm_to_others: bool = False) -> RedFlag:
    """A category as the content gives it, as something found in a message."""
    return RedFlag(
        id=flag.id,
        kind=FlagKind(flag.kind),
        urgency=Urgency(flag.urgency),
        title=flag.title,
        say=flag.say,
        with_crisis=with_crisis,
        harm_to_others=harm_to_others,
        calls_staff=flag.handoff == "create",
    )


@dataclass(frozen=True)
class Finding:
    """One pattern that fitted, and what was made of it; for people who improve the rules."""

    flag: str
    pattern: str
    words: str
    timing: Timing


class RedFlagRules:
    """The rules, ready to be asked. Build with `load`."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._tasks = [
            (flag, group, pattern) for flag in rules.flags for group in flag.groups for pattern in group.patterns
        ]
        self._tasks_by_item = _by_first_item(pattern for _, _, pattern in self._tasks)
        self._phrases_by_item = _by_first_item(phrase.pattern for phrase in rules.phrases)

    @classmethod
    def load(cls, path: str | Path) -> RedFlagRules:
        """Read `content/red_flags.yml`; raises FaultsError with every fault of the file."""
        return cls(load_rules(Path(path)))

    @property
    def flags(self) -> Sequence[Flag]:
        """All flags in the order of the file, with their own examples."""
        return self._rules.flags

    def find(self, text: str, *, lemmas: Sequence[str] = ()) -> RedFlag | None:
        """The most urgent red flag in a message, None when there is none.

        A bodily emergency that needs help this minute comes before a crisis, a crisis before what can wait for today.
        """
        looked = self._look(text, lemmas, quick=True)
        found = [(flag, harm) for flag, harm, finding in looked if finding.timing is Timing.NOW]
        if not found:
            return None
        flag = min((flag for flag, _ in found), key=_rank)
        return red_flag(
            flag,
            with_crisis=flag.kind != FlagKind.CRISIS.value
            and any(other.kind == FlagKind.CRISIS.value for other, _ in found),
            harm_to_others=any(harm for other, harm in found if other.id == flag.id),
        )

    def explain(self, text: str, *, lemmas: Sequence[str] = ()) -> Sequence[Finding]:
        """Every pattern that fitted, also those that the context silenced."""
        return [finding for _, _, finding in self._look(text, lemmas, quick=False)]

    def _look(self, text: str, lemmas: Sequence[str], *, quick: bool) -> list[tuple[Flag, bool, Finding]]:
        rules = self._rules
        text = _shorten(text)
        words = read_words(text, rules.speller, lemmas=lemmas)
        found: list[tuple[Flag, bool, Finding]] = []
        if not words.words:
            return found
        foreign = rules.foreign.locate(words, words.raw)
        for number in _candidates(self._phrases_by_item, foreign):
            phrase = rules.phrases[number]
            for span in foreign.matches(phrase.pattern):
                finding = Finding(
                    phrase.flag.id, phrase.pattern.source, _text(words.raw, span.start, span.end), Timing.NOW
                )
                found.append((phrase.flag, phrase.flag.kind == "crisis" and phrase.harm, finding))
                break
        if rules.unspaced:
            plain = normalise(text)
            for unspaced in rules.unspaced:
                if unspaced.text in plain:
                    finding = Finding(unspaced.flag.id, unspaced.text, unspaced.text, Timing.NOW)
                    found.append((unspaced.flag, False, finding))
        found += self._look_english(words, quick=quick)
        return found

    def _look_english(self, words: Words, *, quick: bool) -> list[tuple[Flag, bool, Finding]]:
        rules = self._rules
        places = rules.lexicon.locate(words, words.words)
        context: Context | None = None
        found: list[tuple[Flag, bool, Finding]] = []
        fits: dict[int, bool] = {}
        settled = False
        for number in _candidates(self._tasks_by_item, places):
            flag, group, pattern = self._tasks[number]
            if settled and flag.kind != FlagKind.CRISIS.value:
                continue  # flags come in order of precedence: nothing after this one could be shown
            for span in places.matches(pattern):
                if id(group) not in fits:
                    beside = [[found for p in choices for found in places.matches(p)] for choices in group.together]
                    if beside and all(beside):
                        context = context or Context(words, places, rules.cues)
                    fits[id(group)] = all(context and any(map(context.is_given, spans)) for spans in beside)
                if not fits[id(group)]:
                    break
                context = context or Context(words, places, rules.cues)
                timing = context.timing(span, group.care)
                if timing is Timing.NOW and (
                    any(context.is_near(span, other) for p in group.unless for other in places.matches(p))
                    or any(span.used & other.used for p in flag.not_as for other in places.matches(p))
                ):
                    timing = Timing.HARMLESS
                shown = _text(words.words, span.start, span.end)
                found.append((flag, group.harm, Finding(flag.id, pattern.source, shown, timing)))
                if timing is Timing.NOW:
                    settled = settled or (quick and _rank(flag)[0] == 0)
                    break
        return found


def _shorten(text: str) -> str:
    """Start and end of a very long text; see `_HEAD_CHARS`."""
    return text if len(text) <= _HEAD_CHARS + _TAIL_CHARS else f"{text[:_HEAD_CHARS]} \n {text[-_TAIL_CHARS:]}"


def _rank(flag: Flag) -> tuple[int, int]:
    if flag.kind == FlagKind.CRISIS.value:
        return (1, 0)
    return (0 if flag.urgency == Urgency.NOW.value else 2, _URGENCIES.index(Urgency(flag.urgency)))


def _text(words: Sequence[str], start: int, end: int) -> str:
    return " ".join(words[start:end])


def _by_first_item(patterns: Iterable[Pattern]) -> Mapping[str, Sequence[int]]:
    """First item -> numbers of the patterns that start with it, so that a message wakes only a few of them."""
    numbers: dict[str, list[int]] = {}
    for number, pattern in enumerate(patterns):
        numbers.setdefault(pattern.items[0], []).append(number)
    return numbers


def _candidates(by_item: Mapping[str, Sequence[int]], places: Places) -> list[int]:
    return sorted(number for item in places.items for number in by_item.get(item, ()))
