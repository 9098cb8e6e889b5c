"""The trained model: when it has to be trained, and where it lies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from bot.core.errors import fail
from bot.core.settings import ROOT, load_settings

FINGERPRINT = "fingerprint.json"
# What a model depends on: Rasa's files, the content that is trained or put into the domain, and our components.
_SOURCES = ("config.yml", "domain.yml", "data/**/*.yml", "content/*.yml", "content/*.txt", "bot/nlu/*.py",
            "bot/core/normal.py", "bot/core/vocabulary.py", "bot/core/emergency.py",
            "bot/core/emergency_reply.py")  # fmt: skip

_NOT_TRAINED = ("office_hours.yml",)
"""Content that operators change and no model reads."""


def sources() -> Iterator[Path]:
    """Every file that a model depends on."""
    for pattern in _SOURCES:
        yield from (path for path in sorted(ROOT.glob(pattern)) if path.name not in _NOT_TRAINED)


def fingerprint() -> str:
    """Changes whenever training would give another model."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def current_model() -> Path | None:
    """The model that fits the files as they are, None when one has to be trained."""
    folder: Path = load_settings().sma_models_dir
    try:
        kept = json.loads((folder / FINGERPRINT).read_text())
    except (OSError, ValueError):
        return None
    path = folder / str(kept.get("model"))
    return path if kept.get("fingerprint") == fingerprint() and path.is_file() else None


def train(*, force: bool = False) -> Path:
    """Train unless the current model fits; returns its path. Raises FaultsError when training fails."""
    found = current_model()
    if found and not force:
        return found
    from bot.serve import prepare_environment

    prepare_environment()
    import rasa.model_training  # imports TensorFlow: seconds that a model in place does not cost
    from rasa.engine.training.hooks import TrainingHook

    # Rasa prints every vector as text to find steps that need no training; we decide that by our own fingerprint,
    # and it took longer than training did.
    TrainingHook.on_before_node = lambda *_args, **_kwargs: {}  # type: ignore[method-assign]
    TrainingHook.on_after_node = lambda *_args, **_kwargs: None  # type: ignore[method-assign]

    _take_examples_as_they_are()
    settings = load_settings()
    folder: Path = settings.sma_models_dir
    before = fingerprint()
    result = rasa.model_training.train(
        domain=str(ROOT / "domain.yml"),
        config=str(ROOT / "config.yml"),
        training_files=[str(ROOT / "data" / "rules")],  # examples are read by our importer
        output=str(folder),
        fixed_model_name="companion",
        force_training=True,
    )
    if result.code != 0 or not result.model:
        raise fail("data/", "training failed", "run 'make check' and mend what it reports")
    path = Path(result.model)
    (folder / FINGERPRINT).write_text(json.dumps({"fingerprint": before, "model": path.name}))
    return path


def _take_examples_as_they_are() -> None:
    """Rasa hashes and copies every example each time that training data is merged with none: a fifth of training.

    Our importer is the only source of examples, and `bot check` finds doubles.
    """
    from rasa.shared.nlu.training_data.training_data import TrainingData

    merge = TrainingData.merge

    def merge_if_any(self: TrainingData, *others: TrainingData | None) -> TrainingData:
        filled = [data for data in (self, *others) if data and (data.responses or not data.is_empty())]
        if len(filled) > 1:
            return merge(*filled)
        return filled[0] if filled else self

    TrainingData.merge = merge_if_any  # type: ignore[method-assign]
    TrainingData.sanitize_examples = staticmethod(list)  # type: ignore[method-assign,assignment]


def validate_data() -> None:
    """What `rasa data validate --fail-on-warnings` checks. Raises FaultsError when anything is not right."""
    import subprocess
    import sys

    command = [sys.executable, "-m", "rasa", "data", "validate", "--fail-on-warnings", "--domain", "domain.yml",
               "--config", "config.yml", "--data", "data/rules"]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "WARN" in line or "rror" in line]
        raise fail("data/", "Rasa finds faults in it: " + " | ".join(lines[-6:]), "mend them")
