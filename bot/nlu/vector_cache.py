"""Vectors of training texts, kept between trainings: a text whose words did not change is not encoded again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.core.settings import ROOT
from bot.nlu.encoder_files import DIMENSIONS, Encoder

CACHE = ROOT / "var" / "cache" / "vectors.npz"


def _key(identity: str, text: str) -> str:
    return hashlib.sha256(f"{identity}\0{text}".encode()).hexdigest()[:24]


def _load(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return dict(zip(stored["keys"].tolist(), stored["vectors"]))
    except (OSError, ValueError, KeyError):
        return {}  # absent or damaged: everything is encoded anew


def encode_cached(encoder: Encoder, texts: Sequence[str], *, path: Path = CACHE) -> np.ndarray:
    """Vectors of shape (len(texts), 384); what is not in the cache is encoded and added to it."""
    known = _load(path)
    keys = [_key(encoder.identity, text) for text in texts]
    missing = {key: text for key, text in zip(keys, texts) if key not in known}
    if missing:
        known.update(zip(missing, encoder.encode(list(missing.values()))))
        kept = {key: known[key] for key in dict.fromkeys(keys)}
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".tmp.npz")
        np.savez_compressed(scratch, keys=np.array(list(kept)), vectors=np.stack(list(kept.values())))
        scratch.replace(path)
    return np.stack([known[key] for key in keys]) if keys else np.zeros((0, DIMENSIONS), "float32")
