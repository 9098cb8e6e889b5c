"""Medicines, equipment, tests and the like are recognised however people write them."""

from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language

from bot.core.errors import FaultsError
from bot.core.vocabulary import Group, Vocabulary

ROOT = Path(__file__).parents[2]
VOCABULARY = Vocabulary.load(ROOT / "content" / "vocabulary.yml")
TOPICS_DIR = ROOT / "data" / "nlu" / "faq"


@pytest.fixture(scope="module")
def nlp() -> Language:
    """An English tokenizer with our patterns and nothing else."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns(VOCABULARY.patterns())  # type: ignore[attr-defined]
    return nlp


def found(text: str) -> list[str]:
    """Ids of the entries mentioned."""
    return [mention.id for mention in VOCABULARY.find(text)]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("is SPINRAZA the same as nusinersin?", ["nusinersen", "nusinersen"]),
        ("Evrisdi vs zolgesma", ["risdiplam", "zolgensma"]),
        ("his bi-pap mask, the Bi PAP, bipaps", ["bipap", "bipap", "bipap"]),
        ("G-tube or NG tube?", ["gastrostomy_tube", "ng_tube"]),
        ("my 2-year-old has Type-1", ["toddler", "type1"]),
        ("SMA type II", ["type2"]),
        ("what about type III", ["type3"]),
        ("sma3b", []),
        ("stem-cells for kids", ["stem_cells", "child"]),
        ("ÉVRYSDI", ["risdiplam"]),
        ("HFMSE went up, CHOP INTEND too", ["hfmse", "chop_intend"]),
        ("6MWT", ["six_minute_walk"]),
        ("can babies get oav101-it", ["baby", "itvisma"]),
        ("", []),
    ],
)
def test_names_are_found_whatever_the_spelling(text: str, ids: list[str]) -> None:
    """Case, hyphens, accents, plurals and listed misspellings make no difference."""
    assert found(text) == ids


def test_the_longest_name_wins() -> None:
    """ "High-dose spinraza" is not merely spinraza."""
    assert found("tell me about high dose Spinraza please") == ["nusinersen_high_dose"]


def test_a_name_does_not_reach_across_a_full_stop() -> None:
    """The words of one name stand together."""
    assert found("what a cough. assist me please") == ["cough"]


@pytest.mark.parametrize("text", ["I would like to know who to ask, thanks so much", "a nice day", "stand by me"])
def test_everyday_words_are_not_organisations_or_equipment(text: str) -> None:
    """Words that only look like a name are left alone."""
    assert found(text) == []


def test_a_mention_says_where_it_stands() -> None:
    """Offsets are those of the text as it was given."""
    text = "Ask about  BiPAP, please"
    (mention,) = VOCABULARY.find(text)
    assert (mention.group, mention.id, mention.text) == (Group.EQUIPMENT, "bipap", "BiPAP")
    assert text[mention.start : mention.end] == "BiPAP"


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    """Mentions lie inside the text, in order, without overlap."""
    end = 0
    for mention in VOCABULARY.find(text):
        assert end <= mention.start < mention.end <= len(text)
        end = mention.end


@pytest.mark.parametrize("entry", VOCABULARY.entries, ids=lambda entry: entry.id)
def test_every_synonym_is_found_here_and_by_the_entity_ruler(entry, nlp: Language) -> None:  # type: ignore[no-untyped-def]
    """Both readers of the file understand each name in the same way."""
    for synonym in entry.synonyms:
        for written in (synonym, synonym.upper(), synonym.replace(" ", "-"), f"Is {synonym}, for us"):
            assert found(written) == [entry.id], written
            assert [(e.label_, e.ent_id_) for e in nlp(written).ents] == [(entry.group.value, entry.id)], written


@pytest.mark.parametrize("entry", VOCABULARY.entries, ids=lambda entry: entry.id)
def test_every_topic_of_an_entry_exists(entry) -> None:  # type: ignore[no-untyped-def]
    """An entry points at topics that are there."""
    assert [t for t in entry.topics if not (TOPICS_DIR / f"{t.replace('.', '/')}.yml").is_file()] == []


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    """One run is enough to mend a broken file."""
    path = tmp_path / "vocabulary.yml"
    path.write_text(
        "vocabulary:\n"
        "- {id: A b, label: x, group: medicine, synonyms: [x]}\n"
        "- {id: one, label: '', group: drug, synonyms: [6, 'a/b', x]}\n"
        "- {id: one, label: y, group: test, synonyms: [], colour: red, topics: [nonsense]}\n",
        encoding="utf-8",
    )
    with pytest.raises(FaultsError) as caught:
        Vocabulary.load(path)
    message = str(caught.value)
    for part in ("entry 1 has no proper id", "one has no label", "group 'drug'", "synonym 6", "'a/b'", "'x'"):
        assert part in message
    for part in ("one occurs twice", "unknown key 'colour'", "no topic ids", "has no synonyms"):
        assert part in message
    assert all(str(path) in line and ";" in line for line in message.splitlines())
