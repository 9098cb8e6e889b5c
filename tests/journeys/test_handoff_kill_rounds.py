"""Twenty times: hand-offs under way, and one process dies by SIGKILL in the middle. Nothing acknowledged may be lost or
doubled, a conversation never has two open requests, each one can be finished, and an emergency is answered."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from bot.core.handoffs import Handoff, HandoffState
from bot.store.audit import verify
from bot.store.handoff_reads import handoffs_of, open_handoff
from bot.store.staff_messages import messages_of
from tests.journeys.people import Caregiver, Clinician, Desk, until
from tests.journeys.stack import Stack

T = TypeVar("T")

ROUNDS = 20
AT_ONCE = 3
"""Conversations in each round, each in another phase."""
KILLED = ("rasa", "actions", "console", "notify")
"""Over and over."""
MOMENT_S = {"rasa": 0.35, "actions": 0.35, "console": 0.35, "notify": 2.5}
"""Within this time of the first act the process dies; notify looks every two seconds."""
EMERGENCY = "she is not breathing"
QUESTION = "what is spinraza"


class Phase(str, Enum):
    """What is going on in a conversation when a process dies."""

    ASKING = "the form is answered"
    WAITING = "the caregiver asks the bot meanwhile"
    CLAIMING = "a clinician claims"
    REPLYING = "a clinician replies"
    WRITING = "the caregiver writes to the clinician"
    TALKING = "both write at once"
    CLOSING = "the clinician closes"


PHASES = tuple(Phase)
NOT_YET_CLAIMED = (Phase.WAITING, Phase.CLAIMING)


class Case:
    """One conversation on its way through a hand-off."""

    def __init__(
        self, stack: Stack, clinician: Clinician, phase: Phase, dice: random.Random, *, delivers: bool
    ) -> None:
        self.stack, self.phase, self.questions_answered = stack, phase, dice.randrange(4)
        self.caregiver = Caregiver(stack)
        self.desk = Desk(clinician, handoff_id=0, delivers=delivers)

    def prepare(self) -> Sequence[Callable[[], object]]:
        """Bring it to the phase; gives what goes on while the process dies, each by somebody of their own."""
        if self.phase is Phase.ASKING:
            for _ in range(self.questions_answered):
                self.caregiver.next_answer()()
            return (self.caregiver.next_answer(),)
        self.request()
        if self.phase not in NOT_YET_CLAIMED:
            self.desk.claim()
        if self.phase in (Phase.WRITING, Phase.TALKING, Phase.CLOSING):
            self.desk.reply("Good morning.")
            self.caregiver.say("hello, good that you are here")
        return self._acts()

    def _acts(self) -> Sequence[Callable[[], object]]:
        caregiver, desk = self.caregiver, self.desk

        def write() -> None:
            for text in ("we have the letter now", "it came this morning", "shall I send it"):
                caregiver.say(text)

        def reply() -> None:
            for text in ("Ask the school for a care plan.", "I can write a letter for it."):
                desk.reply(text)

        return {
            Phase.WAITING: (lambda: caregiver.say(QUESTION),),
            Phase.CLAIMING: (desk.claim,),
            Phase.REPLYING: (reply,),
            Phase.WRITING: (write,),
            Phase.TALKING: (write, reply),
            Phase.CLOSING: (desk.close,),
        }[self.phase]

    def request(self) -> None:
        """Through the form, from wherever it stands."""
        for _ in range(8):
            found = open_handoff(self.stack.engine, self.caregiver.conversation_id)
            if found:
                self.desk.handoff_id = found.id
                return
            self.caregiver.next_answer()()
        raise AssertionError(f"no request after all questions of the form: {self.caregiver.labels()}")

    def go_on_to_the_end(self) -> None:
        """Once everything runs again: everybody does again what was not acknowledged, and goes on."""
        self.caregiver.send_again()
        self.desk.do_again()
        self.hear_an_emergency()
        until(self.is_delivered, what="all that staff said is delivered")
        self.check()
        self.finish()
        self.check()
        self.desk.clinician.read(f"/conversations/{self.caregiver.conversation_id}")
        self.caregiver.http.close()

    def finish(self) -> None:
        """From wherever it stands to the end of the hand-off, and on to the bot."""
        caregiver, desk = self.caregiver, self.desk
        if self.newest is None or self.newest.state is not HandoffState.CLOSED:
            self.request()
            desk.claim()
            desk.reply("I have sent it to you.")
            desk.close()
            desk.do_again()
        until(self.is_delivered, what="all that staff said is delivered")
        assert self.newest and self.newest.state is HandoffState.CLOSED
        assert not [why for why in desk.refused if not why.startswith("close") or "already closed" not in why]
        (answer,) = caregiver.say(QUESTION)
        assert answer["kind"] == "answer" and caregiver.feed()["with_staff"] is False
        told = Counter(caregiver.labels())
        assert told["handoff/taken_over"] == 1 and told["handoff/given_back"] == 1, told

    @property
    def newest(self) -> Handoff | None:
        """The hand-off as it stands."""
        return next(iter(handoffs_of(self.stack.engine, self.caregiver.conversation_id)), None)

    def is_delivered(self) -> bool:
        """Whether nothing that staff said is still on its way."""
        return not messages_of(self.stack.engine, self.caregiver.conversation_id, only_pending=True)

    def hear_an_emergency(self) -> None:
        """Answered at once, whoever holds the conversation, and marked for staff."""
        said = self.caregiver.say(EMERGENCY)
        assert [message["kind"] for message in said] == ["emergency"], said
        assert not (self.newest and self.newest.is_open) or self.newest.is_urgent

    def check(self) -> None:
        """Nothing acknowledged is lost or doubled, neither in the chat nor in what Rasa goes by."""
        assert not self.caregiver.unsent and not self.desk.undone
        said = self.caregiver.feed()["messages"]
        assert [m["client_message_id"] for m in said if m["sender"] == "caregiver"] == self.caregiver.acknowledged
        assert [m["payload"]["text"] for m in said if m["sender"] == "staff"] == self.desk.accepted
        events = self._events()
        assert [e["metadata"]["client_message_id"] for e in events if e["event"] == "user"] == (
            self.caregiver.acknowledged
        )
        spoken = [e["data"]["custom"] for e in events if e["event"] == "bot"]
        assert [c["text"] for c in spoken if c["kind"] == "staff"] == self.desk.accepted
        assert len(spoken) == len([m for m in said if m["sender"] != "caregiver"])
        found = handoffs_of(self.stack.engine, self.caregiver.conversation_id)
        assert len(found) <= 1, "nobody asked twice"

    def _events(self) -> list[dict[str, Any]]:
        query = sa.text("SELECT data FROM events WHERE sender_id = :id AND type_name IN ('user', 'bot') ORDER BY id")
        with self.stack.engine.connect() as connection:
            rows = connection.execute(query, {"id": self.caregiver.conversation_id}).scalars()
            return [sa.JSON().result_processor(self.stack.engine.dialect, None)(row) for row in rows]


@pytest.fixture(scope="module")
def clinician(running_stack: Stack) -> Iterator[Clinician]:
    """Signed in once; the session outlives the console."""
    running_stack.start("console", "notify")
    made = Clinician.with_account(running_stack, name="Ana Ruiz", title="nurse")
    made.sign_in()
    yield made
    made.http.close()
    for name in ("notify", "console"):  # other journeys deliver by themselves
        running_stack.kill(name)


@pytest.fixture(scope="module")
def cuts() -> Counter[str]:
    """How often a line was cut, by the process that died."""
    return Counter()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_process_dies_in_the_middle_of_a_handoff(
    stack: Stack, clinician: Clinician, cuts: Counter[str], round_: int
) -> None:
    stack.start("console", "notify")
    waiting = rows_of(clinician.read("/queue"))  # of other tests: they share the processes
    killed = KILLED[round_ % len(KILLED)]
    earlier = [KILLED[i % len(KILLED)] for i in range(round_)].count(killed)
    phases = [PHASES[(earlier * AT_ONCE + i) % len(PHASES)] for i in range(AT_ONCE)]
    dice = random.Random(round_)
    cases = [Case(stack, clinician, phase, dice, delivers=killed != "notify") for phase in phases]
    acts = [act for acts in together([case.prepare for case in cases]) for act in acts]

    with ThreadPoolExecutor(len(acts)) as people:
        going_on = [people.submit(act) for act in acts]
        time.sleep(dice.uniform(0, MOMENT_S[killed]))
        stack.kill(killed)
        for one in going_on:
            one.result(timeout=60)
    if killed != "rasa":  # Rasa is the bot
        together([case.hear_an_emergency for case in cases])
    stack.start(killed)

    together([case.go_on_to_the_end for case in cases])
    assert rows_of(clinician.read("/queue")) == waiting
    cuts[killed] += sum(case.caregiver.cuts + case.desk.cuts for case in cases)


def rows_of(page: str) -> int:
    """How many wait or are talked with, by the queue page."""
    return page.count("<tr")


def together(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Each in a thread of its own."""
    with ThreadPoolExecutor(len(acts)) as people:
        return [one.result(timeout=120) for one in [people.submit(act) for act in acts]]


def test_the_deaths_came_in_the_middle_and_the_record_of_acts_is_whole(
    running_stack: Stack, cuts: Counter[str]
) -> None:
    assert cuts["rasa"] and cuts["console"], "no line was ever cut: the processes died too late or too early"
    assert verify(running_stack.engine).is_whole
