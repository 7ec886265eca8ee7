"""Times in order, and overlapping chunks joined without losing or doubling a word."""

from collections.abc import Sequence

import pytest

from steno_worker.speech.stitching import in_order, stitched
from steno_worker.transcript import Segment, Word


def segment(start: float, end: float, text: str = "Words.", words: tuple[Word, ...] | None = None) -> Segment:
    """Make one."""
    return Segment(
        id=0,
        start=start,
        end=end,
        text=text,
        avg_log_prob=-0.1,
        no_speech_prob=0.0,
        compression_ratio=1.0,
        words=words,
    )


def word(start: float, end: float, text: str = " word") -> Word:
    """Make one."""
    return Word(start=start, end=end, word=text, probability=1.0)


@pytest.mark.parametrize(
    ("given", "ordered", "repaired"),
    [
        pytest.param([(0, 1), (1, 2)], [(0, 1), (1, 2)], 0, id="in order"),
        pytest.param([(0, 3), (2, 4)], [(0, 3), (3, 4)], 1, id="overlapping"),
        pytest.param([(2, 3), (0, 1)], [(2, 3), (3, 3)], 1, id="going back"),
        pytest.param([(3, 2)], [(3, 3)], 1, id="ending before it starts"),
        pytest.param([(9, 30)], [(9, 10)], 0, id="an end that was never told"),
        pytest.param([(11, 12)], [(10, 10)], 1, id="outside"),
    ],
)
def test_times_are_put_in_order(
    given: list[tuple[float, float]], ordered: list[tuple[float, float]], repaired: int
) -> None:
    """In a chunk of 10 s nothing begins before what precedes it or ends after the chunk; repairs are counted."""
    segments, count = in_order([segment(*ends) for ends in given], 10.0)

    assert ordered == [(each.start, each.end) for each in segments]
    assert repaired == count


def test_words_are_put_in_order_within_their_segment() -> None:
    """A word lies within its segment, after the word before it."""
    [only], repaired = in_order([segment(1, 3, words=(word(0.5, 1.5), word(1.2, 2.0), word(2.0, 5.0)))], 10.0)

    assert only.words is not None
    assert [(1, 1.5), (1.5, 2.0), (2.0, 3.0)] == [(each.start, each.end) for each in only.words]
    assert 3 == repaired


def texts(segments: Sequence[Segment]) -> list[str]:
    """Give what they say."""
    return [each.text for each in segments]


@pytest.mark.parametrize(
    ("before", "after", "left", "right"),
    [
        pytest.param(["We are ready to"], ["ready to start."], ["We are ready to"], ["start."], id="two words"),
        pytest.param(
            ["We are ready.", "Let us st"],
            ["let us start now."],
            ["We are ready.", "Let us"],
            ["start now."],
            id="the cut word is the later one's",
        ),
        pytest.param(["One two."], ["One, two. Three."], ["One two."], ["Three."], id="punctuation does not matter"),
        pytest.param(["One two."], ["One two."], ["One two."], [], id="nothing new"),
        pytest.param(["Good morning."], ["Thank you."], ["Good morning."], ["Thank you."], id="nothing alike"),
        pytest.param([], ["Thank you."], [], ["Thank you."], id="nothing before"),
        pytest.param(["今日は天気"], ["天気がいい"], ["今日は天気"], ["がいい"], id="no spaces"),
    ],
)
def test_what_both_heard_is_kept_once(before: list[str], after: list[str], left: list[str], right: list[str]) -> None:
    """The words that end one chunk and open the next are taken from one of them."""
    heard = [segment(n, n + 1, text) for n, text in enumerate(before)]
    again = [segment(n + 5, n + 6, text) for n, text in enumerate(after)]

    kept, new = stitched(heard, again)

    assert (left, right) == (texts(kept), texts(new))


def test_words_and_times_follow_the_text() -> None:
    """A segment that loses its first words begins with the first one left; one that loses its last ends earlier."""
    heard = [segment(0, 3, "Let us st", (word(0, 1, "Let"), word(1, 2, " us"), word(2, 3, " st")))]
    again = [segment(1, 4, "us start.", (word(1, 2, "us"), word(2.2, 4, " start.")))]

    kept, new = stitched(heard, again)

    assert [(0, 2, "Let us", ["Let", " us"])] == [
        (each.start, each.end, each.text, [w.word for w in each.words or ()]) for each in kept
    ]
    assert [(2.2, 4, "start.", [" start."])] == [
        (each.start, each.end, each.text, [w.word for w in each.words or ()]) for each in new
    ]


def test_speakers_stay_with_their_words() -> None:
    """A segment that loses words, or whose times are mended, has the speaker that it had."""
    ann = segment(0, 3, "Let us st").model_copy(update={"speaker": "Ann"})
    bob = segment(1, 4, "us start.").model_copy(update={"speaker": "Bob"})

    (kept,), (new,) = stitched([ann], [bob])
    ordered, repaired = in_order([ann, bob], 10.0)

    assert [("Let us", "Ann"), ("start.", "Bob")] == [(each.text, each.speaker) for each in (kept, new)]
    assert (["Ann", "Bob"], 1) == ([each.speaker for each in ordered], repaired)
