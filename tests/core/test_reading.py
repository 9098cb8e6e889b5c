"""Reading grade and word count."""

from bot.core.reading import reading_grade, word_count


def test_drug_names_do_not_make_a_text_harder():
    plain = "It is given by a doctor. It is given once a day."
    named = "Onasemnogene abeparvovec is given by a doctor. Risdiplam is given once a day."
    assert reading_grade(named) < reading_grade(plain) + 1.5


def test_long_words_and_sentences_read_harder():
    assert (
        reading_grade("Multidisciplinary rehabilitation interventions necessitate individualised consideration.") > 12
    )
    assert reading_grade("The team can help. Ask them soon.") < 4


def test_words_are_counted_as_a_reader_does():
    assert word_count("Don't stop: one-time treatment, 2 copies.") == 6
