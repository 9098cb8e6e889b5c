"""Rasa without the parts that nothing here uses: TensorFlow and the components that stand on it.

Rasa imports all of its components with the first, and with them TensorFlow: half of the time of `import rasa` and two
thirds of its memory (350 MB), for a bot whose pipeline is its own. Before Rasa is imported, empty modules take the
places from which it would reach them. A config.yml that names another component of Rasa's than the RulePolicy gets all
of Rasa.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from bot.core.settings import ROOT
from bot.core.topics import load_yaml

COMPONENTS = "rasa.engine.recipes.default_components"
STANDING_ON_TENSORFLOW = {
    "rasa.utils.tensorflow.callback": ("RasaTrainingLogger", "RasaModelCheckpoint"),
    "rasa.utils.tensorflow.data_generator": ("RasaBatchDataGenerator",),
    # before a training, to see whether one of them is in the pipeline
    "rasa.nlu.classifiers.diet_classifier": ("DIETClassifier",),
    "rasa.nlu.selectors.response_selector": ("ResponseSelector",),
    "rasa.core.policies.ted_policy": ("TEDPolicy",),
}
"""Modules that Rasa imports by the way, and the names that it takes from them."""
POLICY = "RulePolicy"


class _Components(ModuleType):
    """Stands for Rasa's list of components, and imports the only one of them when Rasa asks for it."""

    def __getattr__(self, name: str) -> list[type]:
        if name != "DEFAULT_COMPONENTS":
            raise AttributeError(name)
        from rasa.core.policies.rule_policy import RulePolicy

        return [RulePolicy]


def leave_out_tensorflow() -> bool:
    """Whether Rasa will be imported without TensorFlow. Safe to call twice; too late once Rasa is there."""
    taken = [sys.modules.get(name) for name in (COMPONENTS, *STANDING_ON_TENSORFLOW)]
    if any(taken) or not uses_only_ours(load_yaml(ROOT / "config.yml")):
        return isinstance(taken[0], _Components)
    sys.modules[COMPONENTS] = _Components(COMPONENTS)
    for module, names in STANDING_ON_TENSORFLOW.items():
        empty = ModuleType(module)
        for name in names:
            setattr(empty, name, type(name, (), {}))
        sys.modules[module] = empty
    return True


def uses_only_ours(config: Any) -> bool:
    """Whether a config.yml names nothing of Rasa's but the RulePolicy."""
    if not isinstance(config, dict):
        return False  # Rasa says what is wrong with it
    pipeline = all(str(row.get("name", "")).startswith("bot.") for row in config.get("pipeline") or [])
    return pipeline and all(row.get("name") == POLICY for row in config.get("policies") or [{}])
