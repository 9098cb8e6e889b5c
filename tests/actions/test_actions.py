"""Custom actions: thin, and never silent. Only rasa-sdk is imported here."""

import asyncio

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import ActionAnswer, ActionChooseTopic, ActionShowTopics
from actions.base import SafeAction
from actions.fixed import ActionFixed
from actions.not_sure import ActionBadInput, ActionClarify, ActionOtherLanguage, ActionUnsure, ActionWhichSma


def run(action, *, decision=None, entities=(), slots=None):
    message = {"text": "words of a person", "entities": list(entities), "decision": decision or {}}
    tracker = Tracker("t", slots or {}, message, [], False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    events = asyncio.run(action.run(dispatcher, tracker, {}))
    return dispatcher.messages, {event["name"]: event["value"] for event in events if event["event"] == "slot"}


def test_an_answer_carries_the_contract_and_sets_what_a_follow_up_needs():
    messages, slots = run(ActionAnswer(), decision={"topic": "treatments.nusinersen_what"})
    custom = messages[0]["custom"]
    assert (custom["kind"], custom["topic"]) == ("answer", "treatments.nusinersen_what")
    assert custom["disclaimer"] and custom["sources"] and custom["related"] and custom["content_version"]
    assert slots["last_topic"] == "treatments.nusinersen_what"
    assert slots["last_subject"] == "nusinersen"
    assert slots["misses"] == 0.0


@pytest.mark.parametrize(
    ("action", "decision", "kind"),
    [
        (ActionClarify(), {"choices": ["breathing.niv", "breathing.trach"]}, "clarify"),
        (ActionUnsure(), {}, "unsure"),
        (ActionBadInput(), {"detail": "emoji_only"}, "unsure"),
        (ActionOtherLanguage(), {"detail": "es"}, "unsure"),
        (ActionWhichSma(), {}, "clarify"),
        (ActionFixed(), {"label": "clinical_decision/dose"}, "clinical_decision"),
        (ActionFixed(), {"label": "out_of_scope/off_topic"}, "out_of_scope"),
        (ActionFixed(), {"label": "small_talk/greeting"}, "small_talk"),
        (ActionFixed(), {"label": "requests/privacy"}, "privacy"),
        (ActionShowTopics(), {}, "small_talk"),
    ],
)
def test_each_decision_has_its_reply(action, decision, kind):
    messages, slots = run(action, decision=decision)
    assert messages[0]["custom"]["kind"] == kind == slots["last_kind"]
    assert messages[0]["text"]


def test_misses_are_counted():
    assert run(ActionUnsure(), slots={"misses": 1.0})[1]["misses"] == 2.0


def test_a_forged_topic_gets_the_list_of_topics():
    messages, _ = run(ActionChooseTopic(), entities=[{"entity": "topic", "value": "no.such"}])
    assert messages[0]["buttons"]


def test_whatever_an_action_raises_becomes_a_helpful_reply_and_no_word_of_it_is_logged(caplog):
    class Broken(SafeAction):
        action_name = "action_broken"

        def respond(self, tracker):
            raise ValueError(tracker.latest_message["text"])

    messages, _ = run(Broken())
    assert messages[0]["custom"]["kind"] == "error"
    assert "112" in messages[0]["text"]
    assert "words of a person" not in caplog.text


def test_an_unknown_topic_from_the_model_is_an_error_reply_not_a_crash():
    assert run(ActionAnswer(), decision={"topic": "no.such"})[0][0]["custom"]["kind"] == "error"
