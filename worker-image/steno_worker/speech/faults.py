"""Tell a sound decoding of a chunk from one that should not be believed.

Called by `engines.chunked` on every chunk, since batched decoding has none of the checks with which Whisper's own
loop decodes again (Radford et al. 2022, section 4.5; faster-whisper's batched pipeline drops them). Pure. Must not
know who decoded, or how.
"""

import re
import zlib
from collections.abc import Sequence
from typing import Final

from steno_worker.report import Fault
from steno_worker.speech.spans import Span, to_samples, total_seconds, without
from steno_worker.transcript import Segment

MAX_COMPRESSION_RATIO: Final = 2.4
"""Of a chunk's whole text under zlib; above it the text repeats itself (Radford et al. 2022, section 4.5)."""

MIN_AVG_LOG_PROB: Final = -1.0
"""Mean log-probability of the tokens below which Whisper itself decodes again (the same section)."""

NO_SPEECH_PROB: Final = 0.6
"""Above it, and with words below `MIN_AVG_LOG_PROB`, there is no speech (the same section)."""

MAX_GAP_SECONDS: Final = 3.0
"""Speech without words for longer than this is no matter of imprecise times."""

TIME_TOLERANCE_SECONDS: Final = 0.5
"""By which a model's times may miss where speech was found."""

MIN_CHARACTERS_PER_SECOND: Final = 2.0
"""Nobody speaks more slowly: a segment covers no more speech than its text takes at this pace. People say 10 to 15
characters a second, in Chinese 4 to 5, and of numbers written in digits 2 or more. A model that has lost its way says
a few words and names the end of its window."""

LOOPS: Final = ((4, 8), (3, 12))
"""A phrase that occurs so often in a row, and makes so many words in all, is a loop: zlib does not see a short one.
People do say things thrice, but no long ones."""

MAX_PHRASE_WORDS: Final = 12
"""Longest phrase looked for; whatever repeats more words than this compresses well enough to be seen."""

_LOOP_INSIDE_A_WORD: Final = re.compile(r"([^\W\d_]{3,10}?)\1{3}|([^\W\d_]{1,2})\2{7}")
"""Three letters or more four times in a row, or fewer of them eight times, as in scripts without spaces; laughter is
shorter."""


def faults_of(segments: Sequence[Segment], speech: Sequence[Span]) -> tuple[Fault, ...]:
    """Say what is wrong with the decoding of a chunk; times of both count from the same origin."""
    text = " ".join(segment.text for segment in segments)
    found = []
    if compression_ratio(text) > MAX_COMPRESSION_RATIO or repeats_itself(text):
        found.append(Fault.REPETITION)
    if segments and average_log_prob(segments) < MIN_AVG_LOG_PROB:
        found.append(Fault.LOW_PROBABILITY)
    if total_seconds(uncovered(segments, speech)) > MAX_GAP_SECONDS:
        found.append(Fault.GAP)
    return tuple(found)


def average_log_prob(segments: Sequence[Segment]) -> float:
    """Mean over segments, each weighted by its text's length: windows share one value, and may differ."""
    weights = [max(1, len(segment.text)) for segment in segments]
    return sum(s.avg_log_prob * weight for s, weight in zip(segments, weights, strict=True)) / sum(weights)


def compression_ratio(text: str) -> float:
    """Give the bytes of `text` over those it takes under zlib."""
    body = text.encode()
    return len(body) / len(zlib.compress(body)) if body else 0.0


def repeats_itself(text: str) -> bool:
    """Whether some phrase, or some part of a word, follows itself too often."""
    words = text.casefold().split()
    for length in range(1, min(MAX_PHRASE_WORDS, len(words) // 2) + 1):
        needed = min(max(repetitions * length, in_all) for repetitions, in_all in LOOPS)
        run = 0  # words that equal the one `length` before
        for earlier, later in zip(words, words[length:], strict=False):
            run = run + 1 if earlier == later else 0
            if run + length >= needed:
                return True
    return _LOOP_INSIDE_A_WORD.search(text.casefold()) is not None


def uncovered(segments: Sequence[Segment], speech: Sequence[Span]) -> list[Span]:
    """Give the stretches of `speech` in which no segment lies, beyond the tolerance of times."""

    def cover(segment: Segment) -> Span:
        said_by = segment.start + len(segment.text) / MIN_CHARACTERS_PER_SECOND
        return Span(
            start=max(0, to_samples(segment.start - TIME_TOLERANCE_SECONDS)),
            end=to_samples(min(segment.end, said_by) + TIME_TOLERANCE_SECONDS),
        )

    return without(speech, map(cover, segments))
