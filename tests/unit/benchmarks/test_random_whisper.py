"""A model of random weights does the work of a real one."""

from pathlib import Path

import numpy as np
import pytest
from faster_whisper import BatchedInferencePipeline, WhisperModel

from benchmarks.random_whisper import TINY, vocabulary, write_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> WhisperModel:
    """Load a tiny one."""
    folder: Path = write_model(tmp_path_factory.mktemp("model") / "tiny", TINY)
    return WhisperModel(str(folder), device="cpu", compute_type="float32", cpu_threads=1)


def test_the_vocabulary_is_large_v3s() -> None:
    """There are as many tokens, with the special ones where Whisper has them."""
    tokens = vocabulary()

    assert (51_866, 51_866) == (len(tokens), len(set(tokens)))
    assert (50_257, 50_258, 50_364) == tuple(
        tokens.index(f"<|{name}|>") for name in ("endoftext", "startoftranscript", "notimestamps")
    )


def test_every_chunk_goes_on_until_the_longest_text(model: WhisperModel) -> None:
    """Equal audio is equal work: no chunk ends before the limit, which is half of the longest text."""
    model.max_length = 32
    samples = np.zeros(2 * 16_000, np.float32)

    segments, _ = BatchedInferencePipeline(model).transcribe(
        samples,
        language="en",
        beam_size=2,
        without_timestamps=True,
        clip_timestamps=[{"start": 0, "end": 1}, {"start": 1, "end": 2}],
    )

    assert [32 // 2] * 2 == [len(segment.tokens) for segment in segments]
