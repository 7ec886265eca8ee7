"""Cut a recording into chunks that a model can hear one by one.

Called by `engines.chunked`, part by part, while the recording is still being decoded. A *part* is a couple of minutes
that end in silence; its chunks depend on nothing before it, so that an attempt which resumes after a part cuts the
rest exactly as one that was never interrupted. Parts are kept between attempts: a chunk never changes once an attempt
has worked by it.

::

    audio   ──────────────────────────────────────────────────────────────
    speech     ▂▂▂▂▂ ▂▂▂   ▂▂▂▂▂▂▂▂▂▂▂         ▂▂▂▂▂▂▂ ▂▂▂▂     ▂▂▂▂
    chunks     [───────]   [─────────]         [───────────]    [──]
    parts   [──────────────────────────────┊───────────────────────────── ]

Pure but for reading the audio. Must not know models or stores.
"""

from collections.abc import Callable, Sequence
from typing import Final

from steno_types.base import WireModel
from steno_worker.decoding import Audio
from steno_worker.samples import Samples
from steno_worker.speech.spans import Offset, Span, to_samples

FindSpeech = Callable[[Samples, float], Sequence[Span]]
"""Gives the stretches of speech in order, none longer than so many seconds."""

PART_SECONDS: Final = 120.0
"""Audio looked at for one part: found in a third of a second, so that the first chunk is soon there."""

PART_CHUNKS: Final = 4
"""A part is at least as long as so many chunks: its last one may be cut off, and is left to the next part."""

TAIL_SECONDS: Final = 1.0
"""Silence at a part's end that is looked at again with the next part: a word may begin in it unheard."""

MERGE_SECONDS: Final = 2.0
"""Speech further apart than this never shares a chunk: models make words of long silence."""


class PlannedChunk(Span):
    """A stretch for the model to hear."""

    speech: tuple[Span, ...]
    """Where in it speech was found; empty when nobody looked."""


class PlanPart(WireModel):
    """The chunks of one stretch of the recording."""

    start: Offset
    end: Offset
    last: bool
    """Whether the recording ends with it."""
    chunks: tuple[PlannedChunk, ...]


def plan_part(
    audio: Audio, start: int, *, max_seconds: float, overlap_seconds: float, find_speech: FindSpeech | None
) -> PlanPart:
    """Plan the part that begins at `start`; blocks until so much is decoded.

    Parameters
    ----------
    audio
        The recording.
    start
        End of the part before, or 0.
    max_seconds
        Longest chunk, its overlap included.
    overlap_seconds
        How much a chunk repeats of the one before where the cut went through sound.
    find_speech
        None: silence is not looked for, and all is heard.
    """
    length = to_samples(max(PART_SECONDS, PART_CHUNKS * max_seconds))
    window = audio.read(start, start + length)
    last = len(window) < length
    longest = max_seconds - overlap_seconds
    found = find_speech(window, longest) if find_speech else _slices(len(window), to_samples(longest))
    spans, end = (list(found), len(window)) if last else _until_a_pause(found, len(window))
    chunks = _chunks(spans, to_samples(max_seconds), to_samples(overlap_seconds))
    return PlanPart(
        start=start,
        end=start + end,
        last=last,
        chunks=tuple(
            PlannedChunk(
                start=start + begin,
                end=start + speech[-1].end,
                speech=tuple(span.shifted(start) for span in speech) if find_speech else (),
            )
            for begin, speech in chunks
        ),
    )


def _slices(length: int, step: int) -> list[Span]:
    return [Span(start=begin, end=min(begin + step, length)) for begin in range(0, length, step)]


def _until_a_pause(found: Sequence[Span], length: int) -> tuple[list[Span], int]:
    """Give the spans that are surely whole, and where the part ends: between them and the next."""
    tail = length - to_samples(TAIL_SECONDS)
    if not found or found[-1].end <= tail:
        return list(found), tail
    *whole, cut = found  # `cut` may go on beyond the window
    return whole, (whole[-1].end + cut.start) // 2 if whole else cut.start


def _chunks(spans: Sequence[Span], longest: int, overlap: int) -> list[tuple[int, list[Span]]]:
    """Join neighbours while they fit; gives where each chunk begins, and its speech."""
    chunks: list[tuple[int, list[Span]]] = []
    for span in spans:
        start = span.start
        if chunks:
            begin, current = chunks[-1]
            gap = span.start - current[-1].end
            if span.end - begin <= longest - overlap and gap <= to_samples(MERGE_SECONDS):
                current.append(span)
                continue
            if gap == 0:  # cut through sound: with an overlap, one of the two hears the word whole
                start = max(span.start - overlap, begin)
        chunks.append((start, [span]))
    return chunks
