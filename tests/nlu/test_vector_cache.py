"""Vectors of training texts: none is encoded twice, and none is ever taken for another's."""

import numpy as np
import pytest

from bot.core.normal import clean
from bot.core.settings import load_settings
from bot.nlu import vector_cache
from bot.nlu.content_importer import labelled_examples
from bot.nlu.encoder_files import load_encoder
from bot.nlu.vector_cache import KEPT, encode_cached, keep, read_folder

TEXTS = ["is the mask loud", "how is spinraza given", "can he swim"]


class CountingEncoder:
    """Encodes as the real one, and counts."""

    def __init__(self, identity: str = "one") -> None:
        self.identity = identity
        self.encoded: list[str] = []

    def encode(self, texts):
        self.encoded += texts
        chance = np.random.default_rng(len(self.identity))
        rows = chance.normal(size=(len(texts), 384)).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def places(tmp_path):
    read_folder.cache_clear()
    yield {"path": tmp_path / "cache" / "examples.npz", "kept": tmp_path / "kept"}
    read_folder.cache_clear()


def test_only_new_texts_are_encoded_and_all_trainings_see_the_same(places):
    encoder = CountingEncoder()
    first = encode_cached(encoder, TEXTS[:2], **places)
    second = encode_cached(encoder, [*TEXTS, TEXTS[0]], **places)
    assert encoder.encoded == TEXTS
    assert np.array_equal(first, second[:2]) and np.array_equal(second[0], second[3])
    assert np.array_equal(second, encode_cached(CountingEncoder(), [*TEXTS, TEXTS[0]], **places))


def test_rounding_changes_next_to_nothing(places):
    exact, rounded = CountingEncoder().encode(TEXTS), encode_cached(CountingEncoder(), TEXTS, **places)
    lengths = np.linalg.norm(rounded, axis=1)
    assert ((exact * rounded).sum(axis=1) / lengths).min() > 0.9999 and np.abs(lengths - 1).max() < 0.001


def test_another_encoder_has_its_own(places):
    encode_cached(CountingEncoder("one"), TEXTS, **places)
    other = CountingEncoder("other")
    encode_cached(other, TEXTS, **places)
    assert other.encoded == TEXTS


def test_a_damaged_file_is_as_good_as_none(places):
    encode_cached(CountingEncoder(), TEXTS, **places)
    places["path"].write_bytes(b"damaged")
    again = CountingEncoder()
    assert encode_cached(again, TEXTS, **places).shape == (3, 384) and again.encoded == TEXTS


def test_what_is_moved_to_the_project_is_found_there_and_added_to(places, monkeypatch):
    monkeypatch.setattr(vector_cache, "VECTORS_A_FILE", 2)
    before = encode_cached(CountingEncoder(), TEXTS, **places)
    assert keep([places["path"]], kept=places["kept"]) == 3 and not places["path"].exists()
    assert len(list(places["kept"].glob("*.npz"))) == 2
    encoder = CountingEncoder()
    assert np.array_equal(before, encode_cached(encoder, TEXTS, **places)) and encoder.encoded == []
    encode_cached(encoder, ["a new one"], **places)
    assert keep([places["path"]], kept=places["kept"]) == 1 and len(read_folder(places["kept"])) == 4


def test_no_file_is_written_over_where_an_earlier_one_was_deleted(places):
    for text in TEXTS[:2]:
        encode_cached(CountingEncoder(), [text], **places)
        keep([places["path"]], kept=places["kept"])
    (places["kept"] / "001.npz").unlink()
    read_folder.cache_clear()
    encode_cached(CountingEncoder(), TEXTS[2:], **places)
    keep([places["path"]], kept=places["kept"])
    assert sorted(path.name for path in places["kept"].iterdir()) == ["002.npz", "003.npz"]
    assert len(read_folder(places["kept"])) == 2


def test_a_fresh_checkout_encodes_few_of_its_examples():
    """Else its first training takes three times as long: `make vectors` after many new examples."""
    identity = load_encoder(load_settings().sma_encoder_dir, check_sums=True).identity
    texts = {clean(text) for text, _ in labelled_examples()}
    known = read_folder(KEPT)
    missing = [text for text in texts if vector_cache._key(identity, text) not in known]
    assert len(missing) < len(texts) / 10
