"""Reads content/red_flags.yml into compiled rules and reports every fault of the file at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.core.errors import Fault, FaultsError
from bot.core.normal import normalise
from bot.core.red_flag_context import CUES, Care
from bot.core.red_flag_patterns import Lexicon, Pattern, PatternError
from bot.core.red_flag_words import Speller

REAL_WORDS_FILE = "red_flag_real_words.txt"
"""Correct English words that lie one or two slips from a word of the rules; beside red_flags.yml."""

_LEAST_EXAMPLES = 10
_KINDS = ("emergency", "crisis")
_HANDOFFS = ("offer", "create")
_URGENCIES = ("now", "today", "team")
_FORBIDDEN = re.compile(r"[{}\[\]]")
_UNSPACED_SCRIPT = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True)
class Group:
    """Patterns that are judged alike."""

    patterns: Sequence[Pattern]
    together: Sequence[Sequence[Pattern]]
    """Of each, one pattern must also fit somewhere in the message ("after gene therapy")."""
    unless: Sequence[Pattern]
    care: Care
    harm: bool


@dataclass(frozen=True)
class Flag:
    """One category of red flag as the file gives it."""

    id: str
    kind: str
    urgency: str
    title: str
    say: str
    source: Mapping[str, str] | None
    handoff: str
    """`create`: staff are asked to look in by themselves; `offer`: a person is offered at most."""
    groups: Sequence[Group]
    not_as: Sequence[Pattern]
    """Wordings that lend this flag's words another meaning; they silence only a match that shares a word with them, so
    that a true sign beside them still alarms."""
    must_match: Sequence[str]
    must_not_match: Sequence[str]


@dataclass(frozen=True)
class Phrase:
    """A phrase of another language, in words."""

    language: str
    flag: Flag
    pattern: Pattern
    harm: bool = False


@dataclass(frozen=True)
class UnspacedPhrase:
    """A phrase of a script without spaces between words."""

    language: str
    flag: Flag
    text: str


@dataclass(frozen=True)
class Rules:
    """Everything that `content/red_flags.yml` says, compiled."""

    flags: Sequence[Flag]
    cues: Mapping[str, Sequence[Pattern]]
    lexicon: Lexicon
    speller: Speller
    foreign: Lexicon
    phrases: Sequence[Phrase]
    unspaced: Sequence[UnspacedPhrase]


class _Reader:
    """Collects faults while it reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[Fault] = []

    def fault(self, what: str, cure: str) -> None:
        self.faults.append(Fault(str(self.path), what, cure))

    def mapping(self, value: Any, where: str) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        self.fault(f"{where} is not a mapping", f"write {where} as `key: value` lines")
        return {}

    def texts(self, value: Any, where: str) -> Sequence[str]:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        self.fault(f"{where} is not a list of texts", f"write {where} as `- text` lines, numbers in quotes")
        return []


def load_rules(path: Path) -> Rules:
    """Read and compile the rules; raises FaultsError with every fault found."""
    reader = _Reader(path)
    data = reader.mapping(_read_yaml(path), "the file")
    concepts = {
        str(name): normal_words(str(entries))
        for name, entries in reader.mapping(data.get("concepts"), "concepts").items()
    }
    lexicon = Lexicon(concepts, fillers=str(data.get("fillers", "")).split())
    same = {
        variant.replace("_", " "): str(word)
        for word, variants in reader.mapping(data.get("same", {}), "same").items()
        for variant in str(variants).split()
    }
    signs = reader.mapping(data.get("signs", {}), "signs")

    def compile_all(sources: Sequence[str], where: str) -> list[Pattern]:
        patterns: list[Pattern] = []
        # An idiom must stand word for word: a loose one would silence real signs.
        gap = 0 if where == "context.metaphor" or where.endswith(": not_as") else 1
        for source in sources:
            if source.startswith("="):
                if source[1:] in signs:
                    patterns += compile_all(
                        reader.texts(signs[source[1:]], f"signs.{source[1:]}"), f"signs.{source[1:]}"
                    )
                else:
                    reader.fault(f"{where} names the sign {source}, which is not defined", "add it under signs")
                continue
            try:
                patterns.append(lexicon.compile(source, gap=gap))
            except PatternError as error:
                reader.fault(f"{where}: the pattern {source!r} {error}", "see the head of red_flag_patterns.py")
        return patterns

    context = reader.mapping(data.get("context"), "context")
    cues = {name: compile_all(reader.texts(context.get(name), f"context.{name}"), f"context.{name}") for name in CUES}
    flags = [
        flag
        for at, entry in enumerate(data.get("flags") or [])
        if (flag := _read_flag(reader, reader.mapping(entry, f"flag {at + 1}"), compile_all)) is not None
    ]
    if not flags:
        reader.fault("has no flags", "list them under flags")
    for flag_id in {flag.id for flag in flags if [other.id for other in flags].count(flag.id) > 1}:
        reader.fault(f"{flag_id} occurs twice", "merge the two entries")
    foreign, phrases, unspaced = _read_languages(reader, data.get("languages") or {}, {flag.id: flag for flag in flags})
    real_words = path.with_name(REAL_WORDS_FILE)
    if not real_words.is_file():
        reader.fault(f"{REAL_WORDS_FILE} is missing beside it", "restore the file")
    if reader.faults:
        raise FaultsError(reader.faults)
    speller = Speller(lexicon.vocabulary(), real_words=real_words.read_text(encoding="utf-8").split(), same=same)
    return Rules(tuple(flags), cues, lexicon, speller, foreign, tuple(phrases), tuple(unspaced))


def normal_words(entries: str) -> Sequence[str]:
    """The words of a concept, in lower case and without accents; stars and underscores stay."""
    return [entry.lower() for entry in entries.split()]


def _read_yaml(path: Path) -> Any:
    # The C loader reads the file about ten times faster, which is felt at every start.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except OSError as error:
        raise FaultsError([Fault(str(path), "cannot be read", "restore the file or set the right path")]) from error
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise FaultsError([Fault(str(path), f"is not valid YAML ({line})", "mend that line")]) from error


def _read_flag(
    reader: _Reader, entry: Mapping[str, Any], compile_all: Callable[[Sequence[str], str], list[Pattern]]
) -> Flag | None:
    flag_id = str(entry.get("id", ""))
    if not flag_id.startswith("rf."):
        reader.fault(f"a flag has the id {flag_id!r}", "give it an id that starts with rf.")
        return None
    kind, urgency = str(entry.get("kind")), str(entry.get("urgency"))
    if kind not in _KINDS:
        reader.fault(f"{flag_id}: kind is {kind}", f"use one of {', '.join(_KINDS)}")
    if urgency not in _URGENCIES:
        reader.fault(f"{flag_id}: urgency is {urgency}", f"use one of {', '.join(_URGENCIES)}")
    handoff = str(entry.get("handoff", "offer"))
    if handoff not in _HANDOFFS:
        reader.fault(f"{flag_id}: handoff is {handoff}", f"use one of {', '.join(_HANDOFFS)}")
    for name in ("title", "say"):
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            reader.fault(f"{flag_id}: {name} is missing", "write it")
        elif _FORBIDDEN.search(entry[name]):
            reader.fault(f"{flag_id}: {name} contains a bracket", "leave out curly and square brackets")
    source = entry.get("source")
    if source is not None and {"title", "publisher", "url"} - set(reader.mapping(source, f"{flag_id}: source")):
        reader.fault(f"{flag_id}: source is incomplete", "give title, publisher and url, or leave source out")
    examples = {}
    for name in ("must_match", "must_not_match"):
        examples[name] = reader.texts(entry.get(name), f"{flag_id}: {name}")
        if len(examples[name]) < _LEAST_EXAMPLES:
            reader.fault(f"{flag_id}: {name} has {len(examples[name])} lines", f"give at least {_LEAST_EXAMPLES}")
    groups = [
        _read_group(reader, reader.mapping(group, f"{flag_id}: pattern group {at + 1}"), flag_id, compile_all)
        for at, group in enumerate(entry.get("patterns") or [])
    ]
    if not groups:
        reader.fault(f"{flag_id}: has no patterns", "give at least one group")
    return Flag(
        flag_id, kind, urgency, str(entry.get("title")).strip(), " ".join(str(entry.get("say")).split()), source,
        handoff, tuple(groups),
        compile_all(reader.texts(entry.get("not_as", []), f"{flag_id}: not_as"), f"{flag_id}: not_as"),
        tuple(examples["must_match"]), tuple(examples["must_not_match"]),
    )  # fmt: skip


def _read_group(
    reader: _Reader, group: Mapping[str, Any], flag_id: str, compile_all: Callable[[Sequence[str], str], list[Pattern]]
) -> Group:
    unknown = set(group) - {"any", "with", "unless", "person", "lasting", "alone", "always", "harm"}
    if unknown:
        reader.fault(f"{flag_id}: a pattern group has {', '.join(sorted(unknown))}", "use any, with, unless, person, "
                     "lasting, alone, always, harm")  # fmt: skip
    return Group(
        patterns=compile_all(reader.texts(group.get("any"), f"{flag_id}: any"), flag_id),
        together=[
            compile_all([source.strip() for source in need.split(" / ")], flag_id)
            for need in reader.texts(group.get("with", []), f"{flag_id}: with")
        ],
        unless=compile_all(reader.texts(group.get("unless", []), f"{flag_id}: unless"), flag_id),
        care=Care(
            person=bool(group.get("person")),
            lasting=bool(group.get("lasting")),
            alone=bool(group.get("alone")),
            always=bool(group.get("always")),
        ),
        harm=bool(group.get("harm")),
    )


def _read_languages(
    reader: _Reader, languages: Any, flags: Mapping[str, Flag]
) -> tuple[Lexicon, list[Phrase], list[UnspacedPhrase]]:
    lexicon = Lexicon({})
    phrases: list[Phrase] = []
    unspaced: list[UnspacedPhrase] = []
    for language, by_flag in reader.mapping(languages, "languages").items():
        for flag_id, texts in reader.mapping(by_flag, f"languages.{language}").items():
            where = f"languages.{language}.{flag_id}"
            flag = flags.get(str(flag_id))
            if flag is None:
                reader.fault(f"{where}: no such flag", "use an id from flags")
                continue
            for text in reader.texts(texts, where):
                if _UNSPACED_SCRIPT.search(text):
                    unspaced.append(UnspacedPhrase(str(language), flag, normalise(text)))
                    continue
                source = " ".join(_normal_item(part) for part in text.split())
                try:
                    phrases.append(Phrase(str(language), flag, lexicon.compile(source)))
                except PatternError as error:
                    reader.fault(f"{where}: {text!r} {error}", "see the head of red_flag_patterns.py")
    return lexicon, phrases, unspaced


def _normal_item(part: str) -> str:
    """A word of a phrase as the messages have it; gaps, stars and choices keep their meaning."""
    if re.fullmatch(r"\.\d+", part):
        return part
    return "|".join(
        normalise(choice.rstrip("*")).replace(" ", "") + ("*" if choice.endswith("*") else "")
        for choice in part.split("|")
    )
