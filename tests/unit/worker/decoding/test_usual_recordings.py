"""Whatever people record with, the engines get the same samples."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steno_worker.samples import SAMPLE_RATE_HZ
from unit.worker.decoding.conftest import Decoded
from unit.worker.recordings import TONE_HZ, loudest_hz, write_recording


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("a.wav", {}, id="wav"),
        pytest.param("a.wav", {"rate_hz": 1_000}, id="lowest rate"),
        pytest.param("a.wav", {"rate_hz": 8_000}, id="telephone"),
        pytest.param("a.wav", {"rate_hz": 192_000, "layout": "stereo", "codec": "pcm_s24le"}, id="studio"),
        pytest.param("a.wav", {"rate_hz": 768_000}, id="highest rate"),
        pytest.param("a.wav", {"layout": "5.1", "rate_hz": 48_000}, id="surround"),
        pytest.param("a.wav", {"layout": "7.1", "rate_hz": 48_000}, id="more surround"),
        pytest.param("a.flac", {"codec": "flac", "layout": "stereo", "rate_hz": 44_100}, id="flac"),
        pytest.param("a.mp3", {"codec": "libmp3lame", "rate_hz": 44_100}, id="mp3"),
        pytest.param("a.aac", {"codec": "aac", "rate_hz": 44_100}, id="aac without a container"),
        pytest.param("a.ogg", {"codec": "libopus", "rate_hz": 48_000}, id="opus"),
        pytest.param("a.webm", {"codec": "libopus", "rate_hz": 48_000, "layout": "stereo"}, id="webm"),
        pytest.param("a.m4a", {"codec": "aac", "rate_hz": 44_100, "layout": "stereo"}, id="m4a"),
        pytest.param("a.mp4", {"codec": "aac", "video_codec": "mpeg4", "rate_hz": 48_000}, id="video with sound"),
        pytest.param("a.mkv", {"codec": "flac", "video_codec": "mpeg4"}, id="matroska"),
        pytest.param("a.ts", {"codec": "aac", "video_codec": "mpeg2video", "rate_hz": 48_000}, id="broadcast"),
        pytest.param("a.flv", {"codec": "aac", "rate_hz": 44_100}, id="flash"),
        pytest.param("a.avi", {"codec": "libmp3lame", "rate_hz": 44_100}, id="avi"),
        pytest.param("a.aiff", {"codec": "pcm_s16be"}, id="aiff"),
        pytest.param("a.caf", {"codec": "pcm_s16le"}, id="caf"),
    ],
)
def test_every_usual_recording_becomes_the_same_samples(
    make_recording: Callable[..., Path], decode: Callable[..., Decoded], name: str, options: dict[str, Any]
) -> None:
    """Container, codec, rate and channels leave no trace: two seconds of one tone, mono, 16 kHz, float32."""
    audio = decode(make_recording(name, **options))

    assert np.dtype(np.float32) == audio.samples.dtype
    assert 1 == audio.samples.ndim
    assert pytest.approx(2.0, abs=0.1) == audio.duration_seconds
    assert pytest.approx(2.0, abs=0.1) == audio.duration_seconds_from_header
    assert pytest.approx(TONE_HZ, abs=2) == loudest_hz(audio.samples)
    assert 0.2 < float(np.abs(audio.samples).max()) < 1.01
    assert () == audio.warnings


def test_the_shortest_recordings_are_recordings(
    make_recording: Callable[..., Path], decode: Callable[..., Decoded]
) -> None:
    """A twentieth of a second is decoded to its last sample."""
    assert 800 == len(decode(make_recording("a.wav", seconds=0.05)).samples)


def test_the_file_name_does_not_matter(make_recording: Callable[..., Path], decode: Callable[..., Decoded]) -> None:
    """An MP3 that calls itself a WAV is decoded for what it is."""
    recording = make_recording("a.mp3", codec="libmp3lame")

    audio = decode(recording.rename(recording.with_suffix(".wav")))

    assert pytest.approx(2.0, abs=0.1) == audio.duration_seconds


@pytest.mark.parametrize("rates_hz", [(44_100, 22_050), (22_050, 44_100)], ids=["slower", "faster"])
def test_a_stream_may_change_its_rate_on_the_way(
    tmp_path: Path, decode: Callable[..., Decoded], rates_hz: tuple[int, int]
) -> None:
    """Two MP3s joined end to end, one of them at half the rate, are one recording of both."""
    parts = [write_recording(tmp_path / f"{rate}.mp3", codec="libmp3lame", rate_hz=rate) for rate in rates_hz]
    both = tmp_path / "both.mp3"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))

    audio = decode(both)

    assert pytest.approx(4.0, abs=0.3) == audio.duration_seconds
    assert pytest.approx(TONE_HZ, abs=2) == loudest_hz(audio.samples[-SAMPLE_RATE_HZ:])


def test_the_recording_may_go_once_decoding_has_begun(
    make_recording: Callable[..., Path], decode: Callable[..., Decoded], tmp_path: Path
) -> None:
    """Decoding leaves nothing behind but the recording itself."""
    recording = make_recording("a.wav")

    decode(recording)

    assert [recording] == list(tmp_path.iterdir())
