"""Paragraphs are whole sentences of one speaker."""

import pytest

from steno_gateway.dialects.assemblyai.sentences import (
    MAX_PARAGRAPH_WORDS,
    PARAGRAPH_PAUSE_MS,
    paragraphs,
    sentences,
)
from support.spoken import said


def test_sentences_stand_together() -> None:
    """As long as nothing parts them."""
    assert ["One two. Three four."] == [each.text for each in paragraphs(said("One two.", "Three four."))]


def test_another_speaker_begins_another_paragraph() -> None:
    """A reader sees who speaks by it."""
    found = [*paragraphs(said(("A", "One. Two."), ("B", "Three."), ("B", "Four."), ("A", "Five.")))]

    assert [("A", "One. Two."), ("B", "Three. Four."), ("A", "Five.")] == [
        (each.speaker, each.text) for each in found
    ]


@pytest.mark.parametrize(
    ("pause_ms", "expected"),
    [(PARAGRAPH_PAUSE_MS - 100, ["One. Two."]), (PARAGRAPH_PAUSE_MS, ["One.", "Two."])],
    ids=["a short one", "a long one"],
)
def test_a_long_pause_begins_another_paragraph(pause_ms: int, expected: list[str]) -> None:
    """What comes after a silence is mostly another thought."""
    words = said("One.", "Two.", pause_seconds=pause_ms / 1000)

    assert expected == [each.text for each in paragraphs(words)]


def test_a_paragraph_ends_with_a_sentence_once_it_is_long() -> None:
    """Each but the last is over the limit by less than a sentence, and ends with its full stop."""
    found = [*paragraphs(said(*["One two three four five six seven."] * 40))]

    assert 280 == sum(len(each.words) for each in found)
    assert {MAX_PARAGRAPH_WORDS + 5} == {len(each.words) for each in found[:-1]}
    assert all(each.text.endswith("seven.") for each in found)


def test_a_sentence_longer_than_a_paragraph_stays_whole() -> None:
    """A paragraph never parts a sentence."""
    text = " ".join(["and"] * 150) + "."

    assert [text] == [each.text for each in paragraphs(said(text))]


def test_paragraphs_and_sentences_have_the_same_words() -> None:
    """Nothing is lost, doubled or moved."""
    spoken: list[str | tuple[str, str]] = [("A", "One. Two three"), "four? Five", ("B", "six. Seven!")]

    assert [word for each in sentences(said(*spoken)) for word in each.words] == [
        word for each in paragraphs(said(*spoken)) for word in each.words
    ]


def test_silence_has_none() -> None:
    """No words, no paragraphs."""
    assert [] == [*paragraphs([])]
