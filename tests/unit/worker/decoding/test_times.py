"""Times in the samples are the player's: late starts and gaps are kept as silence."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steno_worker.decoding import DecodingLimits
from steno_worker.errors import AudioTooLongError
from steno_worker.samples import SAMPLE_RATE_HZ, Samples
from unit.worker.decoding.conftest import Decoded
from unit.worker.recordings import remux, write_recording

STORED = [
    pytest.param("a.mp4", {"codec": "aac", "rate_hz": 44_100}, id="mp4"),
    pytest.param("a.mkv", {"codec": "libopus", "rate_hz": 48_000}, id="matroska"),
    pytest.param("a.webm", {"codec": "libopus", "rate_hz": 48_000}, id="webm"),
    pytest.param("a.ts", {"codec": "aac", "rate_hz": 48_000}, id="broadcast"),
]
PICTURES = {"a.mp4": "mpeg4", "a.mkv": "mpeg4", "a.webm": "libvpx", "a.ts": "mpeg2video"}


def silent_seconds(samples: Samples) -> "list[tuple[float, float]]":
    """Find the silences of more than a tenth of a second, as (start, end)."""
    tenth = SAMPLE_RATE_HZ // 10
    loud = np.flatnonzero(np.abs(samples) > 0.05)
    edges = np.concatenate([[0], loud, [len(samples)]])
    return [
        (round(float(a) / SAMPLE_RATE_HZ, 3), round(float(b) / SAMPLE_RATE_HZ, 3))
        for a, b in pairwise(edges)
        if b - a > tenth
    ]


@pytest.mark.parametrize(("name", "options"), STORED)
def test_a_track_that_starts_late_begins_with_silence(
    make_recording: Callable[..., Path], decode: Callable[..., Decoded], name: str, options: dict[str, Any]
) -> None:
    """The sound of a film that begins a second and a half in is found where a player plays it."""
    film = make_recording(name, video_codec=PICTURES[name], starts_at_seconds=1.5, **options)

    audio = decode(film)

    ((start, end),) = silent_seconds(audio.samples)
    assert 0.0 == start
    assert pytest.approx(1.5, abs=0.03) == end
    assert pytest.approx(3.5, abs=0.1) == audio.duration_seconds
    assert () == audio.warnings


@pytest.mark.parametrize(("name", "options"), STORED)
def test_a_gap_is_kept_as_silence(
    tmp_path: Path, decode: Callable[..., Decoded], name: str, options: dict[str, Any]
) -> None:
    """Packets that a conference lost between its second and third second leave their time behind."""
    whole = write_recording(tmp_path / f"whole-{name}", seconds=6.0, **options)
    recording = remux(whole, tmp_path / name, lambda seconds, _: not 2.0 <= seconds < 3.0)

    audio = decode(recording)

    assert pytest.approx(6.0, abs=0.1) == audio.duration_seconds
    ((start, end),) = silent_seconds(audio.samples)
    assert pytest.approx(2.0, abs=0.1) == start
    assert pytest.approx(3.0, abs=0.1) == end
    assert "has 1 gaps, 1.0 s in all" in audio.warnings[0]


def test_times_that_are_only_counted_up_make_no_gaps(
    make_recording: Callable[..., Path], decode: Callable[..., Decoded]
) -> None:
    """What an MP3 lost is lost, since nothing in it says when."""
    recording = make_recording("a.mp3", codec="libmp3lame", seconds=6.0)
    body = recording.read_bytes()
    recording.write_bytes(body[: len(body) // 3] + body[len(body) // 2 :])

    audio = decode(recording)

    assert pytest.approx(5.0, abs=0.2) == audio.duration_seconds


def test_gaps_count_towards_the_limit(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """Two seconds of sound an hour apart are an hour."""
    whole = write_recording(tmp_path / "whole.mkv", codec="libopus", rate_hz=48_000)

    def push_back(seconds: float, packet: Any) -> bool:
        if seconds >= 1.0:
            packet.pts += 3000 * 1000
            packet.dts += 3000 * 1000
        return True

    recording = remux(whole, tmp_path / "a.mkv", push_back)

    assert pytest.approx(3002.0, abs=0.1) == decode(recording).duration_seconds
    with pytest.raises(AudioTooLongError):
        decode(recording, limits=DecodingLimits(max_seconds=600.0))
