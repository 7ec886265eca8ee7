"""No truncation goes unnoticed where the container can tell: what is there is decoded, what is missing is said."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steno_worker.decoding.claims import Claims, missing_bytes_of
from unit.worker.decoding.conftest import Decoded
from unit.worker.recordings import cut, tone, write_wav

BREAKS_OFF = r"breaks off: [\d,]+ of its [\d,]+ bytes are missing; 2\.\d"
CLAIMS = r"claims to last 4\.\d s; 2\.\d s of audio could be decoded, [12]\.\d s are missing"
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        pytest.param("a.wav", {}, BREAKS_OFF + r" s could", id="wav"),
        pytest.param("a.aiff", {"codec": "pcm_s16be"}, BREAKS_OFF + r" of 4\.0 s could", id="aiff"),
        pytest.param("a.caf", {}, BREAKS_OFF, id="caf"),
        pytest.param("a.avi", {"codec": "libmp3lame", "rate_hz": 44_100}, BREAKS_OFF, id="avi"),
        pytest.param("a.mp3", {"codec": "libmp3lame", "rate_hz": 44_100}, BREAKS_OFF + r" of 4\.\d s", id="mp3"),
        pytest.param("a.flac", {"codec": "flac"}, CLAIMS, id="flac"),
        pytest.param("a.mkv", {"codec": "libopus", "rate_hz": 48_000}, BREAKS_OFF + r" of 4\.0 s", id="matroska"),
        pytest.param(
            "a.ogg", {"codec": "libopus", "rate_hz": 48_000}, r"lacks its end mark: .* after [123]\.\d s", id="ogg"
        ),
        pytest.param("a.flv", {"codec": "aac", "rate_hz": 44_100}, CLAIMS, id="flash"),
        pytest.param(
            "a.mp4",
            {"codec": "aac", "container_options": {"movflags": "faststart"}},
            BREAKS_OFF + r" of 4\.\d s",
            id="mp4 with its index in front",
        ),
        pytest.param("a.mp4", {"codec": "aac", "container_options": FRAGMENTS}, BREAKS_OFF, id="mp4 in fragments"),
    ],
)
def test_a_recording_that_breaks_off_says_so(
    make_recording: Callable[..., Path], decode: Callable[..., Decoded], name: str, options: dict[str, Any], said: str
) -> None:
    """Three fifths of a file are transcribed as such, and the warning tells how much is not there."""
    recording = cut(make_recording(name, seconds=4.0, **options), kept=0.6)

    audio = decode(recording)

    assert 1.9 < audio.duration_seconds < 3.5
    assert re.search(said, audio.warnings[-1])


@pytest.mark.parametrize("lost_bytes", [2, 400], ids=["one sample", "an eightieth of a second"])
def test_the_least_truncation_of_a_wav_is_noticed(
    tmp_path: Path, decode: Callable[..., Decoded], lost_bytes: int
) -> None:
    """Its header counts every byte."""
    recording = write_wav(tmp_path / "a.wav", [tone()])
    recording.write_bytes(recording.read_bytes()[:-lost_bytes])

    audio = decode(recording)

    assert 16_000 - lost_bytes // 2 == len(audio.samples)
    assert f"{lost_bytes} of its 32,044 bytes are missing" in audio.warnings[0]


@pytest.mark.parametrize("claimed", [0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_a_wav_written_live_lacks_nothing(tmp_path: Path, decode: Callable[..., Decoded], claimed: int) -> None:
    """A length that no program could go back to fill in is no claim."""
    audio = decode(write_wav(tmp_path / "a.wav", [tone()], data_bytes=claimed))

    assert 16_000 == len(audio.samples)
    assert () == audio.warnings


def test_a_matroska_that_lacks_its_index_alone_lacks_no_sound(
    make_recording: Callable[..., Path], decode: Callable[..., Decoded]
) -> None:
    """Bytes that are missing behind the sound are not worth a warning."""
    recording = make_recording("a.mkv", codec="flac")
    recording.write_bytes(recording.read_bytes()[:-10])

    assert () == decode(recording).warnings


def test_sections_of_any_length_are_read_past(tmp_path: Path) -> None:
    """A header of noise behind a good start makes no claim and no error."""
    noise = np.random.default_rng(0).integers(0, 256, 4096, dtype=np.uint8).tobytes()
    heads = (
        b"RIFF\x00\x00\x00\x00WAVE",
        b"RIFF\xff\xff\xff\xffAVI ",
        b"\x00\x00\x00\x14ftyp",
        b"caff\x00\x01\x00\x00",
    )
    for head in (*heads, bytes.fromhex("1a45dfa3")):
        path = tmp_path / "noise"
        path.write_bytes(head + noise)
        with path.open("rb") as file:
            assert missing_bytes_of(file, path.stat().st_size) >= 0


@pytest.mark.parametrize(
    ("decoded_seconds", "said"),
    [
        pytest.param(10.0, [], id="all there"),
        pytest.param(9.6, [], id="within rounding"),
        pytest.param(9.0, ["1.0 s are missing"], id="short"),
        pytest.param(12.0, [], id="longer than claimed"),
    ],
)
def test_a_claim_is_held_against_the_sound(decoded_seconds: float, said: list[str]) -> None:
    """Less than claimed is said, more is not."""
    warnings = list(Claims(seconds=10.0).warnings("mov, aac", decoded_seconds))

    assert len(said) == len(warnings)
    assert all(words in warning for words, warning in zip(said, warnings, strict=True))
