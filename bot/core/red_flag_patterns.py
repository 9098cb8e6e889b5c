"""The small language in which content/red_flags.yml says what a red flag sounds like, and its matcher.

A pattern is a row of items. Between two items at most one further word may stand, not counting fillers ("a", "the",
"very"); `.4` between them allows four. With ` + ` between the items their order is free, within `~8` words (6 unless
said). An item is

    word      that word                      LIPS      any word of the concept LIPS
    vomit*    any word that starts so        <30-91>   a number in that range
    a|b|LIPS  any of these

`=vomits` alone stands for every pattern of the sign "vomits". A word in a concept may be several words joined with
underscores ("passed_out").
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.red_flag_words import Words

_RANGE = re.compile(r"<(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)>")
_CONCEPT = re.compile(r"[A-Z][A-Z_0-9]*")
_GAP = re.compile(r"\.(\d+)")
_WINDOW = re.compile(r"~(\d+)")
_ITEM = re.compile(r"[^\sA-Z|<>=+~.*{}\[\]()@#&]+\*?")
_DEFAULT_GAP = 1
_DEFAULT_WINDOW = 6
# Bounds the work on a text made to be slow: of each item at most so many places count, half from either end.
_MAX_PLACES = 120
_CACHE_WORDS = 20_000


class PatternError(ValueError):
    """A pattern or concept that cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class Span:
    """A match: `start` (included) and `end` (excluded) of the words it covers, and which of them it really used."""

    start: int
    end: int
    used: frozenset[int]


@dataclass(frozen=True)
class Pattern:
    """One compiled pattern."""

    source: str
    items: tuple[str, ...]
    gaps: tuple[int, ...]
    """Words allowed before each item but the first."""
    window: int = 0
    """Above zero: items in any order within so many words."""


class Lexicon:
    """What each word can stand for: the concepts and the items of all patterns."""

    def __init__(self, concepts: Mapping[str, Sequence[str]], *, fillers: Iterable[str] = ()) -> None:
        self._concepts = {name: tuple(entries) for name, entries in concepts.items()}
        self._fillers = frozenset(fillers) | {""}
        self._items: dict[str, set[str]] = {}
        """Word -> items it fulfils."""
        self._prefixes: dict[str, list[tuple[str, str]]] = {}
        """First three letters -> (stem, item)."""
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        """First word -> (all words, item)."""
        self._ranges: dict[str, list[tuple[float, float]]] = {}
        self._seen: set[str] = set()
        self._cache: dict[str, Sequence[str]] = {}

    def compile(self, source: str, *, gap: int = _DEFAULT_GAP) -> Pattern:
        """Read one pattern with `gap` words allowed between items that say nothing else; raises PatternError."""
        usual_gap = gap
        parts = source.split()
        if not parts:
            raise PatternError("is empty; write at least one word")
        free_order = "+" in parts
        window = _DEFAULT_WINDOW
        items: list[str] = []
        gaps: list[int] = []
        for part in parts:
            if part == "+":
                continue
            if found := _WINDOW.fullmatch(part):
                window = int(found.group(1))
            elif found := _GAP.fullmatch(part):
                gap = int(found.group(1))
            else:
                self._add_item(part)
                gaps.append(gap)
                items.append(part)
                gap = usual_gap
        return Pattern(source, tuple(items), tuple(gaps[1:]), window if free_order else 0)

    def vocabulary(self) -> Iterator[str]:
        """All whole words that the compiled patterns know."""
        yield from self._items
        yield from self._fillers
        for first, phrases in self._phrases.items():
            yield first
            for words, _ in phrases:
                yield from words
        for stems in self._prefixes.values():
            yield from (stem for stem, _ in stems)

    def locate(self, words: Words, tokens: Sequence[str]) -> Places:
        """Where each item occurs in `tokens` (the repaired or the raw words of `words`)."""
        positions: dict[str, list[int]] = {}
        cost = [0]
        for at, token in enumerate(tokens):
            positions.setdefault(token, []).append(at)
            cost.append(cost[-1] + (token not in self._fillers))
        sources: dict[str, list[str]] = {}
        fixed: dict[str, list[tuple[int, int]]] = {}
        for token, found in positions.items():
            for item in self._items_of(token):
                sources.setdefault(item, []).append(token)
            for phrase, item in self._phrases.get(token, ()):
                for at in found:
                    if tuple(tokens[at : at + len(phrase)]) == phrase:
                        fixed.setdefault(item, []).append((at, at + len(phrase)))
        if words.figures:
            for item, ranges in self._ranges.items():
                hits = [
                    (at, at + 1)
                    for at, value in words.figures.items()
                    if any(low <= value <= high for low, high in ranges)
                ]
                if hits:
                    fixed.setdefault(item, []).extend(hits)
        return Places(positions, sources, fixed, cost)

    def _items_of(self, token: str) -> Sequence[str]:
        """The items that a single word fulfils."""
        known = self._cache.get(token)
        if known is None:
            by_stem = (item for stem, item in self._prefixes.get(token[:3], ()) if token.startswith(stem))
            known = tuple({*self._items.get(token, ()), *by_stem})
            if len(self._cache) < _CACHE_WORDS:
                self._cache[token] = known
        return known

    def _add_item(self, item: str) -> None:
        if item in self._seen:
            return
        self._seen.add(item)
        for choice in item.split("|"):
            if _CONCEPT.fullmatch(choice):
                if choice not in self._concepts:
                    raise PatternError(f"names the concept {choice}, which is not defined; add it under concepts")
                for entry in self._concepts[choice]:
                    self._add_word(entry, item)
            elif choice.startswith("<"):
                found = _RANGE.fullmatch(choice)
                if not found:
                    raise PatternError(f"has the unreadable number range {choice}; write it like <30-91>")
                self._ranges.setdefault(item, []).append((float(found.group(1)), float(found.group(2))))
            else:
                self._add_word(choice, item)

    def _add_word(self, entry: str, item: str) -> None:
        if not _ITEM.fullmatch(entry):
            raise PatternError(f"has the unreadable item {entry!r}; use lower-case words, CONCEPTS, <1-9>, .3 or ~8")
        if entry.endswith("*"):
            if len(entry) < 4:
                raise PatternError(f"has the stem {entry!r}, too short to be safe; give three letters or more")
            self._prefixes.setdefault(entry[:3], []).append((entry[:-1], item))
        elif "_" in entry:
            phrase = tuple(entry.split("_"))
            self._phrases.setdefault(phrase[0], []).append((phrase, item))
        else:
            self._items.setdefault(entry, set()).add(item)


class Places:
    """Where the items of a lexicon occur in one message; looked up only for the items that somebody asks for."""

    def __init__(
        self,
        positions: Mapping[str, Sequence[int]],
        sources: Mapping[str, Sequence[str]],
        fixed: Mapping[str, Sequence[tuple[int, int]]],
        cost: Sequence[int],
    ) -> None:
        self._positions = positions
        self._sources = sources
        self._fixed = fixed
        self.cost = cost
        """Words before each position, fillers not counted."""
        self.items = sources.keys() | fixed.keys()
        """Items that occur at all."""
        self._of: dict[str, Sequence[tuple[int, int]]] = {}

    def of(self, item: str) -> Sequence[tuple[int, int]]:
        """The places of one item, in order."""
        places = self._of.get(item)
        if places is None:
            found = {(at, at + 1) for token in self._sources.get(item, ()) for at in self._positions[token]}
            places = self._of[item] = _bounded(sorted(found.union(self._fixed.get(item, ()))))
        return places

    def matches(self, pattern: Pattern) -> Iterator[Span]:
        """Every place where the pattern fits, from the left."""
        present = self.items
        for item in pattern.items:
            if item not in present:
                return
        for start, end in self.of(pattern.items[0]):
            span = self._free(pattern, start, end) if pattern.window else self._in_order(pattern, 1, [(start, end)])
            if span is not None:
                yield span

    def _in_order(self, pattern: Pattern, index: int, chain: list[tuple[int, int]]) -> Span | None:
        if index == len(pattern.items):
            return _span(chain)
        places = self.of(pattern.items[index])
        last = chain[-1][1]
        for at in range(bisect_left(places, (last, 0)), len(places)):
            start, end = places[at]
            if self.cost[start] - self.cost[last] > pattern.gaps[index - 1]:
                return None
            span = self._in_order(pattern, index + 1, [*chain, (start, end)])
            if span is not None:
                return span
        return None

    def _free(self, pattern: Pattern, start: int, end: int) -> Span | None:
        chain = [(start, end)]
        for item in pattern.items[1:]:
            places = self.of(item)
            middle = bisect_left(places, (start, 0))
            near = [place for place in places[max(0, middle - 6) : middle + 6] if self._apart(place, chain, pattern)]
            if not near:
                return None
            chain.append(min(near, key=lambda place: abs(place[0] - start)))
        return _span(sorted(chain))

    def _apart(self, place: tuple[int, int], chain: list[tuple[int, int]], pattern: Pattern) -> bool:
        low = min(place[0], *(start for start, _ in chain))
        high = max(place[1], *(end for _, end in chain))
        overlap = any(place[0] < end and start < place[1] for start, end in chain)
        return not overlap and self.cost[high] - self.cost[low] <= pattern.window


def _span(chain: Sequence[tuple[int, int]]) -> Span:
    used = frozenset(at for start, end in chain for at in range(start, end))
    return Span(chain[0][0], max(end for _, end in chain), used)


def _bounded(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if len(places) <= _MAX_PLACES:
        return places
    return places[: _MAX_PLACES // 2] + places[-_MAX_PLACES // 2 :]
