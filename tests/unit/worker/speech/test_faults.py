"""The checks that tell a sound decoding from a loop, a doubt, a gap."""

import pytest

from steno_worker.report import Fault
from steno_worker.speech.faults import compression_ratio, faults_of, repeats_itself
from steno_worker.speech.spans import Span, to_samples
from steno_worker.transcript import Segment


def segment(start: float, end: float, text: str = "Good morning everyone.", avg_log_prob: float = -0.2) -> Segment:
    """Make one, of sound figures."""
    return Segment(
        id=0,
        start=start,
        end=end,
        text=text,
        avg_log_prob=avg_log_prob,
        no_speech_prob=0.0,
        compression_ratio=1.0,
    )


def speech(*pairs: tuple[float, float]) -> list[Span]:
    """Say where speech is, in seconds."""
    return [Span(start=to_samples(start), end=to_samples(end)) for start, end in pairs]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("thank you " * 4, id="a phrase four times"),
        pytest.param("no " * 8, id="a word eight times"),
        pytest.param("It begins well and then and then and then and then and then it ends.", id="in the middle"),
        pytest.param("The fox. the FOX. " * 4, id="in another case"),
        pytest.param("and the pilot finished Michael while " * 3, id="a longer phrase three times"),
        pytest.param("Gotelotelotelotelo and sendge.", id="inside a word"),
        pytest.param("谢谢谢谢谢谢谢谢谢谢", id="in a script without spaces"),
        pytest.param("one two three four five six seven eight nine ten eleven twelve " * 4, id="a long phrase"),
    ],
)
def test_a_loop_is_seen(text: str) -> None:
    """A phrase that follows itself four times, and for eight words or more, is the model's and not a speaker's."""
    assert repeats_itself(text)
    assert (Fault.REPETITION,) == faults_of([segment(0, 5, text)], speech((0, 5)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("No, no, no.", id="thrice"),
        pytest.param("bravo seven seven seven lima two two", id="numbers that repeat"),
        pytest.param("The old house is old and the new house is new.", id="words that recur"),
        pytest.param("one two three one two three one two three", id="a phrase three times"),
        pytest.param("Hahahaha, that is 1000000000000 dollars.", id="laughter and zeros"),
    ],
)
def test_what_people_say_is_no_loop(text: str) -> None:
    """Emphasis and counting pass."""
    assert not repeats_itself(text)
    assert compression_ratio(text) <= 2.4


def test_a_loop_over_segments_is_seen() -> None:
    """A model that says the same sentence again and again does so in segments of their own."""
    segments = [segment(second, second + 1) for second in range(12)]

    assert (Fault.REPETITION,) == faults_of(segments, speech((0, 12)))


@pytest.mark.parametrize(
    ("avg_log_probs", "faults"),
    [
        pytest.param([-0.99], (), id="just sound"),
        pytest.param([-1.01], (Fault.LOW_PROBABILITY,), id="just not"),
        pytest.param([-0.1, -1.5], (), id="on average sound"),
    ],
)
def test_words_the_model_doubts_are_seen(avg_log_probs: list[float], faults: tuple[Fault, ...]) -> None:
    """The mean log-probability of the chunk counts, not that of a segment."""
    texts = ["We are ready to start.", "Any questions?"]
    segments = [segment(n, n + 1, texts[n], value) for n, value in enumerate(avg_log_probs)]

    assert faults == faults_of(segments, speech((0, 2)))


@pytest.mark.parametrize(
    ("ends", "faults"),
    [
        pytest.param(9.0, (), id="a second early"),
        pytest.param(6.6, (), id="three seconds and the tolerance early"),
        pytest.param(6.4, (Fault.GAP,), id="more than that"),
    ],
)
def test_speech_without_words_is_seen(ends: float, faults: tuple[Fault, ...]) -> None:
    """A chunk whose words end long before its speech does has lost some."""
    assert faults == faults_of([segment(0, ends)], speech((0, 10)))


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param("This scientist.", (Fault.GAP,), id="two words for half a minute"),
        pytest.param("555-1234, 555-1235, 555-1236, 555-1237, 555-1238, 555-1239.", (), id="numbers, digit by digit"),
        pytest.param(
            "今天的天气很好我们去公园走走然后在那里吃午饭再回家看书晚上一起做菜听音乐聊到深夜明早坐火车进城拜访老朋友",
            (),
            id="syllables",
        ),
    ],
)
def test_a_word_or_two_cover_no_half_minute(text: str, faults: tuple[Fault, ...]) -> None:
    """A model that has lost its way names the end of its window; its few words are no text for all the speech."""
    assert faults == faults_of([segment(0, 29.5, text)], speech((0, 29.5)))


def test_silence_without_words_is_no_gap() -> None:
    """Only what was found to be speech must have words."""
    assert () == faults_of([segment(0, 2)], speech((0, 2)))
    assert () == faults_of([], [])


def test_no_words_at_all_are_a_gap() -> None:
    """Speech for which a model has nothing to say was not heard."""
    assert (Fault.GAP,) == faults_of([], speech((0, 4)))
