"""The ruler: labelled messages through the same pipeline, rules and actions as production."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.core.errors import Fault, FaultsError
from bot.core.replies import ReplyKind

RED_FLAG_KINDS = {ReplyKind.EMERGENCY.value, ReplyKind.CRISIS.value}


@dataclass(frozen=True)
class Case:
    """One labelled line."""

    turns: Sequence[str]
    expect: dict[str, Any]

    @property
    def text(self) -> str:
        """The message that is judged: the last one."""
        return self.turns[-1]


@dataclass
class Row:
    """What came of one case."""

    text: str
    expect: dict[str, Any]
    kind: str | None
    topic: str | None
    top3: list[str]
    confidence: float
    ok: bool
    red_flag: str | None = None
    out_of_reach: bool = False
    """The expected topic is not written yet."""


@dataclass
class Summary:
    """The figures over all rows; a share is None where nothing was asked of it."""

    messages: int = 0
    right_at_1: float | None = None
    """The expected topic ranks first, whether it was answered at once or offered as a choice."""
    right_at_3: float | None = None
    answered_right: float | None = None
    """The expected topic was answered at once."""
    right_of_answers: float | None = None
    """Of the answers given to topic questions, the right ones."""
    wrong_answers: float | None = None
    refused: float | None = None
    out_of_scope_recall: float | None = None
    clinical_decision_recall: float | None = None
    plain_questions_refused: float | None = None
    red_flag_recall: float | None = None
    red_flag_kind_right: float | None = None
    false_alarms: float | None = None
    follow_ups_right: float | None = None
    small_talk_right: float | None = None
    out_of_reach: list[str] = field(default_factory=list)
    ok: float | None = None


def read_cases(paths: Iterable[Path]) -> list[Case]:
    """Read JSON lines. Raises FaultsError with every line that is not one."""
    cases, faults = [], []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except OSError as error:
            faults.append(Fault(str(path), f"cannot be opened: {error.strerror}", "name a file of labelled messages"))
            continue
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                data = json.loads(line)
                turns = data.get("turns") or [data["text"]]
                cases.append(Case([str(turn) for turn in turns], dict(data.get("expect") or {})))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                cure = 'write {"text": "...", "expect": {"kind": "..."}} on one line'
                faults.append(Fault(f"{path}:{number}", f"cannot be read ({type(error).__name__})", cure))
    if faults:
        raise FaultsError(faults)
    return cases


def is_right(expect: dict[str, Any], kind: str | None, topic: str | None) -> bool:
    """Whether an ending is what a case expects; a case without an expectation only wants a reply."""
    if expect.get("not_kind"):
        return kind not in expect["not_kind"] and kind is not None
    if expect.get("kind") and kind != expect["kind"]:
        return False
    if expect.get("topic") and topic != expect["topic"]:
        return False
    return kind is not None


def summarise(rows: Sequence[Row], cases: Sequence[Case]) -> Summary:
    """All figures."""
    answer = ReplyKind.ANSWER.value
    reach = [(row, case) for row, case in zip(rows, cases) if not row.out_of_reach]
    asked = [(r, c) for r, c in reach if r.expect.get("topic")]
    plain = [(r, c) for r, c in asked if len(c.turns) == 1]
    labelled = [(r, c) for r, c in reach if r.expect]
    wrong = [
        r
        for r, _ in labelled
        if r.kind == answer
        and ((r.expect.get("topic") and r.topic != r.expect["topic"]) or r.expect.get("kind", answer) != answer)
    ]
    not_flag = [
        r for r, _ in labelled
        if RED_FLAG_KINDS & set(r.expect.get("not_kind", ())) or r.expect.get("kind", "emergency") not in RED_FLAG_KINDS
    ]  # fmt: skip
    flagged = [r for r, _ in labelled if r.expect.get("kind") in RED_FLAG_KINDS]
    decisions = [r for r, _ in labelled if r.expect.get("kind") == "clinical_decision"]
    general = [r for r, _ in labelled if "clinical_decision" in r.expect.get("not_kind", ()) or r.expect.get("topic")]
    talk = [r for r, _ in labelled if r.expect.get("kind") in ("small_talk", "handoff", "privacy")]
    return Summary(
        messages=len(rows),
        right_at_1=_share([r.top3[:1] == [r.expect["topic"]] for r, _ in plain]),
        right_at_3=_share([r.expect["topic"] in r.top3 for r, _ in plain]),
        answered_right=_share([r.topic == r.expect["topic"] and r.kind == answer for r, _ in plain]),
        right_of_answers=_share([r.topic == r.expect["topic"] for r, _ in plain if r.kind == answer]),
        wrong_answers=len(wrong) / len(labelled) if labelled else None,
        refused=_share([r.kind != answer for r, _ in asked]),
        out_of_scope_recall=_share(
            [r.kind == "out_of_scope" for r, _ in labelled if r.expect.get("kind") == "out_of_scope"]
        ),
        clinical_decision_recall=_share([r.kind == "clinical_decision" for r in decisions]),
        plain_questions_refused=_share([r.kind == "clinical_decision" for r in general]),
        red_flag_recall=_share([r.kind in RED_FLAG_KINDS for r in flagged]),
        red_flag_kind_right=_share([r.kind == r.expect["kind"] for r in flagged]),
        false_alarms=_share([r.kind in RED_FLAG_KINDS for r in not_flag]),
        follow_ups_right=_share([r.ok for r, c in reach if len(c.turns) > 1]),
        small_talk_right=_share([r.ok for r in talk]),
        out_of_reach=sorted({r.expect["topic"] for r in rows if r.out_of_reach}),
        ok=_share([r.ok for r, _ in labelled]),
    )


def _share(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def as_json(rows: Sequence[Row], summary: Summary) -> str:
    """One object: summary and rows."""
    return json.dumps({"summary": asdict(summary), "rows": [asdict(row) for row in rows]}, ensure_ascii=False, indent=1)
