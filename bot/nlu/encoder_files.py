"""The sentence encoder itself: two files, checked, and one function from texts to vectors.

all-MiniLM-L6-v2 (Wang et al. 2020, MiniLM; fine-tuned as a sentence encoder by the sentence-transformers project),
exported to ONNX with int8 weights: 4 ms a sentence on one thread. Mean pooling over the attention mask and L2
normalisation as its model card prescribes.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from bot.core.errors import Fault, FaultsError

DIMENSIONS = 384
MAX_TOKENS = 128
"""A message of 2,000 characters has up to about 450; the question itself nearly always lies in the first 128."""
BATCH_SIZE = 16
"""Larger ones are no faster."""
SUMS = {
    "model.onnx": "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
CURE = "run 'make install', or name a folder with both files in SMA_ENCODER_DIR"


class Encoder:
    """Turns texts into vectors of shape (n, 384), float32, each of length 1."""

    def __init__(self, folder: Path, *, check_sums: bool) -> None:
        sums = [check_file(folder / name, SUMS[name] if check_sums else None) for name in SUMS]
        self.identity = sums[0]
        """Sum of the model file: vectors of two encoders are never mixed."""
        options = onnxruntime.SessionOptions()
        # One thread: two cores are shared with the action server and the console, and a sentence is short.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(max_length=MAX_TOKENS)
        self._tokenizer.no_padding()
        self._begun: WeakValueDictionary[str, Future[np.ndarray]] = WeakValueDictionary()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of shape (len(texts), 384); an empty text gives the vector of no words at all."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        tokens = [self._tokenizer.encode(text).ids for text in texts]
        # Texts of one length go together: padding would change int8 results, and training must see what serving sees.
        by_length: dict[int, list[int]] = defaultdict(list)
        for row, ids in enumerate(tokens):
            by_length[len(ids)].append(row)
        batches = [
            rows[start : start + BATCH_SIZE] for rows in by_length.values() for start in range(0, len(rows), BATCH_SIZE)
        ]

        def run(rows: list[int]) -> None:
            vectors[rows] = self._encode_batch(np.array([tokens[row] for row in rows], dtype=np.int64))

        if len(batches) <= 1:
            for rows in batches:
                run(rows)
        else:
            with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
                list(pool.map(run, batches))
        return vectors

    def encode_soon(self, text: str) -> Future[np.ndarray]:
        """The vector of one text, shape (384,), worked out beside what the caller does meanwhile.

        onnxruntime does not hold Python's lock: the second core does it while this one looks at the words. Who asks
        for a text that is under way, or whose vector somebody still holds, shares it.
        """
        begun = self._begun.get(text)
        if begun is None:
            begun = self._beside.submit(lambda: self.encode([text])[0])
            self._begun[text] = begun
        return begun

    @cached_property
    def _beside(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")

    def _encode_batch(self, ids: np.ndarray) -> np.ndarray:
        """Token ids of shape (n, length), without padding, to unit vectors of shape (n, 384)."""
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        pooled = self._session.run(None, feed)[0].mean(axis=1)
        return np.asarray(pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12), dtype=np.float32)


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
