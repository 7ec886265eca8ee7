"""The sentences are those that the small Whisper knows, and what is spoken can be written and read."""

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import sentences
from benchmarks.sentences import Speaker
from benchmarks.speech import RATE_HZ, duration_seconds, read, write


def vocabulary() -> set[str]:
    """Give all words that a sentence may have, in lower case."""
    lists = [value for name, value in vars(sentences).items() if name.isupper()]
    words = {word for entry in lists for text in entry for word in text.casefold().split()}
    return words | {"at", "on", "in", "and", "you", "we", "they", "an"}


def test_sentences_have_known_words_alone() -> None:
    """A closed vocabulary is closed."""
    speaker = Speaker(np.random.default_rng(1))
    said = " ".join(speaker.sentence() for _ in range(500))

    assert set() == set(re.findall(r"[a-z]+", said.casefold())) - vocabulary()


def test_a_seed_says_the_same_again() -> None:
    """The same generator gives the same sentences, another one others."""
    first, again, other = (
        [speaker.sentence() for _ in range(20)]
        for speaker in (Speaker(np.random.default_rng(seed)) for seed in (1, 1, 2))
    )

    assert first == again
    assert first != other


def test_questions_are_marked() -> None:
    """Each sentence begins with a capital and ends with a full stop, or a question mark where it asks."""
    speaker = Speaker(np.random.default_rng(3))

    for sentence in [speaker.sentence() for _ in range(200)]:
        assert sentence[0].isupper()
        asks = sentence.split()[0] in sentences.QUESTION_WORDS
        assert ("?" if asks else ".") == sentence[-1]


@pytest.mark.parametrize("suffix", [pytest.param(".wav", id="WAV"), pytest.param(".flac", id="FLAC")])
def test_pieces_are_written_one_after_another(tmp_path: Path, suffix: str) -> None:
    """A lossless recording of two pieces is these pieces again, to the sample."""
    piece = np.arange(-8_000, 8_000, dtype=np.int16)
    path = tmp_path / f"a{suffix}"

    write(path, iter([piece, piece]))

    assert 2 * len(piece) / RATE_HZ == duration_seconds(path)
    assert np.array_equal(np.concatenate([piece, piece]), read(path))
