"""The chunk plan: every stretch of speech is in exactly one chunk, and a part needs nothing of the one before it."""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from steno_worker.decoding import Audio, audio_of
from steno_worker.samples import SAMPLE_RATE_HZ, Samples
from steno_worker.speech.planning import MERGE_SECONDS, PART_SECONDS, PlannedChunk, PlanPart, plan_part
from steno_worker.speech.spans import Span, to_samples

Speech = Sequence[tuple[float, float]]
MakeAudio = Callable[[float, Speech], Audio]


def loud(samples: Samples, max_seconds: float) -> list[Span]:
    """Take what is not silent for speech, and part it where it is longer than `max_seconds`, as Silero would."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], samples != 0, [0]])))
    longest = to_samples(max_seconds)
    return [
        Span(start=begin, end=min(begin + longest, end))
        for start, end in edges.reshape(-1, 2).tolist()
        for begin in range(start, end, longest)
    ]


@pytest.fixture
def make_audio(tmp_path: Path) -> Iterator[MakeAudio]:
    """Make a recording that is loud at the given seconds and silent elsewhere."""
    made: list[Audio] = []

    def make(seconds: float, speech: Speech) -> Audio:
        samples = np.zeros(to_samples(seconds), np.float32)
        for start, end in speech:
            samples[to_samples(start) : to_samples(end)] = 0.5
        made.append(audio_of(samples, tmp_path))
        return made[-1]

    yield make
    for audio in made:
        audio.close()


def plan(
    audio: Audio, *, max_seconds: float = 12.0, overlap_seconds: float = 0.0, vad: bool = True
) -> list[PlanPart]:
    """Plan a whole recording."""
    parts: list[PlanPart] = []
    while not parts or not parts[-1].last:
        start = parts[-1].end if parts else 0
        find_speech = loud if vad else None
        parts.append(
            plan_part(audio, start, max_seconds=max_seconds, overlap_seconds=overlap_seconds, find_speech=find_speech)
        )
    return parts


def in_seconds(chunks: Sequence[PlannedChunk]) -> list[tuple[float, float]]:
    """Give where chunks begin and end."""
    return [(chunk.start / SAMPLE_RATE_HZ, chunk.end / SAMPLE_RATE_HZ) for chunk in chunks]


@pytest.mark.parametrize(
    ("speech", "chunks"),
    [
        pytest.param([], [], id="silence"),
        pytest.param([(1, 3)], [(1, 3)], id="one stretch"),
        pytest.param([(1, 3), (4, 6)], [(1, 6)], id="neighbours share a chunk"),
        pytest.param([(1, 3), (3 + MERGE_SECONDS + 0.1, 6)], [(1, 3), (5.1, 6)], id="but not across a long pause"),
        pytest.param([(0, 8), (9, 13)], [(0, 8), (9, 13)], id="nor beyond the model's window"),
        pytest.param([(0, 8), (9, 12)], [(0, 12)], id="up to the last sample of it"),
        pytest.param([(0, 30)], [(0, 12), (12, 24), (24, 30)], id="no pause at all"),
    ],
)
def test_neighbours_share_a_chunk_while_they_fit(
    make_audio: MakeAudio, speech: Speech, chunks: list[tuple[float, float]]
) -> None:
    """A model of 12 seconds gets as much as fits, cut at pauses."""
    [part] = plan(make_audio(40, speech))

    assert chunks == in_seconds(part.chunks)


def test_a_recording_of_nothing_has_an_empty_plan(make_audio: MakeAudio) -> None:
    """No sample, no chunk, and the end is seen."""
    [part] = plan(make_audio(0, []))

    assert PlanPart(start=0, end=0, last=True, chunks=()) == part


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("max_seconds", [5.0, 12.0, 30.0])
def test_all_speech_is_in_exactly_one_chunk(make_audio: MakeAudio, seed: int, max_seconds: float) -> None:
    """Ten minutes of talk with pauses of every length: no word is left out, none is heard twice, none is too long."""
    chance = random.Random(seed)  # noqa: S311 -- a test's data
    speech, now = [], 0.0
    while now < 590:
        start = now + chance.choice([0.2, 0.5, 1.5, 4.0, 9.0])
        now = start + chance.uniform(0.3, 12.0)
        speech.append((round(start, 3), round(min(now, 600.0), 3)))
    audio = make_audio(600, speech)

    parts = plan(audio, max_seconds=max_seconds)

    chunks = [chunk for part in parts for chunk in part.chunks]
    heard = np.zeros(audio.num_samples, np.int64)
    for chunk in chunks:
        heard[chunk.start : chunk.end] += 1
    assert 1 == heard.max()
    assert not np.any((audio.read(0, audio.num_samples) != 0) & (heard == 0))
    assert max(chunk.seconds for chunk in chunks) <= max_seconds
    assert [part.end for part in parts[:-1]] == [part.start for part in parts[1:]]
    assert audio.num_samples == parts[-1].end


def test_a_part_ends_in_silence(make_audio: MakeAudio) -> None:
    """What is still being said when the window ends is left to the next part, and heard in one piece there."""
    cut = PART_SECONDS - 2
    first, second = plan(make_audio(150, [(100, 105), (cut, cut + 10)]))

    assert [(100, 105)] == in_seconds(first.chunks)
    assert 105 < first.end / SAMPLE_RATE_HZ < cut
    assert [(cut, cut + 10)] == in_seconds(second.chunks)


def test_a_part_is_planned_alike_whoever_plans_it(make_audio: MakeAudio) -> None:
    """Another attempt that knows only where the part before ended makes the same part."""
    speech = [(second, second + 2.5) for second in range(0, 300, 4)]
    audio = make_audio(300, speech)

    parts = plan(audio)

    again = [plan_part(audio, part.start, max_seconds=12.0, overlap_seconds=0.0, find_speech=loud) for part in parts]
    assert parts == again


def test_an_overlap_is_heard_by_both_where_the_cut_goes_through_sound(make_audio: MakeAudio) -> None:
    """A chunk begins a little before the cut, and is no longer for it."""
    [part] = plan(make_audio(40, [(0, 25), (30, 32)]), overlap_seconds=2.0)

    assert [(0, 10), (8, 20), (18, 25), (30, 32)] == in_seconds(part.chunks)
    assert 27.0 == sum(span.seconds for chunk in part.chunks for span in chunk.speech)


def test_without_vad_all_of_it_is_heard(make_audio: MakeAudio) -> None:
    """Nobody looks for speech, so silence is cut like everything else, and no speech is claimed."""
    [part] = plan(make_audio(30, [(1, 2)]), vad=False)

    assert [(0, 12), (12, 24), (24, 30)] == in_seconds(part.chunks)
    assert {()} == {chunk.speech for chunk in part.chunks}
