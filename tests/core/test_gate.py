"""The gate: what is answered, asked back, refused or left."""

from bot.core.gate import Intent, Ranking, Thresholds, decide, in_context

LIMITS = Thresholds()


def ranking(**labels):
    rows = sorted(
        ((name.replace("__", "/").replace("_dot_", "."), p) for name, p in labels.items()), key=lambda r: -r[1]
    )
    groups = {}
    for name, p in rows:
        groups[name.split("/")[0]] = groups.get(name.split("/")[0], 0) + p
    return Ranking(rows, groups)


def test_a_sure_topic_is_answered():
    decision = decide(ranking(faq__a_dot_b=0.9), LIMITS)
    assert (decision.intent, decision.topic) == (Intent.FAQ, "a.b")


def test_two_near_topics_are_offered_and_not_guessed():
    decision = decide(ranking(faq__a_dot_b=0.42, faq__c_dot_d=0.4), LIMITS)
    assert decision.intent is Intent.CLARIFY
    assert list(decision.choices) == ["a.b", "c.d"]


def test_a_decision_about_one_person_is_never_answered_by_a_topic():
    labels = ranking(clinical_decision__dose=0.3, clinical_decision__mixing=0.25, faq__a_dot_b=0.45)
    decision = decide(labels, LIMITS)
    assert (decision.intent, decision.label) == (Intent.CLINICAL_DECISION, "clinical_decision/dose")


def test_nothing_likely_is_left_unanswered():
    labels = ranking(faq__a_dot_b=0.1, small_talk__thanks=0.1, out_of_scope__off_topic=0.05)
    assert decide(labels, LIMITS).intent is Intent.UNSURE


def test_an_empty_ranking_is_left_unanswered():
    assert decide(Ranking([], {}), LIMITS).intent is Intent.UNSURE


def test_a_short_message_is_understood_by_the_answer_before_it():
    labels = ranking(faq__other_dot_pain=0.8, faq__med_dot_how=0.1)
    plain = decide(labels, LIMITS)
    found = in_context(plain, labels, [("med.how", 0.6), ("other.pain", 0.3)], LIMITS)
    assert (found.intent, found.topic, found.via) == (Intent.FAQ, "med.how", "context")


def test_an_unclear_one_is_asked_back():
    labels = ranking(faq__other_dot_pain=0.2, faq__med_dot_how=0.1)
    found = in_context(
        decide(labels, LIMITS), labels, [("med.how", 0.3), ("other.pain", 0.2), ("requests", 0.1)], LIMITS
    )
    assert (found.intent, found.choices) == (Intent.CLARIFY, ["med.how", "other.pain"])


def test_thanks_after_an_answer_are_thanks():
    labels = ranking(faq__other_dot_pain=0.4, small_talk__thanks=0.3)
    found = in_context(decide(labels, LIMITS), labels, [("small_talk", 0.6), ("med.how", 0.3)], LIMITS)
    assert (found.intent, found.label) == (Intent.SMALL_TALK, "small_talk/thanks")


def test_a_clear_decision_about_one_person_stays_one():
    labels = ranking(clinical_decision__dose=0.9, faq__med_dot_how=0.1)
    found = in_context(decide(labels, LIMITS), labels, [("med.how", 0.9)], LIMITS)
    assert found.intent is Intent.CLINICAL_DECISION
