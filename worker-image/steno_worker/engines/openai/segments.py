"""The transcript's segments, out of an answer, whatever of it a server leaves out.

Called by `server`. Must not know the client.
"""

import math
from collections.abc import Iterator
from typing import Final

from steno_worker.engines.openai.answers import Answer, AnsweredSegment, AnsweredWord
from steno_worker.engines.openai.encoding import Upload
from steno_worker.engines.openai.words import words_by_segment
from steno_worker.speech.faults import compression_ratio
from steno_worker.transcript import Segment, Word

NO_LOG_PROBABILITY: Final = 0.0
"""Stands for a log-probability that a server does not tell: nothing speaks against the text."""


def segments_of(answer: Answer, upload: Upload, *, word_timestamps: bool, temperature: float) -> Iterator[Segment]:
    """Give what an answer says that has text, with times from the chunk's start as the server tells them."""
    said = [segment for segment in answer.segments or () if segment.text.strip()]
    if not said and answer.text.strip():  # it gives no times: all that it heard is one segment
        whole = AnsweredSegment(
            text=answer.text, start=0, end=upload.duration_seconds, avg_logprob=answer.mean_log_prob
        )
        said = [whole]
    words = words_by_segment([segment.text.strip() for segment in said], answer.spoken_words or ())
    for number, (segment, its) in enumerate(zip(said, words, strict=True)):
        text = segment.text.strip()
        # vLLM writes -1 for numbers that it does not compute; no ratio is below 0.
        told = segment.compression_ratio is None or segment.compression_ratio > 0
        log_prob = segment.avg_logprob if told and segment.avg_logprob is not None else NO_LOG_PROBABILITY
        ratio = segment.compression_ratio if told else None
        yield Segment(
            id=number,
            start=_in_chunk(segment.start, upload),
            end=_in_chunk(segment.end, upload),
            text=text,
            avg_log_prob=round(log_prob, 4),
            no_speech_prob=round(segment.no_speech_prob or 0.0, 4) if told else 0.0,
            compression_ratio=round(compression_ratio(text) if ratio is None else ratio, 4),
            temperature=max(temperature if segment.temperature is None else segment.temperature, 0.0),
            tokens=segment.tokens or (),
            words=tuple(_word(word, upload, log_prob=log_prob) for word in its) if word_timestamps else None,
        )


def _word(word: AnsweredWord, upload: Upload, *, log_prob: float) -> Word:
    """Make a word; one without a probability has the mean of its segment's tokens."""
    probability = math.exp(log_prob) if word.probability is None else word.probability
    return Word(
        start=_in_chunk(word.start, upload),
        end=_in_chunk(word.end, upload),
        word=word.word,
        probability=round(min(max(probability, 0.0), 1.0), 4),
    )


def _in_chunk(seconds: float, upload: Upload) -> float:
    return round(upload.start_seconds + max(seconds, 0.0), 3)
