"""Sentences end where a reader would end them."""

import pytest

from steno_gateway.dialects.assemblyai.sentences import MAX_SENTENCE_WORDS, SENTENCE_PAUSE_MS, sentences
from support.spoken import a_told_segment, an_untold_segment, said, words_of


def texts(*segments: str | tuple[str, str], pause_seconds: float = 0.0) -> list[str]:
    """Give the sentences of what is said."""
    return [each.text for each in sentences(said(*segments, pause_seconds=pause_seconds))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ('He said "go." She went.', ['He said "go."', "She went."]),
        ("„Geh.“ Sie ging. (Ja!) Gut.", ["„Geh.“", "Sie ging.", "(Ja!)", "Gut."]),
        ("«Va.» Elle va.", ["«Va.»", "Elle va."]),
        ('"Really?" she asked. "Yes!" he said.', ['"Really?" she asked.', '"Yes!" he said.']),
        ("¿Qué tal? ¡Bien!", ["¿Qué tal?", "¡Bien!"]),
        ("Well... maybe. Yes.", ["Well... maybe.", "Yes."]),
        ("Wait... Now.", ["Wait...", "Now."]),
        ("It costs 3.50 today. Good.", ["It costs 3.50 today.", "Good."]),
        ("See example.com now. Good.", ["See example.com now.", "Good."]),
        ("كيف حالك؟ بخير.", ["كيف حالك؟", "بخير."]),
        ("वह गया। वह आया।", ["वह गया।", "वह आया।"]),
        ("ሰላም። ደህና።", ["ሰላም።", "ደህና።"]),
        ("no punctuation at all", ["no punctuation at all"]),
        ("...", ["..."]),
    ],
    ids=[
        "every end",
        "quoted",
        "German quotes",
        "French quotes",
        "question inside a sentence",
        "Spanish",
        "ellipsis inside",
        "ellipsis at the end",
        "decimal",
        "host name",
        "Arabic",
        "Hindi",
        "Amharic",
        "none",
        "nothing but punctuation",
    ],
)
def test_punctuation_ends_a_sentence(text: str, expected: list[str]) -> None:
    """In each script by its own, and closing quotes go with it."""
    assert expected == texts(text)


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith met Mrs. Jones.",
        "We met J. R. Tolkien there.",
        "That is, e.g. Berlin or i.e. Bonn.",
        "Er kam z.B. Montag bzw. Dienstag.",
        "Wir treffen uns am 3. Mai in Bonn.",
        "See No. 5 and Fig. 12 and Nr. 7.",
        "The U.S. Army came at 5 p.m. Eastern time.",
        "Smith Inc. Boston and Co. Limited.",
        "M. Dupont et Mme. Martin.",
    ],
)
def test_an_abbreviation_ends_none(text: str) -> None:
    """A full stop behind a title, an initial, an ordinal or a shortened word says nothing of the sentence."""
    assert [text] == texts(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Did you? No. I did not.", ["Did you?", "No.", "I did not."]),
        ("So do I. We agree.", ["So do I.", "We agree."]),
        ("It was 2019. We left.", ["It was 2019.", "We left."]),
    ],
    ids=["No before a word", "I is a word", "a year is no ordinal"],
)
def test_what_looks_like_an_abbreviation_may_be_a_word(text: str, expected: list[str]) -> None:
    """What follows tells."""
    assert expected == texts(text)


def test_an_abbreviation_at_the_end_of_a_segment_ends_a_sentence() -> None:
    """The model mostly begins a new segment with a new sentence; a title still waits for its name."""
    assert ["We sell pens, ink etc.", "Come in."] == texts("We sell pens, ink etc.", "Come in.")
    assert ["Ask Dr. Smith."] == texts("Ask Dr.", "Smith.")


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (("今日は晴れ。明日は雨\uff01", ""), ["今日は晴れ。", "明日は雨\uff01"]),
        (("他说\uff1a「好。」我走了\uff1f是。", ""), ["他说\uff1a「好。」", "我走了\uff1f", "是。"]),
    ],
    ids=["Japanese", "Chinese, quoted"],
)
def test_scripts_without_spaces_have_sentences(segments: tuple[str, ...], expected: list[str]) -> None:
    """Though nobody told their words."""
    words = words_of(*(an_untold_segment(text) for text in segments))

    assert expected == [each.text for each in sentences(words)]


def test_a_sentence_goes_on_over_segments() -> None:
    """A segment's end alone ends none."""
    assert ["We went to the river and swam.", "Then home."] == texts(
        "We went to the", "river and swam. Then", "home."
    )


def test_another_speaker_begins_another_sentence() -> None:
    """Nobody finishes another's sentence here, punctuated or not; who is unknown is another one."""
    found = [*sentences(said(("A", "And then"), ("B", "he left"), ("B", "at once."), "Oh"))]

    assert [("A", "And then"), ("B", "he left at once."), (None, "Oh")] == [(s.speaker, s.text) for s in found]


@pytest.mark.parametrize(
    ("pause_ms", "expected"),
    [(SENTENCE_PAUSE_MS - 100, ["so then"]), (SENTENCE_PAUSE_MS, ["so", "then"])],
    ids=["a breath", "silence"],
)
def test_a_long_silence_ends_a_sentence(pause_ms: int, expected: list[str]) -> None:
    """Nobody pauses as long in mid-sentence."""
    assert expected == texts("so", "then", pause_seconds=pause_ms / 1000)


def test_speech_without_punctuation_is_cut_at_segments() -> None:
    """Some languages and models have none; a sentence of an hour would be of no use."""
    runs = [each.words for each in sentences(said(*["one two three four five six seven"] * 40))]

    assert 280 == sum(map(len, runs))
    assert {63} == {len(run) for run in runs[:-1]}
    assert MAX_SENTENCE_WORDS <= 63


def test_a_sentence_spans_its_words() -> None:
    """Its times are its first and last word's."""
    (found,) = sentences(words_of(a_told_segment("Good morning everyone.", start=2)))

    assert (2000, 3200, 3) == (found.start_ms, found.end_ms, len(found.words))


def test_silence_has_no_sentences() -> None:
    """No words, no sentences."""
    assert [] == texts()


def test_words_are_asked_for_as_they_are_needed() -> None:
    """The first sentence is given when the word after it is known: no transcript is ever whole in memory."""
    words = said("One. Two. Three. Four.")

    assert "One." == next(sentences(words)).text
    assert ["Three.", "Four."] == [word.text for word in words]
