"""What a message means while the talk before a hand-off is open."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.handoff_talk import Step, TalkIntent, is_skip, is_stop, is_yes, talk_intent

ASK, CONTACT, CONSENT = Step.ABOUT, Step.CONTACT, Step.CONSENT
START, INPUT, CANCEL, HELPED = TalkIntent.START, TalkIntent.INPUT, TalkIntent.CANCEL, TalkIntent.HELPED


def meaning(text, *, intent="unsure", label=None, step=None, **kwargs):
    return talk_intent(text, intent=intent, label=label, step=step, **kwargs)


@pytest.mark.parametrize("step", [None, CONTACT, CONSENT])
@pytest.mark.parametrize("intent", ["requests", "press"])
def test_asking_for_a_person_starts_it_typed_or_pressed(step, intent):
    assert meaning("a human please", intent=intent, label="requests/human", step=step) is START
    assert meaning("I complain", intent=intent, label="requests/complaint", step=step) is START


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize(
    "text", ["stop", "Stop!", "cancel", "please cancel", "never mind", "Forget it.", "don't send it"]
)
def test_it_can_be_left_at_every_step(step, text):
    assert meaning(text, intent="small_talk", step=step) is CANCEL


@pytest.mark.parametrize("step", [ASK, CONSENT])
def test_a_no_leaves_it(step):
    assert meaning("no", step=step) is CANCEL
    assert meaning("no thank you", step=step) is CANCEL


def test_a_no_to_leaving_a_contact_goes_on_without_one():
    assert meaning("no", step=CONTACT) is INPUT and is_skip("No, thanks.")


@pytest.mark.parametrize("intent", ["faq", "unsure", "clinical_decision", "small_talk", "bad_input", "other_language"])
def test_whatever_is_typed_when_asked_what_it_is_about_is_what_it_is_about(intent):
    assert meaning("how is spinraza given to a baby", intent=intent, step=ASK) is INPUT


def test_a_wish_repeated_is_asked_again_but_a_wish_with_its_matter_is_taken():
    assert meaning("human please", intent="requests", label="requests/human", step=ASK) is START
    assert meaning("your answer was rude", intent="requests", label="requests/complaint", step=ASK) is INPUT
    text = "can I talk to a nurse about getting a hoist for my daughter"
    assert meaning(text, intent="requests", label="requests/human", step=ASK) is INPUT


@pytest.mark.parametrize("step", [CONTACT, CONSENT])
@pytest.mark.parametrize("intent", ["faq", "clarify", "clinical_decision", "requests", "choose_topic", "show_topics"])
def test_a_new_question_is_answered_and_the_form_stays(step, intent):
    assert meaning("how is spinraza given to a baby", intent=intent, step=step) is None


def test_a_contact_is_an_answer_whatever_else_it_looks_like():
    assert meaning("07700 900123", intent="bad_input", step=CONTACT) is INPUT
    assert meaning("mail jo@example.org", intent="faq", step=CONTACT) is INPUT
    assert meaning("07700 900123 after all", intent="clarify", step=CONSENT) is INPUT


def test_a_word_that_only_follows_up_on_the_last_answer_belongs_to_the_form():
    assert meaning("hmm maybe", intent="faq", step=CONSENT, is_follow_up=True) is INPUT
    assert meaning("does it hurt?", intent="faq", step=CONSENT, is_follow_up=True) is None


def test_what_makes_no_sense_belongs_to_the_form():
    assert meaning("qwerty", intent="out_of_scope", label="out_of_scope/gibberish", step=CONTACT) is INPUT


def test_buttons_of_the_talk():
    assert meaning("", intent="press", label="handoff/skip", step=CONTACT) is INPUT
    assert meaning("", intent="press", label="handoff/yes", step=None) is START  # an old button
    assert meaning("", intent="press", label="handoff/no", step=CONSENT) is CANCEL
    assert meaning("", intent="press", label="handoff/withdraw", step=None) is CANCEL
    assert meaning("", intent="press", label="handoff/helped_no", step=None) is HELPED
    assert meaning("", intent="press", label="requests/privacy", step=CONTACT) is None


def test_without_the_form_nothing_else_is_touched():
    for text in ("stop", "no", "yes", "07700 900123"):
        assert meaning(text, step=None) is None


@pytest.mark.parametrize(
    "text", ["yes", "Yes please", "ok", "sure, go ahead", "I agree", "that's fine", "of course", "y"]
)
def test_a_clear_yes(text):
    assert is_yes(text)


@pytest.mark.parametrize(
    "text", ["no", "yes but not my name", "don't", "maybe", "ok wait", "yes or no, what is this", "", "?"]
)
def test_what_is_no_clear_yes(text):
    assert not is_yes(text)


@given(st.text(max_size=60), st.sampled_from([None, *Step]))
@settings(max_examples=80, deadline=None)
def test_any_text_has_a_meaning(text, step):
    assert meaning(text, step=step) in (None, *TalkIntent)
    assert not (is_stop(text) and is_yes(text))
