"""Follow-ups, misses in a row, and questions about the last answer."""

import pytest

from bot.core.replies import ReplyKind


@pytest.mark.parametrize(
    ("turns", "topics"),
    [
        (
            ["is a lumbar puncture for spinraza done under sedation", "does it hurt?"],
            {"treatments.nusinersen_procedure", "treatments.nusinersen_side_effects", "treatments.nusinersen_what"},
        ),
        (["what is risdiplam", "what about side effects"], {"treatments.risdiplam_side_effects"}),
        (["what is zolgensma", "is it safe for the liver"], {"treatments.zolgensma_safety"}),
        (["what do studies of stem cells in sma show", "what are the risks?"], {"stem_cells.clinics_risks"}),
    ],
)
def test_a_follow_up_means_what_was_spoken_of(talk, turns, topics):
    last = talk.turns(*turns, conversation=f"follow-{turns[0]}")[-1].last
    assert last.kind is ReplyKind.ANSWER
    assert last.topic in topics


def test_a_full_question_never_inherits_an_old_one(talk):
    last = talk.turns("what is risdiplam", "how common is scoliosis in children with sma", conversation="full")[-1].last
    assert last.topic == "orthopaedic.scoliosis"


def test_sources_more_author_and_date_work_on_the_last_answer(talk):
    talk.say("what is itvisma", conversation="last")
    for text in ("sources?", "who wrote this?", "is that up to date?"):
        reply = talk.say(text, conversation="last").last
        assert reply.topic == "treatments.itvisma", text


def test_asked_before_any_answer_they_say_so(talk):
    assert talk.say("sources?").last.kind is ReplyKind.UNSURE


def test_two_misses_in_a_row_offer_a_person_without_being_asked(talk):
    said = talk.turns("xkvb qwpo zmnb", "zzxq wpol mnbv", conversation="misses")
    assert all(one.last.kind in (ReplyKind.UNSURE, ReplyKind.CLARIFY) for one in said)
    assert any("requests/human" in button.payload for button in said[-1].last.buttons)


def test_an_answer_resets_the_count_of_misses(talk):
    talk.turns("xkvb qwpo zmnb", "what is bipap", conversation="reset")
    tracker = talk._loop.run_until_complete(talk._bot._agent.tracker_store.retrieve("reset"))
    assert tracker.get_slot("misses") == 0
