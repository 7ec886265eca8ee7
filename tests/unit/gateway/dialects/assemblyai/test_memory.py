"""However long a recording is, little of its transcript is in memory at once."""

import tracemalloc
from collections.abc import Callable, Iterable, Iterator

import pytest

from steno_gateway.dialects.assemblyai import documents
from steno_gateway.dialects.assemblyai.captions import captions, to_srt
from steno_gateway.dialects.assemblyai.sentences import paragraphs, sentences
from steno_gateway.dialects.assemblyai.word_search import search
from steno_gateway.dialects.assemblyai.words import read_words
from support.spoken import a_told_segment, transcript_json

SHORT, LONG = 150, 600
"""Segments of two recordings."""

FIELDS = {"id": "tsj-1"}

Chunks = list[bytes]


@pytest.fixture(scope="module")
def recordings() -> tuple[Chunks, Chunks]:
    """A short and a long transcript as they come out of the store."""
    text = "Good morning everyone, shall we begin with the minutes of the last meeting?"
    segments = [a_told_segment(text, start=6.0 * number, speaker="A") for number in range(LONG)]
    short, long = transcript_json(*segments[:SHORT]), transcript_json(*segments)
    assert len(long) - len(short) > 700_000
    return _cut(short), _cut(long)


def transcript(chunks: Chunks) -> Iterator[str]:
    """Make a transcript with utterances, here a single one that has all words."""
    return documents.transcript(read_words(chunks), lambda: read_words(chunks), FIELDS)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(transcript, id="transcript"),
        pytest.param(lambda chunks: documents.passages("s", sentences(read_words(chunks)), FIELDS), id="sentences"),
        pytest.param(lambda chunks: documents.passages("p", paragraphs(read_words(chunks)), FIELDS), id="paragraphs"),
        pytest.param(lambda chunks: to_srt(captions(read_words(chunks), max_characters=40)), id="captions"),
        pytest.param(lambda chunks: iter([str(search(read_words(chunks), ["good evening"]))]), id="search"),
    ],
)
def test_a_document_is_never_whole(
    recordings: tuple[Chunks, Chunks], make: Callable[[Chunks], Iterator[str]]
) -> None:
    """Of a longer recording no more is held than its bare text: a tenth of what comes in."""
    short, long = (_peak_bytes(make(chunks)) for chunks in recordings)

    assert long - short < 100_000


def _cut(whole: bytes) -> Chunks:
    return [whole[start : start + (64 << 10)] for start in range(0, len(whole), 64 << 10)]


def _peak_bytes(pieces: Iterable[object]) -> int:
    """Give the most that was held at once while pieces are made and thrown away."""
    tracemalloc.start()
    try:
        for _ in pieces:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
