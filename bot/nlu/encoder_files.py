"""The sentence encoder itself: its files, checked, and one function from texts to vectors.

all-MiniLM-L6-v2 (Wang et al. 2020, MiniLM; fine-tuned as a sentence encoder by the sentence-transformers project),
exported to ONNX with int8 weights, and quantised when it is installed (bot/nlu/encoder_quantise.py). Mean pooling over
the attention mask and L2 normalisation as its model card prescribes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from bot.core.errors import Fault, FaultsError
from bot.core.normal import with_short_name

DIMENSIONS = 384
MAX_TOKENS = 128
"""A message of 2,000 characters has up to about 450; the question itself nearly always lies in the first 128."""
MODEL = "model.onnx"
SUMS = {
    MODEL: "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
READS = "with short name"
"""What is done to a text before it is encoded; to be changed with it."""
QUANTISED = "model_quantized.onnx"
QUANTISED_NOTE = "model_quantized.json"
"""Which model it was made from, and its own sum."""
CURE = "run 'make install', or name a folder with both files in SMA_ENCODER_DIR"


class Encoder:
    """Turns texts into vectors of shape (n, 384), float32, each of length 1."""

    def __init__(self, folder: Path, *, check_sums: bool) -> None:
        path, checksum = check_encoder(folder, check_sums=check_sums)
        self.identity = f"{checksum} {READS}"
        """Sum of the file that runs, and how texts are read: vectors of two encoders are never mixed."""
        options = onnxruntime.SessionOptions()
        # One thread: two cores are shared with the action server and the console, and a sentence is short.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(max_length=MAX_TOKENS)
        self._tokenizer.no_padding()
        self._begun: WeakValueDictionary[str, Future[np.ndarray]] = WeakValueDictionary()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of shape (len(texts), 384); an empty text gives the vector of no words at all."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            return np.stack(list(pool.map(self._encode_one, texts)))

    def encode_soon(self, text: str) -> Future[np.ndarray]:
        """The vector of one text, shape (384,), worked out beside what the caller does meanwhile.

        onnxruntime does not hold Python's lock: the second core does it while this one looks at the words. Who asks
        for a text that is under way, or whose vector somebody still holds, shares it.
        """
        begun = self._begun.get(text)
        if begun is None:
            begun = self._beside.submit(self._encode_one, text)
            self._begun[text] = begun
        return begun

    @cached_property
    def _beside(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")

    def _encode_one(self, text: str) -> np.ndarray:
        """A unit vector of shape (384,).

        A text goes alone: what stands beside it in a batch would change its padding and the scale of its 8-bit
        activations, and training must see what serving sees.
        """
        ids = np.array([self._tokenizer.encode(with_short_name(text)).ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        pooled = self._session.run(None, feed)[0][0].mean(axis=0)
        return np.asarray(pooled / max(float(np.linalg.norm(pooled)), 1e-12), dtype=np.float32)


def check_encoder(folder: Path, *, check_sums: bool) -> tuple[Path, str]:
    """The model file to run, and its sum. Raises FaultsError unless all files are there and (with sums) unchanged.

    An operator's own encoder (no sums) runs as it is, ours quantised.
    """
    sums = {name: check_file(folder / name, SUMS[name] if check_sums else None) for name in SUMS}
    if not check_sums:
        return folder / MODEL, sums[MODEL]
    return folder / QUANTISED, check_quantised(folder, sums[MODEL])


def check_quantised(folder: Path, source: str) -> str:
    """Its sum. Raises FaultsError unless it was made from the model with the sum `source`, and is unchanged."""
    try:
        note = json.loads((folder / QUANTISED_NOTE).read_text(encoding="utf-8"))
        made_from, expected = str(note["made_from"]), str(note["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        raise FaultsError(
            [Fault(str(folder / QUANTISED_NOTE), "the note on the quantised encoder is missing", CURE)]
        ) from None
    if made_from != source:
        raise FaultsError([Fault(str(folder / QUANTISED), "it was made from another model.onnx", CURE)])
    return check_file(folder / QUANTISED, expected)


def check_file(path: Path, expected: str | None) -> str:
    """The file's SHA-256. Raises FaultsError unless it is there and, where a sum is expected, unchanged."""
    if not path.is_file():
        raise FaultsError([Fault(str(path), "the sentence encoder's file is missing", CURE)])
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if expected and found != expected:
        raise FaultsError([Fault(str(path), "its checksum is not the known one", f"remove it and {CURE}")])
    return found


@lru_cache(maxsize=2)
def load_encoder(folder: Path, *, check_sums: bool) -> Encoder:
    """The encoder, loaded once a process."""
    return Encoder(folder, check_sums=check_sums)
