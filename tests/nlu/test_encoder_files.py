"""The sentence encoder's files."""

import json

import numpy as np
import pytest

from bot.core.errors import FaultsError
from bot.core.settings import load_settings
from bot.nlu.encoder_files import MODEL, QUANTISED, QUANTISED_NOTE, SUMS, Encoder, load_encoder
from bot.nlu.encoder_quantise import quantise
from bot.nlu.fetch_encoder import is_quantised

FOLDER = load_settings().sma_encoder_dir


def test_vectors_have_length_one_and_near_meanings_are_near():
    near, same, far = load_encoder(FOLDER, check_sums=True).encode(
        ["does the spinal injection hurt", "is the lumbar puncture painful", "who won the football match"]
    )
    assert near.shape == (384,) and abs(float(np.linalg.norm(near)) - 1) < 1e-5
    assert near @ same > near @ far + 0.3


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(FaultsError, match=r"model\.onnx.*missing.*make install"):
        Encoder(tmp_path, check_sums=True)


def test_a_changed_file_is_refused(tmp_path):
    for name in SUMS:
        (tmp_path / name).write_bytes(b"changed")
    with pytest.raises(FaultsError, match="checksum"):
        Encoder(tmp_path, check_sums=True)


def test_a_vector_begun_early_is_shared_and_the_same():
    encoder = load_encoder(FOLDER, check_sums=True)
    begun = encoder.encode_soon("is the mask loud")
    assert encoder.encode_soon("is the mask loud") is begun
    assert np.array_equal(begun.result(), encoder.encode(["is the mask loud"])[0])


def test_the_illness_is_read_by_its_short_name():
    encoder = load_encoder(FOLDER, check_sums=True)
    short, *spelled_out = encoder.encode(
        ["What causes SMA?", "What causes spinal muscular atrophy?", "What causes Spinal Muscular Atrophy (SMA)?"]
    )
    assert all(np.array_equal(vector, short) for vector in spelled_out)


def test_a_text_has_the_same_vector_beside_others():
    """Training encodes thousands, serving one: a model trained on other vectors would be asked another question."""
    encoder = load_encoder(FOLDER, check_sums=True)
    texts = ["is the mask loud", "how often is the injection given and who gives it", ""]
    assert np.array_equal(encoder.encode(texts), np.stack([encoder.encode([text])[0] for text in texts]))


def test_quantising_changes_meanings_little(tmp_path):
    for name in SUMS:
        (tmp_path / name).symlink_to(FOLDER.resolve() / name)
    quantise(tmp_path)
    assert is_quantised(tmp_path) and sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [*SUMS, QUANTISED, QUANTISED_NOTE]
    )
    texts = ["does the spinal injection hurt", "my son is two and floppy", "who won the football match"]
    exact, quick = Encoder(tmp_path, check_sums=False), Encoder(tmp_path, check_sums=True)
    assert exact.identity != quick.identity
    cosines = (exact.encode(texts) * quick.encode(texts)).sum(axis=1)
    assert 0.98 < cosines.min() < 0.9999


@pytest.mark.parametrize(
    ("note", "fault"),
    [
        (None, r"note on the quantised encoder is missing.*make install"),
        ({"made_from": "another", "sha256": "x"}, "made from another"),
        ({"made_from": SUMS[MODEL], "sha256": "x"}, "checksum"),
    ],
)
def test_a_quantised_encoder_that_does_not_fit_is_refused(tmp_path, note, fault):
    for name in (*SUMS, QUANTISED):
        (tmp_path / name).symlink_to(FOLDER.resolve() / name)
    if note:
        (tmp_path / QUANTISED_NOTE).write_text(json.dumps(note))
    assert not is_quantised(tmp_path)
    with pytest.raises(FaultsError, match=fault):
        Encoder(tmp_path, check_sums=True)
