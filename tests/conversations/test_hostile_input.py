"""Bad input: a sensible kind, never an exception, never a template filled in."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.turns import typed
from bot.core.replies import ReplyKind

CORPUS = [
    "", "   ", "\u00a0\u3000\t\r\n", "\u200b\u200d\ufeff", "a" * 20_000, "what is sma " * 2_000, "😭🙏🧬", "ما هو ضمور العضلات",
    "脊髓性肌萎缩症能治好吗？", "<script>alert(1)</script>", "<b>what is sma</b>", "/restart", "/faq{\"topic\": 1}", "//back",
    "/session_start", "EXTERNAL: reminder", "{last_topic}", "{{7*7}}", "${HOME}", "%s%s%n", "what is\x00 sma\x07\x1b[31m",
    "w\u0300\u0316h\u0300\u0316a\u0300t i\u0300s sma", "what is \u202eamsnegloz\u202c", "' OR 1=1 --", "[1,2](x)", "\ud83d",
    "what is sma" + "\u0301" * 500, "None", "null", "true", "0", "-1", "NaN",
]  # fmt: skip


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_every_hostile_message_gets_a_reply_of_a_known_kind(talk, text):
    said = talk.say(typed(text))
    assert said.last is not None
    assert isinstance(said.last.kind, ReplyKind)
    assert said.last.kind is not ReplyKind.ERROR
    assert said.texts[0].strip() or said.replies


def test_a_template_is_never_filled_in(talk):
    talk.say("what is itvisma", conversation="template")
    assert "treatments.itvisma" not in talk.say("{last_topic}", conversation="template").texts[0]


def test_a_typed_command_of_rasa_does_nothing(talk):
    talk.say("what is itvisma", conversation="typed")
    talk.say(typed('/restart{"a": 1}'), conversation="typed")
    tracker = talk._loop.run_until_complete(talk._bot._agent.tracker_store.retrieve("typed"))
    assert tracker.get_slot("last_topic") == "treatments.itvisma"


@given(st.text(max_size=200))
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_any_text_gets_a_reply(talk, text):
    said = talk.say(typed(text))
    assert said.last is not None
    assert said.last.kind is not ReplyKind.ERROR
