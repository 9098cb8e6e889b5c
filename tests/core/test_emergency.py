"""The fixed messages are complete, short, and carry the right numbers."""

from pathlib import Path

import pytest

from bot.core.emergency import LineKind, load_emergency
from bot.core.errors import FaultsError
from bot.core.red_flags import FlagKind, RedFlag, RedFlagRules, Urgency, red_flag

CONTENT = Path(__file__).parents[2] / "content"
TEXTS = load_emergency(CONTENT)
RULES = RedFlagRules.load(CONTENT / "red_flags.yml")
FLAGS = [red_flag(flag) for flag in RULES.flags]
HARM = RedFlag("rf.selfharm", FlagKind.CRISIS, Urgency.NOW, "t", "s", harm_to_others=True)
REGIONS = [None, *TEXTS.regions]


@pytest.mark.parametrize("region", REGIONS, ids=str)
@pytest.mark.parametrize("flag", [None, *FLAGS, HARM], ids=lambda flag: flag.id if flag else "unknown")
def test_every_message_is_complete(flag: RedFlag | None, region: str | None) -> None:
    message = TEXTS.compose(flag, region=region)
    assert not set("{}[]") & set(message.text)
    assert "?" not in message.text
    assert "cannot assess" in message.text
    assert all(line.number in message.text for line in message.numbers)
    assert any(line.kind is LineKind.EMERGENCY for line in message.numbers)
    assert len(message.text.split()) < 270


@pytest.mark.parametrize("flag", [flag for flag in FLAGS if flag.kind is FlagKind.EMERGENCY], ids=lambda flag: flag.id)
def test_an_emergency_text_says_what_the_crew_must_know(flag: RedFlag) -> None:
    text = TEXTS.compose(flag).text
    for part in ("spinal muscular atrophy", "breathing support as well as any oxygen", "plan", "steroids", flag.say):
        assert part in text
    for forbidden in ("probably", "fine", "don't worry", "compressions", " mg", " ml"):
        assert forbidden not in text.lower()


def test_a_crisis_text_offers_somebody_to_talk_to_and_no_ambulance_talk() -> None:
    message = TEXTS.compose(next(flag for flag in FLAGS if flag.kind is FlagKind.CRISIS), region="UK")
    assert [line.number for line in message.numbers] == ["999", "116 123"]
    assert "oxygen" not in message.text and "machines" not in message.text


def test_harm_to_a_child_shows_the_child_line() -> None:
    kinds = {line.kind for line in TEXTS.compose(HARM, region="US").numbers}
    assert kinds == {LineKind.EMERGENCY, LineKind.CRISIS, LineKind.CHILD}


def test_an_overdose_shows_the_poison_line_first_after_the_emergency_number() -> None:
    overdose = next(flag for flag in FLAGS if flag.id == "rf.overdose")
    kinds = [line.kind for line in TEXTS.compose(overdose, region="Australia").numbers]
    assert kinds == [LineKind.EMERGENCY, LineKind.POISON]


def test_an_overdose_with_talk_of_dying_shows_somebody_to_talk_to_as_well() -> None:
    found = RULES.find("I want to die and I have taken all my pills")
    assert {line.kind for line in TEXTS.compose(found).numbers} == {
        LineKind.EMERGENCY,
        LineKind.POISON,
        LineKind.CRISIS,
    }


def test_without_a_region_every_region_is_named() -> None:
    text = TEXTS.compose(None).text
    assert all(name in text for name in TEXTS.regions.values())


def test_an_unknown_region_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'Mars' is not known; use one of EU, UK"):
        TEXTS.compose(None, region="Mars")


def test_tel_links_hold_digits_only() -> None:
    assert all(line.tel.removeprefix("+").isdigit() or line.tel == "" for line in TEXTS.lines)


def test_faults_of_both_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "emergency_texts.yml").write_text("texts: {now: {act: 'Is it bad?', more: '[x]'}}", encoding="utf-8")
    (tmp_path / "crisis_lines.yml").write_text("regions: [{id: X, name: X, emergency: {label: a, number: 1, tel: b}}]")
    with pytest.raises(FaultsError) as error:
        load_emergency(tmp_path)
    message = str(error.value)
    for part in (
        "asks a question",
        "contains a bracket",
        "headings.crisis",
        "X has no crisis line",
        "tel is 'b'",
        "as_of",
    ):
        assert part in message
