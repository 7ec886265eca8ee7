"""An attempt that goes on where another was ended: nothing is heard twice, nothing comes out differently."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from steno_types import EngineSettings
from steno_worker.decoding import Audio, audio_of, start_decoding
from steno_worker.engines import Chunking, HeardChunk, Hearing, SpeechRequest
from steno_worker.engines.chunked import ChunkedEngine
from steno_worker.engines.faster_whisper import FasterWhisper
from steno_worker.samples import SAMPLE_RATE_HZ, Samples
from unit.worker.attempts import SMALL_WHISPER, work_on
from unit.worker.engines.decoders import MemoryCheckpoints, ScriptedDecoder


class Killed(Exception):  # noqa: N818 -- nothing went wrong
    """The pod is gone."""


def killed_before(batch: int) -> ScriptedDecoder:
    """Hear so many batches, and no more."""

    def end(number: int) -> None:
        if number == batch:
            raise Killed

    return ScriptedDecoder(before_batch=end, chunking=Chunking(max_seconds=10.0, batch_size=3))


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Audio]:
    """Record 300 seconds, each of another level."""
    levels = np.linspace(0.1, 0.9, 300, dtype=np.float32)
    with audio_of(np.repeat(levels, SAMPLE_RATE_HZ), tmp_path) as audio:
        yield audio


def hear(decoder: ScriptedDecoder, audio: Audio, checkpoints: MemoryCheckpoints) -> Hearing:
    """Hear all of it, as far as the decoder lives."""
    return ChunkedEngine(decoder).transcribe(work_on(audio, vad=False, checkpoints=checkpoints))


@pytest.mark.parametrize("batch", range(1, 11))
def test_only_what_is_missing_is_heard(talk: Audio, batch: int) -> None:
    """Killed before any batch, the next attempt hears exactly the chunks that no batch had finished."""
    whole = hear(killed_before(-1), talk, MemoryCheckpoints())
    kept = MemoryCheckpoints()
    first, second = killed_before(batch), killed_before(-1)
    with pytest.raises(Killed):
        hear(first, talk, kept)

    resumed = hear(second, talk, kept)

    assert whole == resumed
    assert 30 == sum(first.calls) + sum(second.calls)


def test_a_finished_recording_is_not_heard_again(talk: Audio) -> None:
    """An attempt that was ended while it published finds everything."""
    kept = MemoryCheckpoints()
    hear(killed_before(-1), talk, kept)
    again = ScriptedDecoder()

    hear(again, talk, kept)

    assert ([], []) == (again.calls, again.windows)


def test_another_batch_size_goes_on_all_the_same(talk: Audio) -> None:
    """The plan is of chunks: a pod with less memory takes over from one with more."""
    kept = MemoryCheckpoints()
    with pytest.raises(Killed):
        hear(killed_before(4), talk, kept)
    small = ScriptedDecoder(chunking=Chunking(max_seconds=10.0, batch_size=2))

    resumed = hear(small, talk, kept)

    assert 30 == len(resumed.segments)
    assert 20 == sum(small.calls)


def test_a_batch_is_kept_before_the_next_is_finished(talk: Audio) -> None:
    """What is lost with a pod is the batch in hand."""
    kept = MemoryCheckpoints()
    with pytest.raises(Killed):
        hear(killed_before(3), talk, kept)

    assert ["heard/000000-1", "heard/000001-3", "heard/000004-3"] == [
        n for n in kept.written if n.startswith("heard")
    ]


def test_an_earlier_plan_is_followed_and_never_remade(talk: Audio) -> None:
    """Where another attempt has planned, its chunks count, even if this one would have cut otherwise."""
    kept = MemoryCheckpoints()
    plan = {"start": 0, "end": talk.num_samples, "last": True}
    chunks = [{"start": 0, "end": 5 * SAMPLE_RATE_HZ, "speech": []}]
    kept.put("plan/0000000000", json.dumps({**plan, "chunks": chunks}).encode())
    decoder = ScriptedDecoder()

    hearing = hear(decoder, talk, kept)

    assert [(0.0, 5.0)] == [(each.start, each.end) for each in hearing.segments]
    assert [1] == decoder.calls


def test_a_plan_that_was_lost_takes_nothing_for_another_chunk(talk: Audio) -> None:
    """Where the store kept batches but not the plan, and the next pod cuts otherwise, all of it is heard anew."""
    kept = MemoryCheckpoints()
    hear(ScriptedDecoder(chunking=Chunking(max_seconds=7.0)), talk, kept)
    kept.pieces = {name: body for name, body in kept.pieces.items() if not name.startswith("plan/")}

    resumed = hear(ScriptedDecoder(), talk, kept)

    assert hear(ScriptedDecoder(), talk, MemoryCheckpoints()) == resumed


def test_a_race_for_the_plan_is_won_by_one(talk: Audio) -> None:
    """Of two attempts that plan the same part, the slower follows the other's."""

    class Late(MemoryCheckpoints):
        """Another attempt has written everything by the time this one does."""

        def load(self) -> dict[str, bytes]:
            return {}

    theirs = MemoryCheckpoints()
    hear(ScriptedDecoder(chunking=Chunking(max_seconds=4.0)), talk, theirs)

    hearing = hear(ScriptedDecoder(chunking=Chunking(max_seconds=10.0)), talk, Late(pieces=dict(theirs.pieces)))

    assert {4.0} == {round(each.end - each.start, 3) for each in hearing.segments}


@pytest.mark.parametrize("words", [pytest.param(False, id="segments"), pytest.param(True, id="words")])
def test_a_real_model_resumes_to_the_same_bytes(meeting: Path, tmp_path: Path, *, words: bool) -> None:
    """On the CPU at temperature 0, three times the meeting, ended after every batch, equals one that was not."""
    settings = EngineSettings.model_validate(
        {**SMALL_WHISPER, "batchSize": 2, "options": {"maxChunkSeconds": "8", "temperatures": "0"}}
    )
    decoder = Mortal.load(settings)
    with start_decoding(meeting, tmp_path / "samples") as once:
        samples = np.tile(once.read(0, once.num_samples), 3)
    with audio_of(samples, tmp_path) as audio:
        whole = ChunkedEngine(FasterWhisper.load(settings)).transcribe(work_on(audio, word_timestamps=words))
        kept, deaths = MemoryCheckpoints(), 0
        resumed = None
        while resumed is None:
            decoder._batches = 0  # noqa: SLF001 -- the model is loaded once for all its lives
            try:
                resumed = ChunkedEngine(decoder).transcribe(work_on(audio, word_timestamps=words, checkpoints=kept))
            except Killed:
                deaths += 1

    assert deaths >= 5
    assert [each.model_dump_json() for each in whole.segments] == [
        each.model_dump_json() for each in resumed.segments
    ]
    assert whole == resumed


class Mortal(FasterWhisper):
    """A model that dies with its second batch."""

    _batches = 0

    def decode(self, chunks: Sequence[Samples], request: SpeechRequest) -> list[HeardChunk]:
        """Hear one batch."""
        self._batches += 1
        if self._batches > 1:
            raise Killed
        return super().decode(chunks, request)
