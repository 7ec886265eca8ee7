"""What readers see of a decoding that runs beside them: samples as they come, its errors, and its end."""

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from steno_worker.decoding import Audio, DecodingLimits, audio_of, start_decoding
from steno_worker.errors import AudioTooLongError, AudioUndecodableError, ScratchFullError
from unit.worker.recordings import cut, tone, write_recording, write_silence, write_wav

LONG_SECONDS = 3600


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write more than is decoded before a test can look."""
    folder = tmp_path_factory.mktemp("recordings")
    return write_silence(folder / "long.flac", codec="flac", rate_hz=4_000, seconds=LONG_SECONDS)


def decoding_threads() -> list[threading.Thread]:
    """List the threads that decode."""
    return [thread for thread in threading.enumerate() if thread.name == "decoding"]


def test_samples_are_read_while_others_are_decoded(long: Path, tmp_path: Path) -> None:
    """The first seconds are there long before the last."""
    with start_decoding(long, tmp_path / "spool") as audio:
        first = audio.read(0, 16_000)
        decoded_by_then = audio.num_decoded

        assert 16_000 == len(first)
        assert LONG_SECONDS == audio.duration_seconds_from_header
        assert decoded_by_then < audio.num_samples
        assert LONG_SECONDS * 16_000 == audio.num_samples == audio.num_decoded
        assert 0 == len(audio.read(LONG_SECONDS * 16_000, LONG_SECONDS * 16_000 + 1))


def test_closing_ends_the_thread_and_removes_the_file(long: Path, tmp_path: Path) -> None:
    """Whoever gives up leaves nothing running and nothing lying about."""
    with start_decoding(long, tmp_path / "spool") as audio:
        audio.read(0, 1)
        assert 1 == len(decoding_threads())

    assert [] == decoding_threads()
    assert [] == list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="closed"):
        audio.read(0, 1)


def test_a_reader_is_woken_by_closing(long: Path, tmp_path: Path) -> None:
    """A thread that waits for the end hears that there will be none."""
    audio = start_decoding(long, tmp_path / "spool")
    heard: list[str] = []

    def wait() -> None:
        try:
            audio.wait()
        except ValueError as error:
            heard.append(str(error))

    reader = threading.Thread(target=wait)
    reader.start()
    audio.close()
    reader.join()

    assert ["The audio is closed."] == heard


def test_an_audio_that_is_forgotten_is_closed(long: Path, tmp_path: Path) -> None:
    """A caller that fails between opening and closing leaves no thread behind."""
    start_decoding(long, tmp_path / "spool").read(0, 1)
    gc.collect()

    assert [] == decoding_threads()
    assert [] == list(tmp_path.iterdir())


def test_a_process_that_ends_while_decoding_ends(long: Path, tmp_path: Path) -> None:
    """The interpreter's exit closes what is open, and waits for nothing more."""
    program = str(Path(__file__).with_name("exiting_process.py"))
    command = [sys.executable, "-W", "error", program, str(long), str(tmp_path / "spool")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    ran = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=60)

    assert (0, "16000\n", "") == (ran.returncode, ran.stdout, ran.stderr)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda audio: audio.read(0, 10**9), id="read"),
        pytest.param(Audio.wait, id="wait"),
        pytest.param(lambda audio: audio.num_samples, id="num_samples"),
        pytest.param(lambda audio: audio.duration_seconds, id="duration_seconds"),
        pytest.param(lambda audio: audio.warnings, id="warnings"),
    ],
)
def test_an_error_of_the_decoder_comes_from_whatever_waits(
    long: Path, tmp_path: Path, call: Callable[[Audio], object]
) -> None:
    """No way to the end of a recording leads around it."""
    limits = DecodingLimits(max_seconds=60.0)

    with start_decoding(long, tmp_path / "spool", limits=limits) as audio, pytest.raises(AudioTooLongError):
        call(audio)


def test_a_full_disk_reaches_the_reader(long: Path, tmp_path: Path) -> None:
    """Linux's own full device stands for the worker's scratch folder."""
    (tmp_path / "spool").symlink_to("/dev/full")

    with start_decoding(long, tmp_path / "spool") as audio, pytest.raises(ScratchFullError):
        audio.read(0, 1)


def test_a_refusal_leaves_no_file_and_no_thread(tmp_path: Path) -> None:
    """What cannot be opened was never begun."""
    recording = cut(write_recording(tmp_path / "a.mp4", codec="aac"), kept=0.5)

    with pytest.raises(AudioUndecodableError):
        start_decoding(recording, tmp_path / "spool")

    assert [] == decoding_threads()
    assert [recording] == list(tmp_path.iterdir())


def test_samples_at_hand_become_an_audio(tmp_path: Path) -> None:
    """Tests and the self-test need no recording; what 16 bits hold comes back exactly, the rest is clipped."""
    samples = np.array([0.0, 0.5, -1.0, 1.5], np.float32)

    with audio_of(samples, tmp_path) as audio:
        assert [0.0, 0.5, -1.0, 32_767 / 32_768] == audio.read(0, 10).tolist()
        assert (4, 4, 4 / 16_000) == (audio.num_samples, audio.num_decoded, audio.duration_seconds)
        assert () == audio.warnings
        assert audio.duration_seconds_from_header is None

    assert [] == list(tmp_path.iterdir())


def test_a_claim_counts_until_the_truth_is_known(tmp_path: Path) -> None:
    """Progress is told against what is known: a header that claims days does so only while it is decoded."""
    recording = write_wav(tmp_path / "a.wav", [tone(seconds=2.0)], data_bytes=0x70000000)

    with start_decoding(recording, tmp_path / "spool") as audio:
        audio.wait()

        assert 2.0 == audio.expected_seconds


def test_samples_at_hand_are_as_long_as_they_are(tmp_path: Path) -> None:
    """There is no header to ask."""
    with audio_of(np.zeros(8_000, np.float32), tmp_path) as audio:
        assert 0.5 == audio.expected_seconds
