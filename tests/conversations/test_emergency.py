"""Emergencies: fixed text, in every state of a conversation, without the action server."""

import pytest
from rasa.utils.endpoints import EndpointConfig

from bot.core.replies import ReplyKind

SIGNS = ["he cant breathe", "her lips are turning blue", "she is choking on her food", "my baby wont wake up"]


@pytest.mark.parametrize("text", SIGNS)
def test_an_emergency_is_answered_with_numbers_and_nothing_else(talk, text):
    said = talk.say(text)
    assert [reply.kind for reply in said.replies] == [ReplyKind.EMERGENCY]
    assert said.last.phones and said.last.red_flag and "112" in said.texts[0]


def test_a_crisis_is_answered_with_the_crisis_text(talk):
    reply = talk.say("i dont want to live any more").last
    assert reply.kind is ReplyKind.CRISIS
    assert any("988" in phone.number for phone in reply.phones)


def test_it_comes_after_an_answer_a_miss_and_small_talk_alike(talk):
    for before in ("what is bipap", "asdf qwer zxcv", "hello"):
        last = talk.turns(before, "he has stopped breathing", conversation=f"state-{before}")[-1]
        assert last.last.kind is ReplyKind.EMERGENCY


def test_it_needs_no_action_server(talk, monkeypatch):
    async def gone(self, *args, **kwargs):
        raise ConnectionError("the action server is gone")

    endpoint = talk._bot._agent.processor.action_endpoint
    assert isinstance(endpoint, EndpointConfig)
    monkeypatch.setattr(type(endpoint), "request", gone)
    assert talk.say("he cant breathe").last.kind is ReplyKind.EMERGENCY


def test_without_the_action_server_any_other_turn_still_says_how_to_get_help(talk, monkeypatch):
    async def gone(self, *args, **kwargs):
        raise ConnectionError("the action server is gone")

    monkeypatch.setattr(type(talk._bot._agent.processor.action_endpoint), "request", gone)
    said = talk.say("what is bipap")
    assert said.last.kind is ReplyKind.ERROR
    assert "112" in said.texts[0]


def test_a_failing_action_says_so_and_logs_no_text(talk, monkeypatch, caplog):
    import actions.base

    class Broken:
        def answer(self, topic):
            raise RuntimeError("secret words of a person")

        def fixed(self, label):
            return actions.base.Composer.load().fixed(label)

    monkeypatch.setattr("actions.answer.composer", lambda: Broken())
    said = talk.say("how does a bipap machine support breathing at night")
    assert said.last.kind is ReplyKind.ERROR
    assert "secret words" not in caplog.text
