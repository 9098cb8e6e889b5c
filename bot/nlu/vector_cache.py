"""Vectors of training texts, so that a training encodes only what is new: a text takes 3 ms, all of them two minutes.

Two places are looked in: `data/vectors/`, which belongs to the project and spares a fresh checkout those minutes, and a
file in `var/cache/` with what was written since. Both hold vectors in 8 bits (a scale for each, as the encoder's own
weights have; cosine 0.9999), under a hash of the text and of the encoder: a vector can be missing, but never wrong.
`make vectors` moves what is new to `data/vectors/`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from bot.core.settings import ROOT
from bot.nlu.encoder_files import DIMENSIONS, Encoder

KEPT = ROOT / "data" / "vectors"
CACHE = ROOT / "var" / "cache"
EXAMPLES, TAUGHT, ALARMS, FOLLOW_UPS = (CACHE / f"{n}.npz" for n in ("examples", "taught", "alarms", "follow_ups"))
OF_TRAINING = (EXAMPLES, TAUGHT, ALARMS, FOLLOW_UPS)
"""What a training adds to; each file holds what the last training needed of its kind."""
KEY_BYTES = 12
STEPS = 127
"""Of an 8-bit number in each direction."""
VECTORS_A_FILE = 6000
"""About 2 MB: files are only ever added, so that the history of the project grows by what is new."""
Vectors = dict[bytes, np.ndarray]


def encode_cached(encoder: Encoder, texts: Sequence[str], *, path: Path = EXAMPLES, kept: Path = KEPT) -> np.ndarray:
    """Vectors of shape (len(texts), 384); what is in neither place is encoded and added to `path`."""
    keys = [_key(encoder.identity, text) for text in texts]
    there = read_folder(kept)
    known = {**there, **_read(path)}
    missing = {key: text for key, text in zip(keys, texts) if key not in known}
    if missing:
        # Rounded like those that are read: the first training and the second see the same.
        known.update(zip(missing, _rounded(encoder.encode(list(missing.values())))))
        _write(path, {key: known[key] for key in dict.fromkeys(keys) if key not in there})
    return np.stack([known[key] for key in keys]) if keys else np.zeros((0, DIMENSIONS), "float32")


def keep(paths: Sequence[Path], *, kept: Path = KEPT) -> int:
    """Move what is in the files `paths` to the folder `kept`; returns how many vectors were added."""
    there = read_folder(kept)
    new = {key: vector for path in paths for key, vector in _read(path).items() if key not in there}
    # After the last one, whatever was deleted before it: no file is written over.
    number = max((int(path.stem) for path in kept.glob("[0-9][0-9][0-9].npz")), default=0)
    rows = list(new.items())
    for start in range(0, len(rows), VECTORS_A_FILE):
        number += 1
        _write(kept / f"{number:03}.npz", dict(rows[start : start + VECTORS_A_FILE]))
    read_folder.cache_clear()
    for path in paths:
        path.unlink(missing_ok=True)
    return len(new)


@lru_cache(maxsize=2)
def read_folder(folder: Path) -> Mapping[bytes, np.ndarray]:
    """All vectors of a folder, read once a process."""
    found: Vectors = {}
    for path in sorted(folder.glob("*.npz")):
        found.update(_read(path))
    return found


def _key(identity: str, text: str) -> bytes:
    return hashlib.sha256(f"{identity}\0{text}".encode()).digest()[:KEY_BYTES]


def _read(path: Path) -> Vectors:
    try:
        with np.load(path, allow_pickle=False) as stored:
            rows = stored["codes"] * stored["scales"][:, None]
            return dict(zip(map(bytes, stored["keys"]), rows))
    except (OSError, ValueError, KeyError):
        return {}  # absent or damaged: everything is encoded anew


def _write(path: Path, vectors: Vectors) -> None:
    codes, scales = _in_steps(np.stack(list(vectors.values())))
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".tmp.npz")
    keys = np.frombuffer(b"".join(vectors), dtype=np.uint8).reshape(-1, KEY_BYTES)
    np.savez(scratch, keys=keys, codes=codes, scales=scales)
    scratch.replace(path)


def _in_steps(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers of shape (n, 384) and a scale for each row."""
    scales = np.maximum(np.abs(rows).max(axis=1), 1e-12).astype(np.float32) / np.float32(STEPS)
    return np.rint(rows / scales[:, None]).astype(np.int8), scales


def _rounded(rows: np.ndarray) -> np.ndarray:
    codes, scales = _in_steps(rows)
    return np.asarray(codes * scales[:, None])
