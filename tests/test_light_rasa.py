"""Rasa without TensorFlow, in a process of its own: this one has its modules already."""

import subprocess
import sys

import pytest

from bot.core.settings import ROOT
from bot.light_rasa import uses_only_ours

OURS = {"pipeline": [{"name": "bot.nlu.gate.Gate"}], "policies": [{"name": "RulePolicy"}]}


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_rasa_is_served_without_tensorflow():
    assert run(
        "from bot.serve import prepare_environment; prepare_environment(); prepare_environment()\n"
        "import sys, rasa.core.run, rasa.model_training, rasa.graph_components.validators.default_recipe_validator\n"
        "from rasa.engine.recipes.default_recipe import DefaultV1Recipe\n"
        "DefaultV1Recipe._from_registry('RulePolicy')\n"
        "print('tensorflow' in sys.modules)"
    ) == "False"  # fmt: skip


def test_a_rasa_that_is_there_already_stays_as_it_is():
    assert run(
        "import rasa.utils.tensorflow.callback as whole\n"
        "from bot.light_rasa import leave_out_tensorflow\n"
        "import sys\n"
        "print(leave_out_tensorflow(), sys.modules['rasa.utils.tensorflow.callback'] is whole)"
    ) == "False True"  # fmt: skip


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (OURS, True),
        ({**OURS, "pipeline": [*OURS["pipeline"], {"name": "DIETClassifier"}]}, False),
        ({**OURS, "policies": [*OURS["policies"], {"name": "TEDPolicy"}]}, False),
        ({**OURS, "policies": None}, False),
        (None, False),
    ],
)
def test_another_component_of_rasa_brings_all_of_it(config, expected):
    assert uses_only_ours(config) is expected
