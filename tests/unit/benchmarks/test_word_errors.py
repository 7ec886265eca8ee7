"""Word errors are counted as people count them, and their difference is judged with its chance."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.speech import Recording, Sentence
from benchmarks.word_errors import Errors, errors_of, interval_of_difference


def a_recording(text: str) -> Recording:
    """Give a recording in which `text` is said."""
    sentence = Sentence(text=text, voice="en-us", start_seconds=0.0, end_seconds=1.0)
    return Recording(path=Path("none.wav"), sentences=(sentence,), seconds=1.0)


@pytest.mark.parametrize(
    ("heard", "wrong"),
    [
        pytest.param("we are ready to start", 0, id="case and punctuation"),
        pytest.param("We are steady to start.", 1, id="another word"),
        pytest.param("We are ready to.", 1, id="a word less"),
        pytest.param("We are ready now to start today.", 2, id="two more"),
        pytest.param("", 5, id="nothing"),
    ],
)
def test_words_are_compared(heard: str, wrong: int) -> None:
    """Words that are wrong, missing or added count; case and punctuation do not."""
    errors = errors_of([a_recording("We are ready to start.")], [heard])

    assert ([wrong], [5]) == (errors.wrong.tolist(), errors.words.tolist())


def errors(*wrong: int) -> Errors:
    """Give the errors of recordings of a hundred words."""
    return Errors(wrong=np.array(wrong), words=np.full(len(wrong), 100))


def test_a_constant_difference_is_certain() -> None:
    """Where one is always two words worse, the recordings' own differences do not widen the interval."""
    assert pytest.approx((2.0, 2.0)) == interval_of_difference(errors(3, 12, 7, 5), errors(1, 10, 5, 3))


def test_a_difference_that_comes_and_goes_is_not() -> None:
    """Where now one and now the other is better, the interval holds zero."""
    low, high = interval_of_difference(errors(3, 12, 7, 5), errors(5, 9, 8, 4))

    assert low < 0 < high


def test_rates_are_pooled_over_words() -> None:
    """A long recording weighs more than a short one."""
    assert 4.0 == Errors(wrong=np.array([10, 2]), words=np.array([100, 200])).rate
