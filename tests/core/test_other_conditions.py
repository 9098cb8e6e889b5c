"""Questions on other illnesses are told by the name; questions on SMA keep their answer."""

import time
from pathlib import Path

import pytest
import yaml

from bot.core.content import CONTENT_DIR, NLU_DIR, all_topics, example_lines, load_yaml
from bot.core.errors import FaultsError
from bot.core.glossary import Glossary
from bot.core.other_conditions import SMA_MEDICINES, OtherConditions
from bot.core.settings import ROOT
from bot.core.vocabulary import Vocabulary

FILE = CONTENT_DIR / "other_conditions.yml"
VOCABULARY = Vocabulary.load(CONTENT_DIR / "vocabulary.yml")
OTHERS = OtherConditions.load(FILE, vocabulary=VOCABULARY)

RIGHTLY_FOUND = {
    "legs jump at night, restless legs they say, for years now, does magnesium help",
    "My gran has been on prednisone for arthritis for ten years",
    "how is a stroke recognised, the school wants FAST on its first aid wall",
    "my asthma steroids as a teenager were a nightmare, haven't touched any since I was nineteen",
    "scarlet fever went round in March and she had it mildly, tablets finished in April, well since",
    "in the pirate film everybody gets yellow fever and she wants to know where one buys a mosquito net",
    "pancreatitis in my thirties, from a gallstone, gallbladder's out, all well since",
    "sciatica wiv both pregnancies, baby three is at skool, no trouble now",
    "a cousin with cystic fibrosis swears by a trampoline, what's the seated version?",
    "my son's book is about the plague and he wants to know if they had masks",
    "my grandmother had polio and got weaker forty years later, is it the same kind of thing?",
}
"""Negatives of the red flags in which nothing says SMA."""


def red_flag_texts(pattern: str) -> list[str]:
    return [
        str(text)
        for path in sorted((ROOT / "data" / "red_flags").glob(pattern))
        for texts in load_yaml(path).values()
        for text in texts
    ]


def labelled_texts(name: str) -> dict[str, list[str]]:
    """Examples and holdout of a file beside the topics, by label."""
    data = load_yaml(NLU_DIR / name)
    texts = {block["intent"]: example_lines(block["examples"]) for block in data["nlu"]}
    for label, held_out in (data.get("holdout") or {}).items():
        texts[label] = [*texts.get(label, []), *map(str, held_out)]
    return texts


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("What physiotherapy is used after a stroke?", "stroke"),
        ("cystic fibrosis, which organs does it affect", "cystic fibrosis"),
        ("what kind of doctor treats lupus", "lupus"),
        ("Where can my family get carrier testing for thalassaemia?", "thalassaemia"),
        ("can a wheelchair help my mum with parkinsons", "Parkinson's disease"),
        ("Is hemophilia inherited?", "haemophilia"),
        ("my son's Duchenne, which steroids", "Duchenne muscular dystrophy"),
        ("bipap for my dad with ALS", "amyotrophic lateral sclerosis"),
        ("powerchair for my mum with MS, who pays", "multiple sclerosis"),
        ("splints for cmt", "Charcot-Marie-Tooth disease"),
        ("hip x-rays in cp", "cerebral palsy"),
        ("CROHN'S DISEASE DIET", "Crohn's disease"),
        ("what is Sjögren syndrome", "Sjögren syndrome"),
        ("guillain-barre recovery physio", "Guillain-Barré syndrome"),
        ("leukemia in a 4 year old", "leukaemia"),
        ("type 2 diabetes diet", "diabetes"),
        ("latest treatments for usher type 2", "Usher syndrome"),
        ("tofersen trial", "amyotrophic lateral sclerosis"),
        ("which physio for EDS", "Ehlers-Danlos syndrome"),
    ],
)
def test_another_condition_is_found_under_its_listed_name(text: str, condition: str) -> None:
    """Whatever the spelling, the form or the case."""
    assert OTHERS.find(text) == condition


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("fibromyallgia exercises", "fibromyalgia"),
        ("carrier of thalasaemea what now", "thalassaemia"),
        ("muscular dystropy school help", "muscular dystrophy"),
    ],
)
def test_a_slip_in_a_long_word_is_forgiven(text: str, condition: str) -> None:
    """One letter left out, put in, changed or swapped; common misspellings with more are listed."""
    assert OTHERS.find(text) == condition


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What causes Xanthopole syndrome?", "xanthopole syndrome"),
        ("who treats Oberwald's disease", "oberwalds disease"),
        ("is phlogotitis inherited", "phlogotitis"),
    ],
)
def test_an_unlisted_name_is_told_by_its_form(text: str, words: str) -> None:
    """It comes back as it was typed."""
    assert OTHERS.find(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "is it like muscular dystrophy",
        "is it a kind of muscular dystrophy",
        "Is it the same as multiple sclerosis?",
        "Is it rarer than Duchenne muscular dystrophy?",
        "How common is this condition compared with cystic fibrosis?",
        "the physio says he walks like someone with cerebral palsy",
        "could it be mistaken for ALS",
        "it's not lupus, they checked",
        "why is crispr there for sickle cell and not for us",
    ],
)
def test_what_sma_is_compared_with_is_not_found(text: str) -> None:
    """A comparison is a question on SMA."""
    assert OTHERS.find(text) is None


def test_two_conditions_compared_with_each_other_are_found() -> None:
    """There SMA is not a part of it."""
    assert OTHERS.find("How is Duchenne different from Becker?") == "Duchenne muscular dystrophy"


@pytest.mark.parametrize(
    "text",
    [
        "does SMA come with epilepsy",
        "spinal muscular atrophy and autism",
        "fasciculations sma or als",
        "does risdiplam clash with diabetes tablets",
        "spinrza and migraine",
        "SMN1 carrier with thalassaemia trait",
        "my 6 year old type 2 has asthma, is the flu jab ok",
        "a child with this disease and epilepsy",
        "my nephew has epilepsy, could it come from the same gene",
        "my mum had a stroke years ago, does that affect carrier tests",
    ],
)
def test_a_name_beside_sma_is_not_found(text: str) -> None:
    """SMA, one of its types, genes or medicines, or "this disease", is what the message is about."""
    assert OTHERS.find(text) is None


@pytest.mark.parametrize("text", ["what does the disease called pompe do", "diabetes type 1", "type 1 diabetes cure"])
def test_the_illness_and_the_type_may_be_those_of_the_name(text: str) -> None:
    """ "Type 1" right beside a name, and "the disease called …", do not mean SMA."""
    assert OTHERS.find(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Does gene therapy increase the risk of cancer?",
        "can stem cells give you a brain tumour",
        "Is kidney failure possible after the infusion?",
        "acne from steroids",
        "does he need the hepatitis b vaccine",
        "scarlet fever is going round at school",
        "a neighbour with TB, is a visit safe",
    ],
)
def test_what_a_treatment_may_cause_or_a_child_may_catch_is_not_found(text: str) -> None:
    """Side effects, vaccinations and contact are matters of SMA care."""
    assert OTHERS.find(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "how is scoliosis treated",
        "is pneumonia dangerous",
        "what is sleep apnoea",
        "malignant hyperthermia and anaesthesia",
        "Kennedy's disease",
        "What is Werdnig-Hoffmann disease?",
        "sensory neuropathy",
        "als stem cell trials, do they count",
        "muscular dystrophy uk alert card",
        "i hate this disease",
        "does my nephew's disease get worse",
        "my sisters disorder",
        "can they cure diseases like mine",
        "muscle wasting disease",
        "rare disease day",
        "which genetic disorders are like that",
        "neuromuscualr disease clinic",
        "childhood disease that weakens muscles",
        "5q disease",
        "floppy infant syndrome",
        "can I stroke her arm while the needle goes in",
        "the ups and downs of living with it",
        "Ms Taylor at school wants a letter",
        "two pots of cream",
        "my physio Leigh and Dr Becker",
        "hello",
        "",
    ],
)
def test_words_of_sma_questions_are_not_found(text: str) -> None:
    """Complications, look-alikes, general words for an illness, names of people."""
    assert OTHERS.find(text) is None


def test_no_topic_text_is_about_another_condition() -> None:
    """Every example and every held-out text of every topic keeps its answer."""
    texts = [text for topic in all_topics().values() for text in (*topic.examples, *topic.holdout)]
    assert len(texts) > 5000
    assert {text: OTHERS.find(text) for text in texts if OTHERS.find(text)} == {}


def test_no_word_that_we_explain_is_another_condition() -> None:
    """The glossary and the vocabulary are SMA's own words."""
    names = {name for term in Glossary.load(CONTENT_DIR / "glossary.yml").terms for name in term.names}
    names |= {name for entry in VOCABULARY.entries for name in entry.synonyms}
    assert {name: OTHERS.find(f"what is {name}") for name in names if OTHERS.find(f"what is {name}")} == {}


def test_no_harmless_text_with_the_words_of_an_emergency_is_about_another_condition() -> None:
    """Those that are stand in RIGHTLY_FOUND, and must still be found."""
    found = {text for text in red_flag_texts("negatives*.yml") if OTHERS.find(text)}
    assert found - RIGHTLY_FOUND == set()
    assert {text for text in RIGHTLY_FOUND if not OTHERS.find(text)} == set()


def test_hardly_an_emergency_names_another_condition() -> None:
    """Some do ("I think he's having a stroke"). Red flags are judged after the gate and win."""
    texts = red_flag_texts("positives*.yml")
    assert sum(OTHERS.find(text) is not None for text in texts) < len(texts) / 200


def test_follow_ups_name_another_condition_only_where_they_mean_one() -> None:
    """ "And for duchenne?" after an answer on SMA."""
    rows = [row for path in sorted((ROOT / "data" / "follow_ups").glob("*.yml")) for row in load_yaml(path)]
    found = [row for row in rows if OTHERS.find(row["then"])]
    assert [row for row in found if not row["means"].startswith("out_of_scope")] == []
    assert len(found) >= 8


@pytest.mark.parametrize("name", ["clinical_decision.yml", "requests.yml", "small_talk.yml"])
def test_decisions_requests_and_small_talk_are_not_about_another_condition(name: str) -> None:
    """They keep their own replies."""
    found = {text for texts in labelled_texts(name).values() for text in texts if OTHERS.find(text)}
    assert found == set()


def test_most_examples_of_another_condition_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    """The rest names what belongs to SMA as well (eczema, shingles), and is left to the ranking."""
    shares = {}
    for label, texts in labelled_texts("out_of_scope.yml").items():
        found = sum(OTHERS.find(text) is not None for text in texts)
        shares[label] = found / len(texts)
        with capsys.disabled():
            print(f"\n{label}: {found} of {len(texts)} name another condition", end="")
    assert shares["out_of_scope/other_condition"] > 0.93
    assert max(shares[f"out_of_scope/{label}"] for label in ("off_topic", "manipulation", "gibberish")) == 0


def test_the_list_is_long_and_every_name_on_it_is_found() -> None:
    """Each condition, asked about under the name that stands first in its line."""
    assert len(OTHERS.conditions) >= 700
    lost = [name for name in OTHERS.conditions if OTHERS.find(f"which doctor treats {name}") != name]
    assert lost == []


def test_the_medicines_of_sma_are_entries_of_the_vocabulary() -> None:
    """A renamed entry would let a message about an SMA medicine through."""
    assert all(VOCABULARY.get(entry) for entry in SMA_MEDICINES)


def test_it_is_fast() -> None:
    """Every message passes here."""
    texts = [text for topic in all_topics().values() for text in topic.examples][:2000]
    start = time.process_time()
    for text in texts:
        OTHERS.find(text)
    assert (time.process_time() - start) / len(texts) < 0.001, "0.15 ms when this was written"


def test_a_faulty_file_names_every_fault(tmp_path: Path) -> None:
    """Each with its cure."""
    path = tmp_path / "other_conditions.yml"
    path.write_text(
        yaml.safe_dump(
            {
                "also_in_sma": {"spine": ["scoliosis"]},
                "plain_words": "childhood",
                "conditions": {"bones": {"scoliosis": [], "gout": "gouty", "rickets": ["ricketts"]}},
            }
        )
    )
    with pytest.raises(FaultsError) as raised:
        OtherConditions.load(path, vocabulary=VOCABULARY)
    assert [fault.what for fault in raised.value.faults] == [
        "has no list of words called 'plain_words'",
        "gout has no list of other names",
        "scoliosis has the name 'scoliosis', which also_in_sma has already",
    ]


def test_a_file_without_conditions_says_so(tmp_path: Path) -> None:
    """Nothing can be found then."""
    path = tmp_path / "other_conditions.yml"
    path.write_text("also_in_sma: []\nplain_words: [childhood]\n")
    with pytest.raises(FaultsError, match="has no 'conditions' in groups"):
        OtherConditions.load(path, vocabulary=VOCABULARY)
