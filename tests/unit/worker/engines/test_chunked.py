"""Driving a decoder chunk by chunk: batches, checks, second hearings, memory that does not suffice, accounts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steno_worker.decoding import Audio, audio_of
from steno_worker.engines import Chunking, HeardChunk, Hearing
from steno_worker.engines.chunked import ChunkedEngine
from steno_worker.errors import DeviceOutOfMemoryError
from steno_worker.report import Drop, Fault
from steno_worker.samples import SAMPLE_RATE_HZ, Samples, duration_seconds
from steno_worker.speech.spans import Span
from unit.worker.attempts import work_on
from unit.worker.engines.decoders import ScriptedDecoder, heard, segment

LOOP = "thank you " * 20


def loud(samples: Samples, max_seconds: float) -> list[Span]:
    """Take what is not silent for speech; the tests keep it short enough."""
    del max_seconds
    edges = np.flatnonzero(np.diff(np.concatenate([[0], samples != 0, [0]])))
    return [Span(start=start, end=end) for start, end in edges.reshape(-1, 2).tolist()]


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Audio]:
    """Record nine stretches of 8 s, each louder than the one before, with 4 s of silence after each."""
    levels = np.repeat(np.arange(1, 10) / 10, 12 * SAMPLE_RATE_HZ).astype(np.float32).reshape(9, -1)
    levels[:, 8 * SAMPLE_RATE_HZ :] = 0
    with audio_of(levels.reshape(-1), tmp_path) as audio:
        yield audio


Transcribe = Callable[..., Hearing]


@pytest.fixture
def transcribe(talk: Audio) -> Transcribe:
    """Have a decoder hear the talk."""

    def run(decoder: ScriptedDecoder, **request: Any) -> Hearing:
        return ChunkedEngine(decoder, find_speech=loud).transcribe(work_on(talk, **request))

    return run


def texts(hearing: Hearing) -> list[str]:
    """Give what was heard."""
    return [each.text for each in hearing.segments]


def test_chunks_are_put_together_in_order(transcribe: Transcribe) -> None:
    """Segments come numbered, at the recording's times, and every second of speech is covered."""
    hearing = transcribe(ScriptedDecoder())

    assert [f"a sound of level 0.{n}0" for n in range(1, 10)] == texts(hearing)
    assert [(n, 12.0 * n, 12.0 * n + 8) for n in range(9)] == [
        (each.id, each.start, each.end) for each in hearing.segments
    ]
    assert "en" == hearing.language
    assert (72.0, 72.0, (), ()) == (
        hearing.coverage.speech_seconds,
        hearing.coverage.covered_seconds,
        hearing.coverage.dropped,
        hearing.coverage.redecoded,
    )


def test_speakers_stay_with_their_words(transcribe: Transcribe) -> None:
    """What a decoder says of a segment's speaker is passed on, and nothing is made of nobody."""

    def hear(samples: Samples) -> HeardChunk:
        chunk = heard(samples)
        speaker = {"a sound of level 0.10": "Ann", "a sound of level 0.30": "SPEAKER_01"}.get(chunk.segments[0].text)
        return replace(chunk, segments=(chunk.segments[0].model_copy(update={"speaker": speaker}),))

    hearing = transcribe(ScriptedDecoder(hear=hear))

    assert ["Ann", None, "SPEAKER_01", *[None] * 6] == [each.speaker for each in hearing.segments]


@pytest.mark.parametrize("in_flight", [1, 2, 3])
def test_the_first_batch_is_one_chunk_and_the_others_are_full(transcribe: Transcribe, in_flight: int) -> None:
    """One chunk tells the pace; then batches are as large as the decoder likes, and in order however many run."""
    decoder = ScriptedDecoder(chunking=Chunking(max_seconds=10.0, batch_size=4, batches_in_flight=in_flight))

    hearing = transcribe(decoder)

    assert [1, 4, 4] == sorted(decoder.calls)
    assert sorted(texts(hearing)) == texts(hearing)


@pytest.mark.parametrize(
    ("seconds_per_chunk", "batches"),
    [
        pytest.param(1.9, [1, 4, 4], id="fast enough for four"),
        pytest.param(3.0, [1, 2, 2, 2, 2], id="eight seconds hold two"),
        pytest.param(30.0, [1] * 9, id="no less than one"),
    ],
)
def test_a_slow_model_gets_small_batches(talk: Audio, seconds_per_chunk: float, batches: list[int]) -> None:
    """A batch takes eight seconds at most where that can be had: no more work is lost with a pod."""
    now = 0.0

    def hear(samples: Samples) -> HeardChunk:
        nonlocal now
        now += seconds_per_chunk
        return heard(samples)

    decoder = ScriptedDecoder(hear=hear)

    ChunkedEngine(decoder, find_speech=loud, clock=lambda: now).transcribe(work_on(talk))

    assert batches == decoder.calls


def test_a_full_device_halves_the_batch_from_then_on(transcribe: Transcribe) -> None:
    """A batch that does not fit is heard in halves, nothing is lost, and the next ones are small at once."""
    decoder = ScriptedDecoder(chunking=Chunking(max_seconds=10.0, batch_size=8), room_for=2)

    hearing = transcribe(decoder)

    assert [1, 8, 4, 2, 2, 4, 2, 2] == decoder.calls
    assert 9 == len(hearing.segments)


def test_a_device_too_small_for_one_chunk_gives_up(transcribe: Transcribe) -> None:
    """There is nothing left to halve: another attempt may find more memory."""
    with pytest.raises(DeviceOutOfMemoryError):
        transcribe(ScriptedDecoder(room_for=0))


def unsound(text: str = "What was said.", **bad: float) -> Callable[[Samples], HeardChunk]:
    """Hear the fifth stretch badly."""

    def hear(samples: Samples) -> HeardChunk:
        if samples[0] != pytest.approx(0.5, abs=0.001):
            return heard(samples)
        whole = segment(0.0, bad.pop("end", duration_seconds(samples)), text, **bad)
        return HeardChunk(segments=(whole,), language="en")

    return hear


@pytest.mark.parametrize(
    ("hear", "fault"),
    [
        pytest.param(lambda: unsound(LOOP), Fault.REPETITION, id="loop"),
        pytest.param(lambda: unsound(avg_log_prob=-1.4), Fault.LOW_PROBABILITY, id="doubt"),
        pytest.param(lambda: unsound(end=2.0), Fault.GAP, id="gap"),
    ],
)
def test_an_unsound_chunk_is_heard_again(
    transcribe: Transcribe, hear: Callable[[], Callable[[Samples], HeardChunk]], fault: Fault
) -> None:
    """The second hearing is kept when it is sound; segment and report say why and how."""
    hearing = transcribe(
        ScriptedDecoder(
            hear=hear(),
            hear_again=lambda _: HeardChunk(segments=(segment(0, 8, "Heard at the second try.", temperature=0.4),)),
        )
    )

    assert "Heard at the second try." == hearing.segments[4].text
    assert [None] * 4 + [(fault,)] + [None] * 4 == [each.redecoded for each in hearing.segments]
    [redecoded] = hearing.coverage.redecoded
    assert (48.0, 56.0, (fault,), 0.4) == (
        redecoded.start,
        redecoded.end,
        redecoded.faults,
        redecoded.temperature,
    )
    assert 72.0 == hearing.coverage.covered_seconds


def test_the_better_of_two_unsound_hearings_is_kept(transcribe: Transcribe) -> None:
    """Doubtful words are better than a loop, and less doubtful ones better still."""
    first = transcribe(
        ScriptedDecoder(
            hear=unsound("Doubtful words, all of them.", avg_log_prob=-1.2), hear_again=lambda s: heard(s, LOOP)
        )
    )

    assert "Doubtful words, all of them." == first.segments[4].text
    assert (Fault.LOW_PROBABILITY,) == first.segments[4].redecoded


def test_a_loop_that_stays_is_dropped_and_said(transcribe: Transcribe) -> None:
    """No text is better than one that was never spoken; the stretch is in the report as unintelligible."""
    hearing = transcribe(ScriptedDecoder(hear=unsound(LOOP), hear_again=lambda samples: heard(samples, LOOP)))

    assert 8 == len(hearing.segments)
    [dropped] = hearing.coverage.dropped
    assert (48.0, 56.0, Drop.UNINTELLIGIBLE) == (dropped.start, dropped.end, dropped.reason)
    assert 64.0 == hearing.coverage.covered_seconds


def test_a_gap_that_stays_is_said(transcribe: Transcribe) -> None:
    """Words that are there are kept; the speech behind them is in the report, less what times may miss by."""
    hearing = transcribe(ScriptedDecoder(hear=unsound(end=2.0)))

    assert 9 == len(hearing.segments)
    [dropped] = hearing.coverage.dropped
    assert (50.5, 56.0, Drop.GAP) == (dropped.start, dropped.end, dropped.reason)


def test_what_the_model_takes_for_no_speech_is_said(transcribe: Transcribe) -> None:
    """Music that sounded like speech is no fault: it is not heard again, and stands in the report."""
    decoder = ScriptedDecoder(
        hear=lambda samples: HeardChunk(segments=(), no_speech=True) if samples[0] > 0.85 else heard(samples),
        hear_again=lambda _: pytest.fail("nobody asked for it"),
    )

    hearing = transcribe(decoder)

    assert [Drop.NO_SPEECH] == [span.reason for span in hearing.coverage.dropped]
    assert () == hearing.coverage.redecoded


def test_a_detected_language_holds_for_the_whole_recording(transcribe: Transcribe) -> None:
    """It is asked of several places, where somebody speaks, and the decoder is then told."""
    decoder = ScriptedDecoder(language="fr", hear=lambda samples: replace(heard(samples), language="fr"))

    hearing = transcribe(decoder)

    assert "fr" == hearing.language
    assert {"fr"} == {request.language for request in decoder.requests}
    assert 3 <= len(decoder.windows) <= 5
    assert all(window[0] != 0 for window in decoder.windows)


def test_a_language_that_only_the_answers_tell_is_the_most_frequent_one(transcribe: Transcribe) -> None:
    """A server that cannot be asked beforehand says it with every chunk."""
    decoder = ScriptedDecoder(
        language=None,
        hear=lambda samples: replace(heard(samples), language="de" if samples[0] > 0.35 else "nl"),
    )

    assert "de" == transcribe(decoder).language
    assert {"auto"} == {request.language for request in decoder.requests}


def test_mixed_languages_are_told_segment_by_segment(transcribe: Transcribe) -> None:
    """There is no language of the whole then, and none is detected for it."""
    decoder = ScriptedDecoder(
        hear=lambda samples: replace(heard(samples), language="de" if samples[0] > 0.35 else "nl")
    )

    hearing = transcribe(decoder, language="mixed")

    assert None is hearing.language
    assert ["nl"] * 3 + ["de"] * 6 == [each.language for each in hearing.segments]
    assert [] == decoder.windows


def test_a_recording_without_speech_costs_no_decoding(tmp_path: Path) -> None:
    """Silence gives nothing, and no language, unless one was given."""
    decoder = ScriptedDecoder()
    with audio_of(np.zeros(5 * SAMPLE_RATE_HZ, np.float32), tmp_path) as silence:
        engine = ChunkedEngine(decoder, find_speech=loud)
        detected = engine.transcribe(work_on(silence))
        given = engine.transcribe(work_on(silence, language="de-CH"))

    assert ((), None) == (detected.segments, detected.language)
    assert ((), "de-CH") == (given.segments, given.language)
    assert [] == decoder.calls


def test_an_overlap_is_stitched(tmp_path: Path) -> None:
    """Sound without a pause is cut with an overlap, and what both chunks heard there is kept once."""
    spoken = [f"word{number}" for number in range(25)]  # one a second

    def hear(samples: Samples) -> HeardChunk:
        start = round(float(samples[0]) * 32768)
        words = spoken[start : start + round(duration_seconds(samples))]
        return HeardChunk(segments=(segment(0, duration_seconds(samples), " ".join(words)),))

    seconds = (np.repeat(np.arange(25), SAMPLE_RATE_HZ) / 32768).astype(np.float32)
    decoder = ScriptedDecoder(chunking=Chunking(max_seconds=10.0, overlap_seconds=3.0), hear=hear)
    with audio_of(seconds, tmp_path) as audio:
        hearing = ChunkedEngine(decoder).transcribe(work_on(audio, vad=False))

    assert spoken == " ".join(texts(hearing)).split()
