"""Captions hold as many characters as a client asks for, and players read them."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
import srt  # type: ignore[import-untyped]  # it has no stubs
import webvtt

from steno_gateway.dialects.assemblyai.captions import PAUSE_MS, captions, to_srt, to_vtt
from steno_gateway.dialects.assemblyai.words import Word
from support.spoken import a_told_segment, said, words_of


def texts(words: Iterator[Word] | list[Word], max_characters: int) -> list[str]:
    """Give what the captions say."""
    return [caption.text for caption in captions(words, max_characters=max_characters)]


@pytest.mark.parametrize(
    ("max_characters", "expected"),
    [
        (1, ["One", "two,", "three."]),
        (7, ["One", "two,", "three."]),
        (8, ["One two,", "three."]),
        (14, ["One two,", "three."]),
        (15, ["One two, three."]),
        (10_000, ["One two, three."]),
    ],
)
def test_a_caption_takes_what_there_is_room_for(max_characters: int, expected: list[str]) -> None:
    """Spaces count, and a word that is too long stays whole."""
    assert expected == texts(said("One two, three."), max_characters)


def test_scripts_without_spaces_are_cut_between_words() -> None:
    """And joined without spaces."""
    words = words_of(a_told_segment("今日は天気です。", words=["今日", "は", "天気", "です。"]))

    assert ["今日は", "天気", "です。"] == texts(words, 4)


def test_another_speaker_has_another_caption() -> None:
    """Two never share one."""
    assert ["One.", "Two. Three."] == texts(said(("A", "One."), ("B", "Two."), ("B", "Three.")), 100)


@pytest.mark.parametrize(
    ("pause_ms", "expected"),
    [(PAUSE_MS - 100, ["One. Two."]), (PAUSE_MS, ["One.", "Two."])],
    ids=["a breath", "a pause"],
)
def test_no_caption_stays_over_a_pause(pause_ms: int, expected: list[str]) -> None:
    """The screen is empty while nothing is said."""
    assert expected == texts(said("One.", "Two.", pause_seconds=pause_ms / 1000), 100)


def test_captions_never_overlap_and_always_last() -> None:
    """Though the model's words do: a player shows one caption at a time."""
    words = [Word(f"w{n}", 1000 - n, 900 + 5 * n, 0.5, None, spaced=True, opens_segment=False) for n in range(20)]
    laid_out = [*captions(words, max_characters=1)]

    assert all(caption.start_ms < caption.end_ms for caption in laid_out)
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(laid_out))
    assert [word.text for word in words] == [caption.text for caption in laid_out]


def test_players_read_the_srt() -> None:
    """Numbers from 1, times to the millisecond; the format's arrow loses a dash."""
    spelled = "".join(to_srt(captions(said("Good --> morning. Shall we <i>begin</i>?"), max_characters=17)))
    read = [*srt.parse(spelled)]

    assert [1, 2, 3] == [each.index for each in read]
    assert ["Good -> morning.", "Shall we", "<i>begin</i>?"] == [each.content for each in read]
    assert "00:00:00,000 --> 00:00:01,200" in spelled


def test_players_read_the_vtt() -> None:
    """What WebVTT acts on is escaped, and hours go on past a day."""
    words = words_of(a_told_segment("Q&A <now>", start=90_000))
    spelled = "".join(to_vtt(captions(words, max_characters=40)))
    (read,) = webvtt.from_string(spelled).captions

    assert "Q&amp;A &lt;now&gt;" == read.raw_text
    assert ("25:00:00.000", "25:00:00.800") == (read.start, read.end)


def test_silence_is_valid_in_both() -> None:
    """SubRip of nothing is empty, WebVTT of nothing its header."""
    assert ("", "WEBVTT\n") == ("".join(to_srt(captions([], max_characters=9))), "".join(to_vtt([])))
