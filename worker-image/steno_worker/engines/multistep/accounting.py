"""Account for every second of speech in what the package heard, by the same rules as for any engine.

Called by `Multistep.transcribe`. The package's Whisper hears the whole recording, silence included, and says nothing
of what it passed over; so speech is found here, and each stretch of it is held against the transcript. Pure, but for
reading the audio. Must not know the package.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

from steno_worker.decoding import Audio
from steno_worker.engines.multistep.reading import Line
from steno_worker.report import Coverage, Drop, DroppedSpan, Fault
from steno_worker.samples import SAMPLE_RATE_HZ
from steno_worker.speech.coverage import dropped_span
from steno_worker.speech.faults import TIME_TOLERANCE_SECONDS, compression_ratio, faults_of, uncovered
from steno_worker.speech.planning import FindSpeech, PlannedChunk, plan_part
from steno_worker.speech.spans import total_seconds
from steno_worker.speech.stitching import in_order
from steno_worker.transcript import Segment

CHUNK_SECONDS: Final = 30.0
"""Longest stretch judged at once: Whisper's window, as `steno_worker.speech.faults` has its limits for that."""

NEAR_SECONDS: Final = 2 * TIME_TOLERANCE_SECONDS
"""Segments further from a stretch than this cannot cover any of it."""

NO_LOG_PROBABILITY: Final = 0.0
"""Stands for a log-probability that the package does not tell: nothing speaks against the text."""


def stretches_of(audio: Audio, find_speech: FindSpeech | None) -> tuple[PlannedChunk, ...]:
    """Part the recording into stretches of speech; all of it, where silence is not looked for. Waits for the end."""
    stretches: list[PlannedChunk] = []
    start, last = 0, False
    while not last:
        part = plan_part(audio, start, max_seconds=CHUNK_SECONDS, overlap_seconds=0.0, find_speech=find_speech)
        stretches += part.chunks
        start, last = part.end, part.last
    return tuple(stretches)


def accounted(
    lines: Sequence[Line], stretches: Sequence[PlannedChunk], duration_seconds: float
) -> tuple[tuple[Segment, ...], Coverage]:
    """Make the segments of a transcript, and the account of the speech that they cover.

    What repeats itself over and over is left out, as no engine's loops are believed.
    """
    segments, repaired_times = in_order(
        [_segment(number, line) for number, line in enumerate(lines)], duration_seconds
    )
    own = [_within(segments, stretch) for stretch in stretches]
    loops = {segment.id for its in own if Fault.REPETITION in faults_of(its, ()) for segment in its}
    kept = [segment for segment in segments if segment.id not in loops]
    dropped: list[DroppedSpan] = []
    for stretch, its in zip(stretches, own, strict=True):
        reason = Drop.UNINTELLIGIBLE if any(segment.id in loops for segment in its) else Drop.GAP
        spans = (dropped_span(span, reason) for span in uncovered(_near(kept, stretch), stretch.speech))
        dropped += [span for span in spans if span is not None]
    speech_seconds = sum(total_seconds(stretch.speech) for stretch in stretches)
    dropped_seconds = sum(span.end - span.start for span in dropped)
    coverage = Coverage(
        speech_seconds=round(speech_seconds, 3),
        covered_seconds=round(max(0.0, speech_seconds - dropped_seconds), 3),
        dropped=tuple(dropped),
        repaired_times=repaired_times,
    )
    return tuple(segment.model_copy(update={"id": number}) for number, segment in enumerate(kept)), coverage


def _within(segments: Sequence[Segment], stretch: PlannedChunk) -> list[Segment]:
    """Give the segments whose middle lies in a stretch: each belongs to one at most."""
    start, end = stretch.start / SAMPLE_RATE_HZ, stretch.end / SAMPLE_RATE_HZ
    return [segment for segment in _near(segments, stretch) if start <= (segment.start + segment.end) / 2 < end]


def _near(segments: Sequence[Segment], stretch: PlannedChunk) -> Sequence[Segment]:
    """Give those of the segments, which are in order, that may have to do with a stretch: there can be thousands."""
    start = stretch.start / SAMPLE_RATE_HZ - NEAR_SECONDS
    end = stretch.end / SAMPLE_RATE_HZ + NEAR_SECONDS
    return segments[
        bisect_left(segments, start, key=lambda segment: segment.end) : bisect_right(
            segments, end, key=lambda segment: segment.start
        )
    ]


def _segment(number: int, line: Line) -> Segment:
    return Segment(
        id=number,
        start=max(0.0, round(line.start_seconds, 3)),
        end=max(0.0, round(line.end_seconds, 3)),
        text=line.text,
        avg_log_prob=NO_LOG_PROBABILITY,
        no_speech_prob=0.0,
        compression_ratio=round(compression_ratio(line.text), 4),
        speaker=line.speaker,
    )
