"""The talk before a hand-off, through the whole bot: started, interrupted, left, sent; nothing typed is lost."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

import actions.handoff
from bot.core.contact import ContactKind
from bot.core.handoffs import HandoffState, Outcome, Reason, Staff
from bot.core.office_hours import OfficeHours
from bot.core.settings import load_settings
from bot.store import handoffs
from bot.store.contacts import decrypt
from bot.store.database import utc_now
from bot.store.handoff_reads import handoffs_of, open_handoff
from bot.store.handoff_tables import ContactRow

HUMAN = '/press{"label": "requests/human"}'
ANA = Staff("1", "Ana", "nurse")


@pytest.fixture
def person(talk, request):
    """One conversation; `say` gives what was said, as labels or topics."""
    return Person(talk, request.node.name)


class Person:
    def __init__(self, talk, name: str) -> None:
        self._talk, self.id = talk, f"handoff-{name}"
        self.engine = actions.handoff.engine()

    def say(self, text: str) -> list[str]:
        self.said = self._talk.say(text, conversation=self.id)
        return [self.name_of(reply) for reply in self.said.replies]

    def press(self, label: str) -> list[str]:
        return self.say(f'/press{{"label": "{label}"}}')

    @staticmethod
    def name_of(reply) -> str:
        return str(reply.extra.get("label") or reply.red_flag or reply.topic or reply.kind.value)

    @property
    def request(self):
        return open_handoff(self.engine, self.id)

    def contact(self):
        with self.engine.connect() as connection:
            query = sa.select(ContactRow.token).where(ContactRow.conversation_id == self.id)
            token = connection.execute(query).scalar()
        return decrypt(token, key=load_settings().sma_data_key) if token else None


def is_submitted(said: list[str]) -> bool:
    return said in (["handoff/submitted_open"], ["handoff/submitted_closed"])


@pytest.mark.parametrize("wish", ["I want to talk to a person", HUMAN])
def test_typed_or_pressed_the_whole_way(person, wish):
    assert person.say(wish) == ["handoff/about"]
    assert person.say("how to get a hoist paid for") == ["handoff/contact"]
    assert person.say("+44 7700 900123") == ["handoff/consent"]
    assert is_submitted(person.say("yes please"))
    request = person.request
    assert request.state is HandoffState.REQUESTED and request.about == "how to get a hoist paid for"
    assert person.contact().kind is ContactKind.PHONE and person.contact().value == "+44 7700 900123"


def test_by_buttons_alone(person):
    person.say("is nusinersen painful")
    person.say(HUMAN)
    assert person.press("handoff/last_question") == ["handoff/contact"]
    assert person.press("handoff/skip") == ["handoff/consent_no_contact"]
    assert is_submitted(person.press("handoff/yes"))
    assert person.request.about == "is nusinersen painful" and person.request.reason is Reason.OFFERED
    assert person.contact() is None


def test_every_button_that_is_offered_is_understood(person):
    person.say(HUMAN)
    for _ in range(3):
        payloads = [button.payload for button in person.said.last.buttons]
        assert payloads
        forward = [p for p in payloads if "cancel" not in p and "/no" not in p] or [None]
        said = person.say(forward[0] or "a form for school")
        assert not any(name.startswith(("unsure", "error")) for name in said), said
    assert person.request


@pytest.mark.parametrize("steps", [[], ["about a form"], ["about a form", "skip"]])
@pytest.mark.parametrize("stop", ["stop", "Cancel", "never mind", '/press{"label": "handoff/cancel"}'])
def test_it_can_be_left_at_every_step_and_says_so(person, steps, stop):
    person.say(HUMAN)
    for step in steps:
        person.say(step)
    assert person.say(stop) == ["handoff/cancelled"]
    assert person.request is None
    assert person.say(HUMAN) == ["handoff/about"]  # and begun anew, without what was typed before


def test_a_no_to_the_last_question_sends_nothing(person):
    for text in (HUMAN, "about a form", "skip"):
        person.say(text)
    assert person.say("no") == ["handoff/cancelled"] and person.request is None


@pytest.mark.parametrize("steps", [[], ["about a form"], ["about a form", "skip"]])
def test_an_emergency_is_answered_at_once_and_the_form_survives(person, steps):
    person.say(HUMAN)
    for step in steps:
        person.say(step)
    (flag,) = person.say("she has stopped breathing and is blue")
    assert flag.startswith("rf.") and person.said.last.kind.value == "emergency"
    rest = ["about a form", "skip", "yes"][len(steps) :]
    for text in rest:
        said = person.say(text)
    assert is_submitted(said) and person.request.about == "about a form"


def test_a_crisis_is_answered_at_once_too(person):
    person.say(HUMAN)
    person.say("I can't cope and want to end my life")
    assert [reply.kind.value for reply in person.said.replies] == ["crisis"]
    assert [button.payload for button in person.said.last.buttons] == [HUMAN]  # offered, not forced


def test_a_new_question_in_between_is_answered_and_the_form_goes_on(person):
    person.say(HUMAN)
    person.say("about a form")
    said = person.say("What is non-invasive ventilation used for in SMA?")
    assert said[-1] == "handoff/contact_again" and len(said) == 2
    assert person.said.replies[0].kind.value in ("answer", "clarify")
    person.say("skip")
    assert is_submitted(person.say("yes"))


def test_a_topic_pressed_in_between_is_answered_and_the_form_goes_on(person):
    person.say(HUMAN)
    assert person.say('/choose_topic{"topic": "breathing.niv"}') == ["breathing.niv", "handoff/about_again"]


def test_a_whole_question_is_taken_as_what_it_is_about_where_that_is_asked(person):
    for text in (HUMAN, "How often is nusinersen given to a child with type 2?", "skip", "yes"):
        person.say(text)
    assert person.request.about == "How often is nusinersen given to a child with type 2?"


def test_a_number_given_with_the_matter_is_kept_as_the_contact(person):
    person.say(HUMAN)
    assert person.say("the school, please ring +44 7700 900456") == ["handoff/consent"]
    assert is_submitted(person.say("ok"))
    assert person.contact().value == "+44 7700 900456"
    assert person.request.about == "the school, please ring <phone>"


def test_what_is_no_contact_is_asked_again_and_can_be_skipped(person):
    person.say(HUMAN)
    person.say("about a form")
    assert person.say("qwerty zxcvb") == ["handoff/contact_unclear"]
    assert person.say("no thanks") == ["handoff/consent_no_contact"]


def test_what_is_no_clear_yes_sends_nothing(person):
    for text in (HUMAN, "about a form", "skip"):
        person.say(text)
    assert person.say("qwerty zxcvb") == ["handoff/consent_unclear"]
    assert person.request is None


def test_words_are_needed_to_say_what_it_is_about(person):
    person.say(HUMAN)
    assert person.say("😀") == ["handoff/about_unclear"]
    assert person.say("about a form") == ["handoff/contact"]


def test_a_second_request_says_honestly_that_the_first_one_waits(person):
    for text in (HUMAN, "about a form", "skip", "yes"):
        person.say(text)
    assert person.say("I want to talk to a person") == ["handoff/already_waiting"]
    assert len(handoffs_of(person.engine, person.id)) == 1


def test_while_somebody_has_it_a_second_request_says_who(person):
    for text in (HUMAN, "about a form", "skip", "yes"):
        person.say(text)
    handoffs.claim(person.engine, person.request.id, ANA, now=utc_now())
    assert person.say(HUMAN) == ["handoff/already_claimed"] and "Ana" in person.said.last.text


def test_a_request_can_be_taken_back(person):
    for text in (HUMAN, "about a form", "skip", "yes"):
        person.say(text)
    assert person.press("handoff/withdraw") == ["handoff/withdrawn"] and person.request is None
    assert person.press("handoff/withdraw") == ["handoff/nothing_open"]


def test_the_bot_goes_on_answering_while_the_request_waits(person):
    for text in (HUMAN, "about a form", "skip", "yes"):
        person.say(text)
    person.say("What is non-invasive ventilation used for in SMA?")
    assert person.said.last.kind.value in ("answer", "clarify")


def test_a_complaint_has_its_own_words_and_reason(person):
    assert person.press("requests/complaint") == ["handoff/about_complaint"]
    for text in ("the answer on NIV was rude", "skip", "yes"):
        person.say(text)
    assert person.request.reason is Reason.COMPLAINT


def test_after_two_misses_the_reason_is_known(person):
    for text in ("flurb gnarx", "zib zab zob"):
        person.say(text)
    for text in (HUMAN, "about a form", "skip", "yes"):
        person.say(text)
    assert person.request.reason in (Reason.MISSES, Reason.OFFERED)


def test_it_says_whether_the_team_is_here(person, monkeypatch):
    hours = OfficeHours.load()
    for now, label in ((datetime(2026, 11, 23, 10), "open"), (datetime(2026, 11, 22, 10), "closed")):
        monkeypatch.setattr("actions.handoff.utc_now", lambda now=now: now)
        person.id += label
        for text in (HUMAN, "about a form", "skip", "yes"):
            said = person.say(text)
        assert said == [f"handoff/submitted_{label}"]
        assert hours.when_open(now).sentence in person.said.last.text and "112" in person.said.last.text


def test_a_database_that_is_away_is_said_before_any_question_and_nothing_typed_is_lost(person, monkeypatch):
    def away(*_args, **_kwargs):
        raise sa.exc.OperationalError("x", {}, Exception())

    with monkeypatch.context() as broken:
        broken.setattr("actions.handoff.open_handoff", away)
        assert person.say(HUMAN) == ["handoff/unavailable"]
    for text in (HUMAN, "about a form", "skip"):
        person.say(text)
    with monkeypatch.context() as broken:
        broken.setattr("actions.handoff.handoffs.request_handoff", away)
        assert person.say("yes") == ["handoff/unavailable"]
    assert person.say(HUMAN) == ["handoff/consent_no_contact"]
    assert is_submitted(person.say("yes")) and person.request.about == "about a form"


def test_without_a_key_nobody_is_asked_for_a_contact(person, monkeypatch):
    monkeypatch.setenv("SMA_DATA_KEY", "")
    person.say(HUMAN)
    assert person.say("about a form, ring +44 7700 900456") == ["handoff/consent_no_contact"]
    assert is_submitted(person.say("yes")) and person.contact() is None


def test_what_helped_is_noted(person):
    for text in (HUMAN, "about a form", "skip", "yes"):
        person.say(text)
    request = person.request
    handoffs.claim(person.engine, request.id, ANA, now=utc_now())
    handoffs.close(person.engine, request.id, ANA, outcome=Outcome.ANSWERED, now=utc_now())
    assert person.press("handoff/helped_no") == ["handoff/helped_no"]
    assert handoffs_of(person.engine, person.id)[0].helped is False


def test_an_old_button_of_the_talk_starts_it_again(person):
    assert person.press("handoff/yes") == ["handoff/about"]
    assert person.press("handoff/cancel") == ["handoff/cancelled"]
    assert person.press("handoff/cancel") == ["handoff/nothing_open"]


def test_a_contact_never_stands_in_any_reply(person):
    for text in (HUMAN, "about a form", "jo.secret@example.org", "yes"):
        person.say(text)
        assert all("jo.secret" not in text for text in person.said.texts)
