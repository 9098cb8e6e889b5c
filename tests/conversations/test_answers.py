"""What people ask and what they get, through model, rules and actions."""

import pytest

from bot.core.replies import ReplyKind


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("what is spinal muscular atrophy", "about.what_is_sma"),
        ("is a lumbar puncture for spinraza done under sedation", "treatments.nusinersen_procedure"),
        ("which side effects can evrysdi have", "treatments.risdiplam_side_effects"),
        ("has any stem cell therapy been approved for sma", "stem_cells.status"),
        ("how is sma inherited if both of us are healthy", "genetics.inheritance"),
        ("how does a bipap machine support breathing at night", "breathing.niv"),
    ],
)
def test_a_plain_question_gets_the_curated_answer(talk, text, topic):
    said = talk.say(text)
    assert (said.last.kind, said.last.topic) == (ReplyKind.ANSWER, topic)
    assert said.last.sources and said.last.disclaimer and said.last.review_status == "draft"
    assert any(source.url in said.texts[0] for source in said.last.sources)


def test_a_definition_comes_from_the_glossary(talk):
    reply = talk.say("what does intrathecal mean?").last
    assert reply.kind is ReplyKind.ANSWER
    assert reply.extra["glossary"]


def test_entities_of_the_vocabulary_stand_in_the_parse(talk):
    entities = talk.say("does Evrysdi interact with a bipap").parsed["entities"]
    found = {(entity["entity"], entity["value"]) for entity in entities}
    assert ("medicine", "risdiplam") in found
    assert any(group == "equipment" for group, _ in found)


def test_choosing_a_topic_answers_it(talk):
    reply = talk.say('/choose_topic{"topic": "breathing.niv"}').last
    assert (reply.kind, reply.topic) == (ReplyKind.ANSWER, "breathing.niv")


def test_a_forged_topic_gets_the_list(talk):
    assert talk.say('/choose_topic{"topic": "../../etc"}').last.buttons


def test_the_list_of_topics_leads_to_a_category(talk):
    assert talk.say("/show_topics").last.buttons
    reply = talk.say('/show_topics{"category": "breathing"}').last
    assert any("breathing.niv" in button.payload for button in reply.buttons)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hello there", ReplyKind.SMALL_TALK),
        ("thank you so much", ReplyKind.SMALL_TALK),
        ("are you a real person or a robot", ReplyKind.SMALL_TALK),
        ("what do you store about me", ReplyKind.PRIVACY),
        ("how do i bake a chocolate cake", ReplyKind.OUT_OF_SCOPE),
        ("what are the symptoms of cystic fibrosis", ReplyKind.OUT_OF_SCOPE),
        ("How is SMA syndrome treated?", ReplyKind.OUT_OF_SCOPE),
        ("how many ml of evrysdi should i give my 9 kg daughter", ReplyKind.CLINICAL_DECISION),
        ("will my son ever walk", ReplyKind.CLINICAL_DECISION),
        ("Hola, mi hijo tiene atrofia muscular espinal, qué tratamientos hay", ReplyKind.UNSURE),
        ("sma test", ReplyKind.CLARIFY),
    ],
)
def test_what_no_topic_answers_ends_in_its_own_kind(talk, text, kind):
    assert talk.say(text).last.kind is kind
