"""Words as the worker's transcript tells them, for tests of what is made of words."""

from collections.abc import Iterator, Sequence
from typing import Any

from steno_gateway.dialects.assemblyai.words import Word, read_words
from steno_types import JobIdentity
from steno_worker.rendering.own_json import transcript_to_json
from steno_worker.transcript import EngineInfo, Segment, Transcript
from steno_worker.transcript import Word as ToldWord

SECONDS_A_WORD = 0.4
"""From the start of one word to the start of the next."""


def a_told_segment(
    text: str, *, start: float = 0.0, words: Sequence[str] | None = None, speaker: str | None = None, **more: Any
) -> Segment:
    """Have a segment whose words are those of `text`, or `words` as they are, at `SECONDS_A_WORD`."""
    told = [f" {word}" for word in text.split()] if words is None else words
    return Segment(
        start=start,
        end=start + SECONDS_A_WORD * max(1, len(told)),
        text=text,
        speaker=speaker,
        words=tuple(
            ToldWord(
                start=start + SECONDS_A_WORD * number,
                end=start + SECONDS_A_WORD * (number + 1),
                word=word,
                probability=0.5,
            )
            for number, word in enumerate(told)
        ),
        **{"id": 0, "avg_log_prob": -0.25, "no_speech_prob": 0.01, "compression_ratio": 1.1} | more,
    )


def an_untold_segment(text: str, *, start: float = 0.0, end: float = 4.0, speaker: str | None = None) -> Segment:
    """Have a segment whose words nobody told."""
    return a_told_segment(text, start=start, speaker=speaker).model_copy(update={"end": end, "words": None})


def transcript_json(*segments: Segment) -> bytes:
    """Spell a transcript as the worker does."""
    transcript = Transcript(
        job=JobIdentity(namespace="speech", name="tsj-1", uid="0d3c9f6e"),
        language="en",
        duration_seconds=60,
        engine=EngineInfo(name="fake", version="1", model="none", device="cpu", compute_type="none"),
        segments=segments,
    )
    return transcript_to_json(transcript).encode()


def words_of(*segments: Segment) -> list[Word]:
    """Have the words of a transcript."""
    return [*read_words([transcript_json(*segments)])]


def said(*texts: str | tuple[str, str], pause_seconds: float = 0.0) -> Iterator[Word]:
    """Say `texts` one after another, each a segment, or a speaker and a segment, with pauses between them."""
    segments = []
    start = 0.0
    for each in texts:
        speaker, text = each if isinstance(each, tuple) else (None, each)
        segments.append(a_told_segment(text, start=start, speaker=speaker))
        start = segments[-1].end + pause_seconds
    return iter(words_of(*segments))
