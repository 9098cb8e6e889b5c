"""The letters SMA."""

import pytest

from bot.core.which_sma import is_ambiguous_sma, means_other_sma


@pytest.mark.parametrize(
    "text",
    [
        "What is SMA syndrome?",
        "superior mesenteric artery",
        "anti smooth muscle antibody result",
        "is sma gold ok for reflux",
    ],
)
def test_other_things_called_sma(text):
    assert means_other_sma(text)


@pytest.mark.parametrize(
    "text",
    ["what is sma", "sma type 1", "vomiting after scoliosis surgery, is it sma syndrome", "does sma affect the heart"],
)
def test_ours(text):
    assert not means_other_sma(text)


def test_a_bare_test_may_be_either():
    assert is_ambiguous_sma("sma test")
    assert not is_ambiguous_sma("sma genetic test for my baby")
