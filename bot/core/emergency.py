"""The fixed messages for a red flag, with the numbers to call. No model, no network, no database stands behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from bot.core.errors import Fault, FaultsError
from bot.core.red_flags import FlagKind, RedFlag, Urgency

TEXTS_FILE = "emergency_texts.yml"
LINES_FILE = "crisis_lines.yml"

_FORBIDDEN = re.compile(r"[{}\[\]]")
_TEL = re.compile(r"\+?\d*")
_TEXTS = ("now", "today", "team", "crisis", "crisis_harm")
_PARTS = ("title", "act", "tell", "more")
_OVERDOSE = "rf.overdose"


class LineKind(str, Enum):
    """What a number is for."""

    EMERGENCY = "emergency"
    CRISIS = "crisis"
    POISON = "poison"
    CHILD = "child"


@dataclass(frozen=True)
class PhoneLine:
    """One number of one region."""

    label: str
    number: str
    """As people write it; for some regions the place to look it up."""
    tel: str
    """Digits and plus only, for a `tel:` link; empty when there is nothing to dial."""
    kind: LineKind
    region: str
    url: str | None = None
    confirm: bool = False
    """Still to be checked against the line's own page."""


@dataclass(frozen=True)
class EmergencyMessage:
    """What is shown for a red flag."""

    title: str
    text: str
    """Complete plain text, numbers included."""
    numbers: Sequence[PhoneLine]
    urgency: Urgency
    flag: str | None
    """Id of the red flag; None when the channel needs the emergency text without knowing which."""
    kind: FlagKind
    calls_staff: bool = False
    """See RedFlag."""


@dataclass(frozen=True)
class EmergencyTexts:
    """All fixed texts and numbers. Build with `load_emergency`."""

    texts: Mapping[str, Mapping[str, str]]
    headings: Mapping[LineKind, str]
    lines: Sequence[PhoneLine]
    regions: Mapping[str, str]
    """Region id -> name, in the order of the file."""
    as_of: str

    def compose(self, flag: RedFlag | None, *, region: str | None = None) -> EmergencyMessage:
        """The message for a flag; without a flag the one for "now", without a region the numbers of all regions.

        Raises ValueError for a region that `content/crisis_lines.yml` does not have.
        """
        if region is not None and region not in self.regions:
            raise ValueError(f"region {region!r} is not known; use one of {', '.join(self.regions)}, or None for all")
        kind = flag.kind if flag else FlagKind.EMERGENCY
        urgency = flag.urgency if flag else Urgency.NOW
        parts = self.texts[_text_name(flag)]
        kinds = _line_kinds(flag)
        lines = tuple(
            line for kind_ in kinds for line in self.lines if line.kind is kind_ and region in (None, line.region)
        )
        first, *others = kinds
        paragraphs = [parts["act"], *self._numbers(first, lines, everywhere=region is None), parts["tell"]]
        if flag is not None and kind is FlagKind.EMERGENCY:
            paragraphs[-1] += f" {flag.say}"
        for line_kind in others:
            paragraphs += self._numbers(line_kind, lines, everywhere=region is None)
        paragraphs.append(parts["more"])
        return EmergencyMessage(
            title=parts["title"],
            text="\n\n".join(paragraphs),
            numbers=lines,
            urgency=urgency,
            flag=flag.id if flag else None,
            kind=kind,
            calls_staff=flag.calls_staff if flag else False,
        )

    def _numbers(self, kind: LineKind, lines: Sequence[PhoneLine], *, everywhere: bool) -> list[str]:
        """One paragraph of numbers; equal numbers of several regions share an entry ("112: European Union, India")."""
        of_kind = [line for line in lines if line.kind is kind]
        if not of_kind:
            return []
        if not everywhere:
            shown = [line.number if kind is LineKind.EMERGENCY else f"{line.label} {line.number}" for line in of_kind]
            return [f"{self.headings[kind]} {'; '.join(shown)}."]
        places: dict[str, list[str]] = {}
        for line in of_kind:
            entry = line.number if kind is LineKind.EMERGENCY else f"{line.label} {line.number}"
            places.setdefault(entry, []).append(self.regions[line.region])
        return [
            f"{self.headings[kind]} "
            + "; ".join(f"{', '.join(names)}: {entry}" for entry, names in places.items())
            + "."
        ]


def load_emergency(content_dir: str | Path) -> EmergencyTexts:
    """Read the fixed texts and the numbers; raises FaultsError with every fault of both files."""
    folder = Path(content_dir)
    faults: list[Fault] = []
    texts = _read(folder / TEXTS_FILE, faults)
    lines = _read(folder / LINES_FILE, faults)
    if faults:
        raise FaultsError(faults)
    _check_texts(str(folder / TEXTS_FILE), texts, faults)
    phone_lines, regions = _read_lines(str(folder / LINES_FILE), lines, faults)
    if faults:
        raise FaultsError(faults)
    return EmergencyTexts(
        texts={name: {part: " ".join(texts["texts"][name][part].split()) for part in _PARTS} for name in _TEXTS},
        headings={kind: texts["headings"][kind.value] for kind in LineKind},
        lines=tuple(phone_lines),
        regions=regions,
        as_of=str(lines.get("as_of")),
    )


def _text_name(flag: RedFlag | None) -> str:
    if flag is None:
        return Urgency.NOW.value
    if flag.kind is FlagKind.CRISIS:
        return "crisis_harm" if flag.harm_to_others else "crisis"
    return flag.urgency.value


def _line_kinds(flag: RedFlag | None) -> Sequence[LineKind]:
    if flag is not None and flag.kind is FlagKind.CRISIS:
        return (LineKind.EMERGENCY, LineKind.CRISIS, *((LineKind.CHILD,) if flag.harm_to_others else ()))
    return (
        LineKind.EMERGENCY,
        *((LineKind.POISON,) if flag is not None and flag.id == _OVERDOSE else ()),
        *((LineKind.CRISIS,) if flag is not None and flag.with_crisis else ()),
    )


def _read(path: Path, faults: list[Fault]) -> Mapping[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        faults.append(Fault(str(path), "cannot be read", "restore the file"))
    except yaml.YAMLError as error:
        faults.append(Fault(str(path), f"is not valid YAML ({' '.join(str(error).split())})", "mend that line"))
    else:
        if isinstance(data, dict):
            return data
        faults.append(Fault(str(path), "is not a mapping", "write it as `key: value` lines"))
    return {}


def _check_texts(place: str, data: Mapping[str, Any], faults: list[Fault]) -> None:
    for name in _TEXTS:
        for part in _PARTS:
            text = ((data.get("texts") or {}).get(name) or {}).get(part)
            if not isinstance(text, str) or not text.strip():
                faults.append(Fault(place, f"texts.{name}.{part} is missing", "write it"))
            elif _FORBIDDEN.search(text):
                faults.append(
                    Fault(place, f"texts.{name}.{part} contains a bracket", "leave out curly and square brackets")
                )
            elif "?" in text:
                faults.append(Fault(place, f"texts.{name}.{part} asks a question", "say what to do instead"))
    for kind in LineKind:
        heading = (data.get("headings") or {}).get(kind.value)
        if not isinstance(heading, str) or not heading:
            faults.append(Fault(place, f"headings.{kind.value} is missing", "write it"))


def _read_lines(place: str, data: Mapping[str, Any], faults: list[Fault]) -> tuple[list[PhoneLine], dict[str, str]]:
    lines: list[PhoneLine] = []
    regions: dict[str, str] = {}
    for entry in data.get("regions") or []:
        region, name = str(entry.get("id")), str(entry.get("name"))
        regions[region] = name
        for kind in LineKind:
            line = entry.get(kind.value)
            if line is None:
                if kind in (LineKind.EMERGENCY, LineKind.CRISIS):
                    faults.append(Fault(place, f"{region} has no {kind.value} line", "give one"))
                continue
            label, number, tel = (str(line.get(key) or "") for key in ("label", "number", "tel"))
            where = f"{region}.{kind.value}"
            if not label or not number or not isinstance(line.get("number"), str):
                faults.append(Fault(place, f"{where} lacks a label or a number", "give both, the number in quotes"))
            if not _TEL.fullmatch(tel):
                faults.append(Fault(place, f"{where}.tel is {tel!r}", "use digits and plus only"))
            if _FORBIDDEN.search(label + number):
                faults.append(Fault(place, f"{where} contains a bracket", "leave it out"))
            url, confirm = line.get("url"), bool(line.get("confirm"))
            lines.append(PhoneLine(label, number, tel, kind, region, url=url, confirm=confirm))
    if not regions:
        faults.append(Fault(place, "has no regions", "list them under regions"))
    if not data.get("as_of"):
        faults.append(Fault(place, "has no as_of", "give the date of the last check"))
    return lines, regions
