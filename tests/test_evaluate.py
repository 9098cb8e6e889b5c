"""The ruler itself."""

import json

import pytest

from bot.core.errors import FaultsError
from bot.evaluate import Case, Row, as_json, is_right, read_cases, summarise


def row(expect, kind, topic=None, top3=()):
    return Row("t", expect, kind, topic, list(top3), 0.5, is_right(expect, kind, topic))


def test_lines_are_read_and_bad_ones_named(tmp_path):
    good = tmp_path / "good.jsonl"
    good.write_text('{"text": "a"}\n\n{"turns": ["b", "c"], "expect": {"kind": "answer"}, "note": 1}\n')
    cases = read_cases([good])
    assert [case.text for case in cases] == ["a", "c"]
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "a"}\n{"txt": "a"}\nno json\n')
    with pytest.raises(FaultsError) as caught:
        read_cases([bad, tmp_path / "absent.jsonl"])
    assert len(caught.value.faults) == 3


def test_figures():
    topic = {"kind": "answer", "topic": "a.b"}
    rows = [
        row(topic, "answer", "a.b", ["a.b"]),
        row(topic, "answer", "c.d", ["c.d", "a.b"]),
        row(topic, "clarify", None, ["x.y"]),
        row({"kind": "out_of_scope"}, "answer", "a.b"),
        row({"kind": "out_of_scope"}, "out_of_scope"),
        row({"kind": "emergency"}, "emergency"),
        row({"not_kind": ["emergency", "crisis"]}, "emergency"),
    ]
    summary = summarise(rows, [Case(["t"], r.expect) for r in rows])
    assert summary.right_at_3 == pytest.approx(2 / 3)
    assert summary.answered_right == pytest.approx(1 / 3)
    assert summary.wrong_answers == pytest.approx(2 / 7)
    assert summary.out_of_scope_recall == 0.5
    assert summary.red_flag_recall == 1.0
    assert summary.false_alarms == pytest.approx(1 / 6)


def test_the_json_is_one_object_with_summary_and_rows():
    rows = [row({"kind": "answer", "topic": "a.b"}, "answer", "a.b", ["a.b"])]
    data = json.loads(as_json(rows, summarise(rows, [Case(["t"], rows[0].expect)])))
    assert set(data) == {"summary", "rows"}
    assert {"text", "expect", "kind", "topic", "top3", "confidence", "ok"} <= set(data["rows"][0])
