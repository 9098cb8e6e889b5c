"""Red flags are found however they are typed, and told from questions, plans, the past and idioms."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import FaultsError
from bot.core.red_flag_context import Timing
from bot.core.red_flags import FlagKind, RedFlag, RedFlagRules, Urgency

CONTENT = Path(__file__).parents[2] / "content" / "red_flags.yml"
RULES = RedFlagRules.load(CONTENT)
MUST_MATCH = [(flag.id, text) for flag in RULES.flags for text in flag.must_match]
MUST_NOT_MATCH = [(flag.id, text) for flag in RULES.flags for text in flag.must_not_match]
LOOK_ALIKES = str.maketrans({"a": "а", "e": "е", "o": "о", "c": "с", "i": "і", "p": "р"})
ACCENTS = str.maketrans({"a": "á", "e": "ë", "o": "ô", "u": "ü", "i": "ï"})


@pytest.mark.parametrize(("flag_id", "text"), MUST_MATCH)
def test_must_match(flag_id: str, text: str) -> None:
    found = RULES.find(text)
    assert found is not None, RULES.explain(text)
    assert (found.kind is FlagKind.CRISIS) == (flag_id == "rf.selfharm")


@pytest.mark.parametrize(("flag_id", "text"), MUST_NOT_MATCH)
def test_must_not_match(flag_id: str, text: str) -> None:
    assert RULES.find(text) is None, RULES.explain(text)


def test_all_twenty_categories_are_there_with_their_examples() -> None:
    assert len(RULES.flags) == 20
    assert all(len(flag.must_match) >= 10 and len(flag.must_not_match) >= 10 for flag in RULES.flags)


DISGUISES = {
    "capitals": str.upper,
    "lower case": str.lower,
    "extra spaces": lambda text: text.replace(" ", "   "),
    "line breaks": lambda text: text.replace(" ", "\n", 1),
    "exclamation marks": lambda text: text + "!!!",
    "no apostrophes": lambda text: text.replace("'", ""),
    "curly apostrophes": lambda text: text.replace("'", "’"),
    "look-alike letters": lambda text: text.translate(LOOK_ALIKES),
    "accents": lambda text: text.translate(ACCENTS),
    "zero-width characters": lambda text: "\u200b".join(text),
    "soft hyphens": lambda text: "\u00ad".join(text),
    "struck through": lambda text: "".join(letter + "\u0336" for letter in text),
    "full-width letters": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "a polite opening": lambda text: "Hello, thank you so much for this helpful page. We are new here. " + text,
    "a polite ending": lambda text: text.rstrip(".?!") + ". Thank you so much for your kind help.",
}


@pytest.mark.parametrize("disguise", DISGUISES, ids=list(DISGUISES))
def test_typing_differently_changes_nothing(disguise: str) -> None:
    """Case, spaces, punctuation, accents, look-alikes, invisible characters: every example still alarms."""
    change = DISGUISES[disguise]
    missed = [text for _, text in MUST_MATCH if RULES.find(change(text)) is None]
    assert not missed


@given(data=st.data())
@settings(deadline=None, max_examples=120)
def test_random_marks_between_words_never_silence(data: st.DataObject) -> None:
    _, text = data.draw(st.sampled_from(MUST_MATCH))
    marks = data.draw(
        st.lists(st.sampled_from([" ", "  ", " ... ", "\t", " \u200b", " - ", " * "]), min_size=40, max_size=40)
    )
    words = text.split(" ")
    changed = "".join(word + mark for word, mark in zip(words, marks, strict=False))
    assert RULES.find(changed) is not None, RULES.explain(changed)


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=100)
def test_no_text_breaks_the_search(text: str) -> None:
    found = RULES.find(text)
    assert found is None or isinstance(found, RedFlag)


@pytest.mark.parametrize(
    "text",
    [
        "cantbreathe",
        "c a n t  b r e a t h e",
        "he cnt brethe pls",
        "she is unconcious",
        "my son is vommiting blod",
        "his trechea tube came out of the stoma",
    ],
)
def test_misspelt_run_on_and_spaced_words_alarm(text: str) -> None:
    assert RULES.find(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "drying her lips",
        "take a break",
        "the glue on his splint",
        "the fir tree in our garden",
        "a fit brother helps",
        "slips of paper",
    ],
)
def test_words_that_only_look_alike_do_not_alarm(text: str) -> None:
    assert RULES.find(text) is None


@pytest.mark.parametrize(
    ("text", "timing"),
    [
        ("No fever, vomiting or rash this week", Timing.DENIED),
        ("In 2016 she had a seizure", Timing.PAST),
        ("What should we do if he ever has a seizure?", Timing.PLANNED),
        ("I keep overdosing on coffee", Timing.METAPHOR),
        ("Is cyanosis common?", Timing.GENERAL),
    ],
)
def test_explain_says_why_a_sign_was_silenced(text: str, timing: Timing) -> None:
    findings = RULES.explain(text)
    assert RULES.find(text) is None
    assert timing in {finding.timing for finding in findings}


@pytest.mark.parametrize(
    "text",
    [
        "He had one seizure in 2016 and right now he is jerking all over",
        "She choked years ago, but tonight she is choking again",
        "What should I do if her lips are blue right now?",
        "When should I call an ambulance he is going blue",
        "I know the signs of choking and he is choking",
        "Do fingertips turn blue from the cold only? They were pink an hour ago",
        "Is a swollen tongue a side effect? Hers is swollen",
    ],
)
def test_now_beats_past_plans_and_questions(text: str) -> None:
    assert RULES.find(text) is not None, RULES.explain(text)


def test_an_overdose_taken_comes_before_the_crisis_and_keeps_it_in_sight() -> None:
    found = RULES.find("I want to die and I have taken all my pills")
    assert found is not None
    assert (found.id, found.kind, found.with_crisis) == ("rf.overdose", FlagKind.EMERGENCY, True)


def test_saved_up_pills_are_a_crisis() -> None:
    found = RULES.find("I want to die and I have saved up pills")
    assert found is not None and found.kind is FlagKind.CRISIS and not found.harm_to_others


def test_harm_to_a_child_is_marked() -> None:
    found = RULES.find("I nearly shook the baby")
    assert found is not None and found.kind is FlagKind.CRISIS and found.harm_to_others


def test_the_most_urgent_flag_is_shown() -> None:
    found = RULES.find("Her hands tingle since Itvisma and she cannot breathe")
    assert found is not None and found.urgency is Urgency.NOW


def test_an_unnamed_person_who_is_choking_alarms_but_the_general_question_does_not() -> None:
    assert RULES.find("a guest at our group home is choking") is not None
    assert RULES.find("what do you do if someone is choking") is None


def test_lemmas_stand_in_for_unknown_words() -> None:
    assert RULES.find("she chokeded", lemmas=["she", "choking"]) is not None
    assert RULES.find("she chokeded", lemmas=["one lemma too few"]) is None


@pytest.mark.parametrize("where", ["start", "end"])
def test_an_emergency_at_either_end_of_a_very_long_text_is_found(where: str) -> None:
    padding = "We like the garden and the weather was kind to us. " * 600
    text = f"He is not breathing. {padding}" if where == "start" else f"{padding} He is not breathing."
    assert RULES.find(text) is not None


@pytest.mark.parametrize(
    "piece", ["he is ", "cant breathe not ", "What are the signs of choking? ", "x", "is it normal if he "]
)
def test_long_texts_are_answered_quickly(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    times = []
    for _ in range(3):
        start = time.process_time()
        RULES.find(text)
        times.append(time.process_time() - start)
    assert min(times) < 0.1  # the aim is 0.05 s; double it for a busy machine


def test_usual_messages_take_little_time() -> None:
    start = time.process_time()
    for _, text in MUST_NOT_MATCH:
        RULES.find(text)
    assert (time.process_time() - start) / len(MUST_NOT_MATCH) < 0.006


def test_all_faults_of_the_file_come_at_once_with_place_and_cure(tmp_path: Path) -> None:
    broken = tmp_path / "red_flags.yml"
    broken.write_text(
        "concepts: {}\ncontext: {}\nflags:\n- {id: rf.x, kind: bad, urgency: soon}\n- {id: y}\n", encoding="utf-8"
    )
    with pytest.raises(FaultsError) as error:
        RedFlagRules.load(broken)
    message = str(error.value)
    assert all(
        part in message for part in ("kind is bad", "urgency is soon", "id 'y'", "must_match", "context.metaphor")
    )
    assert all(line.startswith(str(broken)) and "; " in line for line in message.splitlines())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match="cannot be read"):
        RedFlagRules.load(tmp_path / "nothing.yml")


@pytest.mark.parametrize("pattern", ["LIPSS blue", "<9> blue", "{x}", "ab*"])
def test_an_unreadable_pattern_is_reported(tmp_path: Path, pattern: str) -> None:
    text = CONTENT.read_text(encoding="utf-8").replace(
        "    - choking|choaking", f'    - "{pattern}"\n    - choking|choaking', 1
    )
    (tmp_path / "red_flags.yml").write_text(text, encoding="utf-8")
    (tmp_path / "red_flag_real_words.txt").write_text("glue\n", encoding="utf-8")
    with pytest.raises(FaultsError, match=r"rf\.choking"):
        RedFlagRules.load(tmp_path / "red_flags.yml")
