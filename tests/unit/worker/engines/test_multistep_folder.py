"""What multistep's steps made lies in a folder of the recording's own, and its sound part among the checkpoints."""

import wave
from pathlib import Path

import numpy as np
import pytest

from steno_worker.decoding import audio_of
from steno_worker.engines.multistep.folder import StepFolder
from steno_worker.engines.multistep.names import StepName
from steno_worker.samples import SAMPLE_RATE_HZ
from unit.worker.engines.decoders import MemoryCheckpoints

HELLO = b'[{"start": 0.0, "end": 1.0, "transcript": "Hello."}]'
OTHER = b'[{"start": 0.0, "end": 1.0, "transcript": "Hallo."}]'


def opened(scratch: Path, checkpoints: MemoryCheckpoints) -> StepFolder:
    """Make the folder of one attempt."""
    return StepFolder.make(scratch, checkpoints, checkpoints.load())


def test_a_kept_step_is_there_for_the_next_attempt(tmp_path: Path) -> None:
    """Another pod finds the file where the package looks for it."""
    checkpoints = MemoryCheckpoints()
    opened(tmp_path, checkpoints).keep(StepName.RAW_TRANSCRIPT, HELLO)

    later = opened(tmp_path, checkpoints)

    assert HELLO == later.read(StepName.RAW_TRANSCRIPT)
    assert later.recording.with_suffix(".d") / "cache.raw_transcript" == later.path(StepName.RAW_TRANSCRIPT)
    assert ["steps/raw_transcript.json"] == checkpoints.written


def test_two_recordings_share_no_folder(tmp_path: Path) -> None:
    """One scratch folder serves two jobs, and neither sees the other's steps."""
    opened(tmp_path, MemoryCheckpoints()).keep(StepName.RAW_TRANSCRIPT, HELLO)

    assert opened(tmp_path, MemoryCheckpoints()).read(StepName.RAW_TRANSCRIPT) is None


def test_what_is_no_step_stays_out_of_the_folder(tmp_path: Path) -> None:
    """A piece of any other name, however it climbs, becomes no file."""
    checkpoints = MemoryCheckpoints(pieces={"language": b"en", "steps/../../x.json": b"", "steps/odd.json": b"1"})

    opened(tmp_path, checkpoints)

    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param(OTHER, OTHER, id="sound, so it counts"),
        pytest.param(b"null", HELLO, id="bad, so it does not"),
    ],
)
def test_an_attempt_that_was_faster_is_followed(tmp_path: Path, there: bytes, expected: bytes) -> None:
    """A checkpoint is written once: the file becomes what the others will read, if that is sound."""
    folder = opened(tmp_path, MemoryCheckpoints(pieces={"steps/raw_transcript.json": there}))

    assert expected == folder.keep(StepName.RAW_TRANSCRIPT, HELLO)
    assert expected == folder.read(StepName.RAW_TRANSCRIPT)


def test_a_discarded_step_is_gone(tmp_path: Path) -> None:
    """The package would take it for a result; to discard nothing is no error."""
    folder = opened(tmp_path, MemoryCheckpoints())
    folder.path(StepName.ENTITIES).write_bytes(b"null")

    folder.discard(StepName.ENTITIES)
    folder.discard(StepName.ENTITIES)

    assert folder.read(StepName.ENTITIES) is None


def test_the_recording_is_a_wav_of_its_samples(tmp_path: Path) -> None:
    """The package reads what any other engine hears, longer than one window, sample by sample."""
    samples = np.random.default_rng(20260301).uniform(-1, 1, 130 * SAMPLE_RATE_HZ).astype(np.float32)
    folder = opened(tmp_path, MemoryCheckpoints())

    with audio_of(samples, tmp_path) as audio:
        folder.write_recording(audio)
        expected = audio.read(0, audio.num_samples)

    with wave.open(str(folder.recording)) as file:
        form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        written = np.frombuffer(file.readframes(file.getnframes()), "<i2") / np.float32(32_768)
    assert (1, 2, SAMPLE_RATE_HZ) == form
    assert np.array_equal(expected, written)
