"""What multistep prints is listened to, never logged, and repeated without secrets."""

import io
import json
import logging
import sys

import pytest

from steno_worker.engines.multistep.overheard import is_out_of_memory, listening, masked
from steno_worker.logs import JsonFormatter


def test_complaints_are_told_from_chatter() -> None:
    """A line about a swallowed error is kept, whatever else is printed around it."""
    with listening() as overheard:
        sys.stdout.write("Step 1: Initial transcription\n")
        sys.stdout.write("Errors in the budget\nError bars are wide\n")
        sys.stdout.write("Error in initial ")
        sys.stdout.write("transcription: no room\n")
        sys.stderr.write("Error processing batch 1 (sentences 1-2): boom\n")

    assert (
        "Error in initial transcription: no room",
        "Error processing batch 1 (sentences 1-2): boom",
    ) == overheard.complaints


def test_a_model_that_fails_every_time_is_quoted_a_few_times() -> None:
    """Hours of failing batches do not fill the memory."""
    with listening() as overheard:
        for number in range(100):
            sys.stdout.write(f"Error processing batch {number}: boom\n")

    assert 5 == len(overheard.complaints)


def test_the_log_stays_a_log() -> None:
    """Standard output has the log's lines alone, although the package prints to it in between."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter({}))
    logger = logging.Logger("steno_worker.test")  # noqa: LOG001 -- one that nobody else configures
    logger.addHandler(handler)

    with listening():
        sys.stdout.write("Loading model\r 50%|#####     | 1/2")
        logger.info("meanwhile")

    assert ["meanwhile"] == [json.loads(line)["message"] for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("key hunter2-hunter2 is wrong", "key *** is wrong", id="our own"),
        pytest.param("Incorrect API key: sk-ab***cd.", "Incorrect API key: ***", id="half of a key"),
        pytest.param("token hf_abc123 expired", "token *** expired", id="the Hub's"),
        pytest.param("Authorization: Bearer abc", "Authorization: ***", id="header"),
        pytest.param("at http://me:pass@llm:9/v1", "at http://***@llm:9/v1", id="credentials in an address"),
        pytest.param("GET http://llm/v1?sig=abc failed", "GET http://llm/v1*** failed", id="query"),
        pytest.param("nothing is nothing's, none of none", "nothing is nothing's, *** of ***", id="a placeholder"),
        pytest.param("two\n  lines", "two lines", id="lines"),
    ],
)
def test_no_secret_is_repeated(words: str, expected: str) -> None:
    """Our secrets, other people's keys and what addresses carry are taken out."""
    assert expected == masked(words, ("hunter2-hunter2", "none", ""))


def test_long_words_are_cut() -> None:
    """A message fits where messages go."""
    assert 300 >= len(masked("x" * 1000, ()))


@pytest.mark.parametrize(
    ("words", "full"),
    [
        pytest.param("CUDA failed with error out of memory", True, id="CTranslate2"),
        pytest.param("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED", True, id="cuBLAS"),
        pytest.param("CUDA out of memory. Tried to allocate 2.00 GiB", True, id="PyTorch"),
        pytest.param("No such file or directory", False, id="something else"),
    ],
)
def test_a_full_gpu_is_known_by_its_words(words: str, full: bool) -> None:  # noqa: FBT001 -- a test's data
    """Another attempt may find it empty."""
    assert full == is_out_of_memory(words)
