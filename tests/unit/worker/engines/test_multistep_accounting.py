"""Multistep's transcript is held against the speech that was found, by the rules of every engine."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from steno_worker.decoding import audio_of
from steno_worker.engines.multistep.accounting import accounted, stretches_of
from steno_worker.engines.multistep.reading import Line
from steno_worker.report import Drop
from steno_worker.samples import SAMPLE_RATE_HZ
from steno_worker.speech.planning import PlannedChunk
from steno_worker.speech.spans import Span, to_samples
from unit.worker.engines.multistep_source import loud, sound


def stretch(start: float, end: float) -> PlannedChunk:
    """Make a stretch that is all speech."""
    span = Span(start=to_samples(start), end=to_samples(end))
    return PlannedChunk(start=span.start, end=span.end, speech=(span,))


def line(start: float, end: float, text: str = "Good morning.") -> Line:
    """Make a sentence."""
    return Line(start_seconds=start, end_seconds=end, text=text)


def test_speech_with_text_is_covered() -> None:
    """Nothing is missing, and what lies between is nobody's concern."""
    segments, coverage = accounted(
        [line(0.2, 4), line(10.3, 14)], [stretch(0, 4.2), stretch(10, 14)], duration_seconds=20
    )

    assert [0, 1] == [segment.id for segment in segments]
    assert (8.2, 8.2, ()) == (coverage.speech_seconds, coverage.covered_seconds, coverage.dropped)


def test_speech_without_text_is_a_gap() -> None:
    """A stretch that the package passed over is told, with its place."""
    _, coverage = accounted([line(0, 4)], [stretch(0, 4), stretch(10, 16)], duration_seconds=20)

    assert [(10.0, 16.0, Drop.GAP)] == [(span.start, span.end, span.reason) for span in coverage.dropped]
    assert (10.0, 4.0) == (coverage.speech_seconds, coverage.covered_seconds)


def test_a_loop_is_no_transcript() -> None:
    """What says the same over and over is left out, and its speech is unintelligible; the rest stays."""
    lines = [line(0, 4), *(line(10 + n, 11 + n, "Thank you for watching.") for n in range(6)), line(20, 24)]

    segments, coverage = accounted(lines, [stretch(0, 4), stretch(10, 16), stretch(20, 24)], duration_seconds=30)

    assert [(0.0, 0), (20.0, 1)] == [(segment.start, segment.id) for segment in segments]
    assert [(10.0, 16.0, Drop.UNINTELLIGIBLE)] == [(s.start, s.end, s.reason) for s in coverage.dropped]


def test_times_are_put_in_order() -> None:
    """A sentence that begins before the last one ends, or after the recording does, is moved, and counted."""
    segments, coverage = accounted([line(0, 5), line(4, 6), line(25, 31)], [], duration_seconds=20)

    assert [(0, 5), (5, 6), (20, 20)] == [(segment.start, segment.end) for segment in segments]
    assert 2 == coverage.repaired_times


def test_a_sentence_keeps_its_speaker() -> None:
    """A speaker stays with the words when others are left out and times are mended; nobody is nobody."""
    ann, bob = replace(line(0, 5), speaker="Ann"), replace(line(4, 6, "Thank you."), speaker="SPEAKER_01")
    loop = [replace(line(10 + n, 11 + n, "Thank you for watching."), speaker="Ann") for n in range(6)]

    segments, _ = accounted([ann, bob, *loop, line(17, 18)], [stretch(10, 16)], duration_seconds=20)

    assert ["Ann", "SPEAKER_01", None] == [segment.speaker for segment in segments]


def test_ten_thousand_sentences_are_accounted_for() -> None:
    """Each stretch is held against the sentences near it: twelve hours of speech are covered to the last."""
    words = [hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(10_800)]
    lines = [line(4.0 * n, 4.0 * n + 3.5, text) for n, text in enumerate(words)]
    stretches = [stretch(28.0 * n, 28.0 * n + 27.5) for n in range(1_542)]

    segments, coverage = accounted(lines, stretches, duration_seconds=43_200)

    assert (10_800, ()) == (len(segments), coverage.dropped)


@pytest.mark.parametrize(
    ("vad", "speech_seconds"),
    [pytest.param(True, [5.0, 3.0], id="silence is looked for"), pytest.param(False, [], id="all is heard")],
)
def test_a_recording_is_parted_into_stretches(tmp_path: Path, vad: bool, speech_seconds: list[float]) -> None:  # noqa: FBT001
    """No stretch is longer than Whisper's window; without VAD nobody knows of speech."""
    with audio_of(sound((10.0, 15.0), (70.0, 73.0), seconds=140.0), tmp_path) as audio:
        stretches = stretches_of(audio, loud if vad else None)

    assert speech_seconds == [span.seconds for each in stretches for span in each.speech]
    assert all(each.end - each.start <= 30 * SAMPLE_RATE_HZ for each in stretches)
    assert vad or 140 * SAMPLE_RATE_HZ == stretches[-1].end
