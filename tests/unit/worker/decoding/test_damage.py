"""What is damaged costs its own time alone: it becomes silence, and what follows stays where it was."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steno_worker.decoding.decoder import MAX_PACKET_SILENCE_SECONDS
from steno_worker.errors import AudioError, AudioUndecodableError
from unit.worker.decoding.conftest import Decoded
from unit.worker.recordings import remux, write_recording


def test_damaged_packets_become_silence_and_are_counted(
    make_recording: Callable[..., Path], decode: Callable[..., Decoded]
) -> None:
    """Noise in the middle of an MP4 costs its packets alone."""
    recording = make_recording("a.mp4", codec="aac", seconds=6.0)
    body = bytearray(recording.read_bytes())
    middle = len(body) // 2
    body[middle : middle + 2000] = bytes([255]) * 2000
    recording.write_bytes(body)

    audio = decode(recording)

    assert pytest.approx(6.0, abs=0.2) == audio.duration_seconds
    assert re.search(r"\d+ damaged packets of the recording \(mov, aac\) were taken", audio.warnings[0])


def test_a_damaged_packet_that_claims_an_hour_is_not_believed(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """One packet alone is silence for seconds at most."""
    whole = write_recording(tmp_path / "whole.mp4", codec="aac", rate_hz=44_100)

    def last_one_lasts(seconds: float, packet: Any) -> bool:
        if seconds >= 1.0:
            packet.duration = 3600 * 44_100
        return seconds < 1.03

    recording = remux(whole, tmp_path / "a.mp4", last_one_lasts)
    damage_last_packet(recording)

    audio = decode(recording)

    assert pytest.approx(1.0 + MAX_PACKET_SILENCE_SECONDS, abs=0.1) == audio.duration_seconds
    assert "claims to last 360" in audio.warnings[-1]


def test_damage_from_beginning_to_end_is_no_silence(
    make_recording: Callable[..., Path], decode: Callable[..., Decoded]
) -> None:
    """A recording of which nothing can be decoded is not transcribed as silence."""
    recording = make_recording("a.mp4", codec="aac", container_options={"movflags": "faststart"})
    body = recording.read_bytes()
    sound = body.index(b"mdat") + 4
    recording.write_bytes(body[:sound] + bytes([255]) * (len(body) - sound))

    with pytest.raises(AudioUndecodableError, match=r"Not one sample of the recording \(mov, aac\)"):
        decode(recording)


def damage_last_packet(recording: Path) -> None:
    """Overwrite the end of an MP4's sound, which FFmpeg writes before the index."""
    body = bytearray(recording.read_bytes())
    end = body.index(b"moov") - 4
    body[end - 60 : end] = bytes([255]) * 60
    recording.write_bytes(body)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.wav", "pcm_s16le"),
        ("a.caf", "pcm_s16le"),
        ("a.mp4", "aac"),
        ("a.mkv", "flac"),
        ("a.ts", "aac"),
        ("a.flv", "aac"),
        ("a.ogg", "flac"),
        ("a.avi", "pcm_s16le"),
    ],
)
def test_any_damage_ends_in_sound_or_a_refusal(
    tmp_path: Path, decode: Callable[..., Decoded], name: str, codec: str
) -> None:
    """Bytes that are overwritten at random, most of them in the head, never surface as an error of some library's."""
    whole = write_recording(tmp_path / f"whole-{name}", codec=codec, rate_hz=44_100, seconds=0.5).read_bytes()
    random, recording, outcomes = np.random.default_rng(7), tmp_path / name, list[str]()
    for _ in range(25):
        body = bytearray(whole)
        for position in random.integers(0, [len(body), 400, 400, 400]):
            body[position] = random.choice([0, 255, int(random.integers(256))])
        recording.write_bytes(body)
        try:
            decode(recording)
            outcomes.append("sound")
        except AudioError:
            outcomes.append("refusal")

    assert 25 == len(outcomes)


def test_a_stored_position_where_no_file_goes_is_damage(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """FFmpeg is told that it cannot go there, and the operating system's refusal does not surface."""
    recording = write_recording(tmp_path / "a.caf")
    body = bytearray(recording.read_bytes())
    body[body.index(b"info") + 6] = 0x6A  # of the eight bytes of its size
    recording.write_bytes(body)

    audio = decode(recording)

    assert 2.0 == audio.duration_seconds
    assert "bytes are missing" in audio.warnings[0]
