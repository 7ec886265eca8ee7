"""The words of a transcript come out of the worker's own JSON, however it arrives."""

import json
from collections.abc import Callable

import ijson
import pytest

from steno_gateway.dialects.assemblyai.words import Word, read_words, spelled
from steno_worker.transcript import Segment
from support.spoken import a_told_segment, an_untold_segment, transcript_json, words_of


def texts(*segments: Segment) -> list[str]:
    """Give the words' texts."""
    return [word.text for word in words_of(*segments)]


def test_a_word_has_its_own_time_and_probability() -> None:
    """Times are whole milliseconds; the confidence is the model's probability of the word."""
    told, _ = words_of(a_told_segment("Good morning.", start=1.5))

    assert Word("Good", 1500, 1900, 0.5, None, spaced=False, opens_segment=True) == told


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_the_json_may_come_in_any_pieces(size: int) -> None:
    """A piece may end inside a number, a name or a character."""
    whole = transcript_json(a_told_segment("Größe 今日は 👍🏽"), a_told_segment("Next.", start=3))
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]

    assert ["Größe", "今日は", "👍🏽", "Next."] == [word.text for word in read_words(pieces)]


@pytest.mark.parametrize(
    "segments",
    [
        pytest.param((), id="no segments"),
        pytest.param((an_untold_segment(""),), id="an empty segment"),
        pytest.param((an_untold_segment(" \x07\n "),), id="white space and controls alone"),
        pytest.param((a_told_segment("", words=["  ", "\x00"]),), id="words without letters"),
    ],
)
def test_silence_has_no_words(segments: tuple[Segment, ...]) -> None:
    """Nothing said is nothing read."""
    assert [] == texts(*segments)


@pytest.mark.parametrize(
    ("segments", "text"),
    [
        pytest.param([a_told_segment("One two."), a_told_segment("Three.", start=2)], "One two. Three.", id="spaces"),
        pytest.param(
            [
                a_told_segment("今日は天気。", words=["今日", "は", "天気。"]),
                a_told_segment("はい。", words=["はい。"], start=2),
            ],
            "今日は天気。はい。",
            id="Japanese, without spaces",
        ),
        pytest.param(
            [a_told_segment("天気。", words=["天気。"]), a_told_segment("Okay.", start=2)],
            "天気。 Okay.",
            id="from one script to another",
        ),
        pytest.param([a_told_segment("안녕 하세요"), a_told_segment("네", start=2)], "안녕 하세요 네", id="Korean"),
        pytest.param(
            [a_told_segment("3 %.", words=["3", " %", "."])], "3 %.", id="punctuation of its own stays where it is"
        ),
        pytest.param([an_untold_segment("今日は、「天気」です。")], "今日は、「天気」です。", id="untold Japanese"),
        pytest.param([an_untold_segment("我用 Python 写的。")], "我用 Python 写的。", id="untold and mixed"),
    ],
)
def test_words_joined_are_the_text(segments: list[Segment], text: str) -> None:
    """Spaces stand where they were said to stand."""
    assert text == spelled(words_of(*segments))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello there, Ann.", ["Hello", "there,", "Ann."]),
        ("今日は、「天気」です。", ["今", "日", "は、", "「天", "気」", "で", "す。"]),
        ("が", ["が"]),
        ("は\u3099い", ["は\u3099", "い"]),
        ("我用Python写", ["我", "用", "Python", "写"]),
    ],
    ids=["spaces", "ideographs", "one letter", "a letter with its mark", "scripts side by side"],
)
def test_words_that_nobody_told_are_cut(text: str, words: list[str]) -> None:
    """At spaces, and before each ideograph; punctuation stays with what it belongs to."""
    assert words == texts(an_untold_segment(text))


def test_words_that_nobody_told_share_the_segments_time() -> None:
    """By their letters; the confidence is that of the segment."""
    first, second = words_of(an_untold_segment("a bcd", start=10, end=14))

    assert (10_000, 11_000, 14_000) == (first.start_ms, second.start_ms, second.end_ms)
    assert pytest.approx(0.7788, abs=1e-4) == first.confidence  # e to the power of -0.25


def test_a_word_never_ends_before_it_begins() -> None:
    """A model's times may cross; a client's code divides by the difference."""
    segment = a_told_segment("Oh.", start=2)
    crossed = segment.model_copy(update={"words": (segment.words[0].model_copy(update={"end": 1.0}),)})  # type: ignore[index]

    assert [(2000, 2000)] == [(word.start_ms, word.end_ms) for word in words_of(crossed)]


def test_a_word_knows_who_says_it() -> None:
    """Where the engine tells; else nobody."""
    words = words_of(
        a_told_segment("Yes.", speaker="Ann\n"), a_told_segment("No.", start=1), a_told_segment("Oh.", start=2)
    )

    assert ["Ann", None, None] == [word.speaker for word in words]
    assert [True, True, True] == [word.opens_segment for word in words]


def test_what_a_newer_worker_adds_is_passed_over() -> None:
    """Fields are only ever added, as docs/outputs.md promises."""
    document = json.loads(transcript_json(a_told_segment("Yes.")))
    document |= {"segmentsOf": [{"text": "other"}], "zoo": {"segments": [1]}}
    document["segments"][0]["mood"] = None

    assert ["Yes."] == [word.text for word in read_words([json.dumps(document).encode()])]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda body: body[: len(body) // 2], id="cut"),
        pytest.param(lambda body: body.replace(b'"segments"', b'segments"'), id="no JSON"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
def test_a_broken_transcript_is_not_taken_for_a_whole_one(broken: Callable[[bytes], bytes]) -> None:
    """What ends early raises, so that the answer made of it ends early too."""
    body = broken(transcript_json(a_told_segment("Yes."), a_told_segment("No.", start=1)))

    with pytest.raises(ijson.JSONError):
        list(read_words([body]))
