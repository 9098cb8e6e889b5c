"""The sentence encoder's files."""

import numpy as np
import pytest

from bot.core.errors import FaultsError
from bot.core.settings import load_settings
from bot.nlu.encoder_files import SUMS, Encoder, load_encoder

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
