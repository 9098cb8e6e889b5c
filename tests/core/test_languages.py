"""Messages in another language are recognised, and no English message is taken for one."""

from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.languages import LanguageGuesser, Languages
from bot.core.topics import example_lines, load_yaml

ROOT = Path(__file__).parents[2]
SAMPLES = load_yaml(ROOT / "tests" / "content" / "language_samples.yml")
LANGUAGES = Languages.load(ROOT / "content" / "languages.yml")
GUESSER = LanguageGuesser(LANGUAGES)

# So close that a short message is often right in two of them; any of them is understood.
CLOSE = ({"da", "no", "sv"}, {"es", "pt"}, {"ru", "bg", "uk"})
LONG = 4


def is_understood(guess: str | None, language: str) -> bool:
    """Whether a person of this language can read the reply."""
    return guess == language or any({guess, language} <= group for group in CLOSE)


def test_every_language_with_a_text_has_samples() -> None:
    """A new language comes with at least twelve messages."""
    assert {code: len(texts) for code, texts in SAMPLES["languages"].items() if len(texts) >= 12}.keys() == set(
        LANGUAGES
    )


@pytest.mark.parametrize("code", SAMPLES["languages"])
def test_nine_in_ten_messages_of_a_language_are_recognised(code: str) -> None:
    """Each language by itself."""
    texts = [text for text in SAMPLES["languages"][code] if len(text.split()) >= LONG or not text.isascii()]
    missed = [text for text in texts if not is_understood(GUESSER.guess(text), code)]
    assert len(missed) <= 0.1 * len(texts), missed


def test_95_in_100_messages_are_recognised() -> None:
    """All languages together, messages of four words and more."""
    texts = [
        (code, text) for code, texts in SAMPLES["languages"].items() for text in texts if len(text.split()) >= LONG
    ]
    missed = [text for _, text in texts if GUESSER.guess(text) is None]
    other = [text for code, text in texts if not is_understood(GUESSER.guess(text), code)]
    assert len(missed) <= 0.05 * len(texts), missed
    assert len(other) <= 0.05 * len(texts), other


@pytest.mark.parametrize(("code", "text"), SAMPLES["short"], ids=lambda value: value)
def test_a_greeting_is_recognised(code: str, text: str) -> None:
    """One to three words that belong to one language alone."""
    assert GUESSER.guess(text) == code


def test_languages_without_a_text_are_recognised_as_not_english() -> None:
    """They get a reply too, only not in their language."""
    assert {text: GUESSER.guess(text) for text in SAMPLES["others"] if GUESSER.guess(text) != "other"} == {}


def test_no_english_message_is_taken_for_another_language() -> None:
    """Slips, slang, names, pidgin and lists of medical words included."""
    assert len(SAMPLES["english"]) >= 200
    assert {text: GUESSER.guess(text) for text in SAMPLES["english"] if GUESSER.guess(text)} == {}


def test_no_training_example_is_taken_for_another_language() -> None:
    """Examples that are in another language on purpose are listed under not_english in the samples."""
    misjudged = {}
    for path in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        data = load_yaml(path)
        texts = [line for block in data.get("nlu") or [] for line in example_lines(block.get("examples"))]
        texts += [str(text) for text in (data.get("topic") or {}).get("holdout") or []]
        misjudged.update({text: GUESSER.guess(text) for text in texts if GUESSER.guess(text)})
    assert {text: code for text, code in misjudged.items() if text not in SAMPLES["not_english"]} == {}


def test_pranks_with_letters_are_not_another_language() -> None:
    """Look-alike letters and mathematical alphabets are still English."""
    assert GUESSER.guess("is spinrаza sаfe") is None  # with Cyrillic а
    assert GUESSER.guess("𝓽𝓮𝓵𝓵 𝓶𝓮 𝓪𝓫𝓸𝓾𝓽 𝓼𝓶𝓪") is None


def test_a_guess_takes_a_few_milliseconds_at_most() -> None:
    """It runs before everything else on each message; the mean is about 0.2 ms."""
    texts = [text for texts in SAMPLES["languages"].values() for text in texts]
    start = process_time()
    for text in texts:
        GUESSER.guess(text)
    assert (process_time() - start) / len(texts) < 0.005


@given(st.text(max_size=200))
def test_any_text_can_be_guessed(text: str) -> None:
    """No text breaks it, and what comes back is a language we know of."""
    assert GUESSER.guess(text) in {None, "other", *LANGUAGES}
