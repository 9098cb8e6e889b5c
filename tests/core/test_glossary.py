"""A question for the meaning of a word gets that word, and no other question does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import FaultsError
from bot.core.glossary import Glossary

GLOSSARY = Glossary.load(Path(__file__).parents[2] / "content" / "glossary.yml")


def asked(text: str) -> str | None:
    """Id of the term asked for."""
    term = GLOSSARY.asked(text)
    return term.id if term else None


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("what is SMN2?", "smn2"),
        ("what's bipap", "bipap"),
        ("What’s BiPAP", "bipap"),
        ("what does intrathecal mean", "intrathecal"),
        ("meaning of AAV9", "aav9"),
        ("define hypotonia", "hypotonia"),
        ("what does NIV stand for", "niv"),
        ("whats a mucus plug exactly", "mucus_plug"),
        ("explain what a contracture is", "contracture"),
        ("BiPAP??", "bipap"),
        ("SMN2", "smn2"),
        ("what are AFOs", "afo"),
        ("wat is a G-tube", "gastrostomy"),
        ("TMA meaning", "tma"),
        ("the doctor mentioned hypoventilation, what is that?", "hypoventilation"),
        ("i dont know what fvc means", "spirometry"),
        ("What is meant by 'off-label'?", "off_label"),
        ("what's the definition of an orphan drug", "orphan_drug"),
        ("please can you explain antisense oligonucleotides to me", "antisense"),
        ("dumb question but what is a carrier", "carrier"),
        ("CO₂?", "co2_retention"),
        ("what is NICE", "nice"),
        ("what are stem cells", "stem_cell"),
        ("never heard of creatine kinase", "creatine_kinase"),
    ],
)
def test_a_question_for_a_meaning_is_recognised(text: str, term: str) -> None:
    """Case, punctuation, politeness, plural and short forms make no difference."""
    assert asked(text) == term


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("what is trachestomy", "tracheostomy"),
        ("what is a contractur", "contracture"),
        ("scoliossis", "scoliosis"),
        ("what is a olygonucleotide", "antisense"),
        ("whats gastrotsomy", "gastrostomy"),
        ("what is hypotonnia", "hypotonia"),
    ],
)
def test_a_slip_in_a_long_name_is_forgiven(text: str, term: str) -> None:
    """One slip in a long word, two in a very long one."""
    assert asked(text) == term


@pytest.mark.parametrize(
    "text",
    [
        "what is bipap like for a toddler at night",
        "what is the cost of risdiplam",
        "what is SMA",
        "sma",
        "what is spinraza",
        "what is evrysdi",
        "what is gene therapy",
        "what is stem cell therapy",
        "what is type 2",
        "what is the difference between smn1 and smn2",
        "what does the bipap alarm mean",
        "explain bipap settings",
        "tell me about bipap",
        "does he need niv",
        "my son has scoliosis",
        "my bipap",
        "is scoliosis common",
        "carrier test",
        "stem cells",
        "nice",
        "Nice!",
        "who are you",
        "what is that",
        "what",
        "",
        "hi",
    ],
)
def test_other_questions_are_left_to_the_topics(text: str) -> None:
    """Neither a longer question nor a topic of its own counts as a question for a meaning."""
    assert asked(text) is None


@pytest.mark.parametrize(
    "text", ["what is hyperventilation", "what is hypertonia", "gastroscopy", "what is dysphasia", "sister", "section"]
)
def test_a_word_of_another_meaning_is_no_misspelling(text: str) -> None:
    """Look-alikes are not answered with the wrong explanation."""
    assert asked(text) is None


def test_smn1_and_smn2_are_never_confused() -> None:
    """A digit is never taken for a slip."""
    assert asked("what is the smn1 gene") == "smn1"
    assert asked("what is the smn2 gene") == "smn2"
    assert asked("what is the smn3 gene") is None


@given(st.text(max_size=120))
def test_any_text_can_be_asked(text: str) -> None:
    """No text breaks it."""
    GLOSSARY.asked(text)
    GLOSSARY.terms_in(text)


def test_terms_of_an_answer_are_found_once_each_and_at_most_three() -> None:
    """The longest name wins, and a nice day is not NICE."""
    text = "Non-invasive ventilation helps in sleep. A nice mask. BiPAP is NIV. AFOs help. Scoliosis too."
    assert [term.id for term in GLOSSARY.terms_in(text)] == ["niv", "bipap", "afo"]
    assert [term.id for term in GLOSSARY.terms_in("NICE pays.")] == ["nice"]
    assert [term.id for term in GLOSSARY.terms_in("type IV, an alternative")] == []


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    """One run is enough to mend a broken file."""
    path = tmp_path / "glossary.yml"
    path.write_text(
        "glossary:\n"
        "- {id: A, term: x, definition: y, topic: a.b, source: {title: t, publisher: p, url: u}}\n"
        "- {id: one, term: '', definition: '', topic: nonsense, source: {title: t}, colour: red}\n"
        "- {id: one, term: X, aliases: [504], definition: y, topic: a.c, source: {title: t, publisher: p, url: u}}\n",
        encoding="utf-8",
    )
    with pytest.raises(FaultsError) as caught:
        Glossary.load(path, topic_ids={"a.b"})
    message = str(caught.value)
    for part in (
        "term 1 has no proper id",
        "one has no term",
        "no definition",
        "'nonsense'",
        "a.c, which does not exist",
    ):
        assert part in message
    for part in ("one occurs twice", "unknown key 'colour'", "aliases that are not", "no complete source", "'X'"):
        assert part in message
    assert all(str(path) in line and ";" in line for line in message.splitlines())
