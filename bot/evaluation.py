"""`python -m bot evaluate`: runs the cases and prints the figures."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bot.core.content import all_topics
from bot.evaluate import Case, Row, Summary, as_json, is_right, read_cases, summarise
from bot.in_process import Bot
from bot.model import train

EXPLAINED = {
    "right_at_1": "right topic at 1 (ranking)",
    "right_at_3": "right topic at 3 (ranking)",
    "answered_right": "answered at once, and right",
    "right_of_answers": "right among the answers given",
    "wrong_answers": "wrong answers given (of all messages)",
    "refused": "topic questions not answered",
    "out_of_scope_recall": "out-of-scope recall",
    "clinical_decision_recall": "clinical-decision recall",
    "plain_questions_refused": "plain questions refused as clinical decisions",
    "red_flag_recall": "red-flag recall",
    "red_flag_kind_right": "red flags with the right kind of text",
    "false_alarms": "false alarms",
    "follow_ups_right": "follow-ups right",
    "small_talk_right": "small talk and requests right",
    "ok": "all labelled messages as expected",
}


async def run_cases(bot: Bot, cases: Sequence[Case]) -> list[Row]:
    """One conversation a case; its last message is judged."""
    known = set(all_topics())
    rows = []
    for case in cases:
        conversation = uuid.uuid4().hex
        for turn in case.turns[:-1]:
            await bot.say(turn, conversation=conversation)
        said = await bot.say(case.text, conversation=conversation)
        reply = said.last
        kind, topic = (reply.kind.value, reply.topic) if reply else (None, None)
        labels = said.parsed.get("labels") or []
        top3 = [row["name"].split("/", 1)[1] for row in labels if row["name"].startswith("faq/")][:3]
        if topic:  # what was answered ranks first, whatever led to it (context, glossary)
            top3 = [topic, *[other for other in top3 if other != topic][:2]]
        rows.append(
            Row(
                text=case.text,
                expect=case.expect,
                kind=kind,
                topic=topic,
                top3=top3,
                confidence=float((said.parsed.get("intent") or {}).get("confidence") or 0.0),
                ok=is_right(case.expect, kind, topic),
                red_flag=reply.red_flag if reply else None,
                out_of_reach=bool(case.expect.get("topic")) and case.expect["topic"] not in known,
            )
        )
    return rows


def evaluate_files(paths: Sequence[Path], *, as_json: bool) -> str:
    """The figures over files of labelled messages, as a report or as JSON."""
    cases = read_cases(paths)

    async def run() -> list[Row]:
        return await run_cases(await Bot.load(train()), cases)

    rows = asyncio.run(run())
    summary = summarise(rows, cases)
    return _json(rows, summary) if as_json else report(rows, summary)


_json = as_json


def report(rows: Sequence[Row], summary: Summary) -> str:
    """Figures, then every miss."""
    figures = asdict(summary)
    lines = [f"{summary.messages} messages"]
    lines += [
        f"  {EXPLAINED[key]:<52} {'-' if figures[key] is None else f'{100 * figures[key]:5.1f}%'}" for key in EXPLAINED
    ]
    if summary.out_of_reach:
        lines.append("out of reach (topic not written yet): " + ", ".join(summary.out_of_reach))
    misses = [row for row in rows if row.expect and not row.ok and not row.out_of_reach]
    lines.append(f"{len(misses)} misses:" if misses else "no misses")
    for row in misses:
        want = row.expect.get("topic") or row.expect.get("kind") or f"not {row.expect.get('not_kind')}"
        got = " ".join(part for part in (row.kind, row.topic) if part)
        lines.append(f"  want {want} | got {got} {row.confidence:.2f} | top3 {', '.join(row.top3)} | {row.text[:140]}")
    return "\n".join(lines)
