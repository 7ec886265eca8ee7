"""Whatever people record with, the engines get the same samples; whatever is no recording is refused by name."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from steno_worker.decoding import decode
from steno_worker.errors import AudioError, AudioUndecodableError, NoAudioStreamError
from steno_worker.samples import SAMPLE_RATE_HZ, Samples
from unit.worker.recordings import TONE_HZ


def loudest_hz(samples: Samples) -> float:
    """Find the pitch of a tone."""
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * SAMPLE_RATE_HZ / len(samples))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("a.wav", {}, id="wav"),
        pytest.param("a.wav", {"rate_hz": 8_000}, id="telephone"),
        pytest.param("a.wav", {"rate_hz": 192_000, "layout": "stereo", "codec": "pcm_s24le"}, id="studio"),
        pytest.param("a.wav", {"layout": "5.1", "rate_hz": 48_000}, id="surround"),
        pytest.param("a.flac", {"codec": "flac", "layout": "stereo", "rate_hz": 44_100}, id="flac"),
        pytest.param("a.mp3", {"codec": "libmp3lame", "rate_hz": 44_100}, id="mp3"),
        pytest.param("a.ogg", {"codec": "libopus", "rate_hz": 48_000}, id="opus"),
        pytest.param("a.webm", {"codec": "libopus", "rate_hz": 48_000, "layout": "stereo"}, id="webm"),
        pytest.param("a.m4a", {"codec": "aac", "rate_hz": 44_100, "layout": "stereo"}, id="m4a"),
        pytest.param("a.mp4", {"codec": "aac", "video_codec": "mpeg4", "rate_hz": 48_000}, id="video with sound"),
        pytest.param("a.mkv", {"codec": "flac", "video_codec": "mpeg4"}, id="matroska"),
        pytest.param("a.aiff", {"codec": "pcm_s16be"}, id="aiff"),
    ],
)
def test_every_usual_recording_becomes_the_same_samples(
    make_recording: Callable[..., Path], name: str, options: dict[str, object]
) -> None:
    """Container, codec, rate and channels leave no trace: two seconds of one tone, mono, 16 kHz, float32."""
    audio = decode(make_recording(name, **options))

    assert np.dtype(np.float32) == audio.samples.dtype
    assert 1 == audio.samples.ndim
    assert pytest.approx(2.0, abs=0.1) == audio.duration_seconds
    assert pytest.approx(TONE_HZ, abs=2) == loudest_hz(audio.samples)
    assert 0.2 < float(np.abs(audio.samples).max()) < 1.01
    assert () == audio.warnings


def test_the_file_name_does_not_matter(make_recording: Callable[..., Path]) -> None:
    """An MP3 that calls itself a WAV is decoded for what it is."""
    recording = make_recording("a.mp3", codec="libmp3lame")

    audio = decode(recording.rename(recording.with_suffix(".wav")))

    assert pytest.approx(2.0, abs=0.1) == audio.duration_seconds


def test_a_stream_may_change_its_rate_on_the_way(make_recording: Callable[..., Path]) -> None:
    """Two MP3s joined end to end, one of them at half the rate, are one recording of both."""
    first, second = (
        make_recording(f"{rate}.mp3", codec="libmp3lame", rate_hz=rate).read_bytes() for rate in (44_100, 22_050)
    )
    both = make_recording("both.mp3", codec="libmp3lame")
    both.write_bytes(first + second)

    audio = decode(both)

    assert pytest.approx(4.0, abs=0.3) == audio.duration_seconds
    assert pytest.approx(TONE_HZ, abs=2) == loudest_hz(audio.samples[-SAMPLE_RATE_HZ:])


def test_a_cut_off_recording_gives_what_is_there_and_says_so(make_recording: Callable[..., Path]) -> None:
    """Half a FLAC is transcribed as half a recording, with a warning that names both durations."""
    recording = make_recording("a.flac", codec="flac", seconds=4.0)
    body = recording.read_bytes()
    recording.write_bytes(body[: len(body) // 2])

    audio = decode(recording)

    assert 1.0 < audio.duration_seconds < 3.0
    assert re.search(r"\(flac, flac\) claims to last 4\.0 s; [12]\.\d s of audio", audio.warnings[-1])


def test_damaged_packets_become_silence_and_are_counted(make_recording: Callable[..., Path]) -> None:
    """Zeros in the middle of an MP4 cost their packets alone: what follows keeps its time."""
    recording = make_recording("a.mp4", codec="aac", seconds=6.0)
    body = bytearray(recording.read_bytes())
    middle = len(body) // 2
    body[middle : middle + 2000] = bytes([255]) * 2000
    recording.write_bytes(body)

    audio = decode(recording)

    assert pytest.approx(6.0, abs=0.2) == audio.duration_seconds
    assert re.search(r"\d+ damaged packets of the recording \(mov,.*aac\) were taken", audio.warnings[0])


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
DESCRIPTION = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        pytest.param("a.wav", b"", "empty file", id="empty"),
        pytest.param("a.wav", b"Minutes of the meeting\n" * 200, "no audio or video file", id="text"),
        pytest.param("a.m3u8", PLAYLIST.format("{neighbour}").encode(), "playlist", id="playlist of a local file"),
        pytest.param("a.m3u8", PLAYLIST.format("http://127.0.0.1:9/").encode(), "playlist", id="playlist of a URL"),
        pytest.param("a.wav", PLAYLIST.format("{neighbour}").encode(), "no audio or video", id="disguised playlist"),
        pytest.param("a.wav", b"ffconcat version 1.0\nfile '{neighbour}'\n", "playlist", id="concat script"),
        pytest.param("a.sdp", DESCRIPTION.encode(), "playlist", id="session description"),
        pytest.param("a.wav", b"\x89PNG\r\n\x1a\n" + bytes(200), "picture", id="picture"),
        pytest.param("a.mp3", bytes(range(256)) * 400, r"\(mp3", id="noise"),
    ],
)
def test_what_is_no_recording_is_undecodable(
    make_recording: Callable[..., Path], tmp_path: Path, name: str, body: bytes, said: str
) -> None:
    """Text, playlists, pictures and noise are refused; no other file is read through them."""
    neighbour = make_recording("neighbour.wav")
    recording = tmp_path / name
    recording.write_bytes(body.replace(b"{neighbour}", str(neighbour).encode()))

    with pytest.raises(AudioUndecodableError, match=said):
        decode(recording)


@pytest.mark.parametrize(
    ("name", "options", "kept_bytes", "said"),
    [
        pytest.param("a.wav", {}, 78, r"wav, pcm_s16le", id="wav without a sample"),
        pytest.param("a.wav", {}, 30, "head is damaged", id="torn wav header"),
        pytest.param("a.mp4", {"codec": "aac"}, 6000, "head is damaged", id="mp4 without its index"),
        pytest.param("a.ogg", {"codec": "libopus", "rate_hz": 48_000}, 20, "no audio or video", id="torn ogg page"),
    ],
)
def test_too_little_of_a_recording_is_undecodable(
    make_recording: Callable[..., Path], name: str, options: dict[str, object], kept_bytes: int, said: str
) -> None:
    """A recording that breaks off before its first sample is refused, by container and codec where they are known."""
    recording = make_recording(name, **options)
    recording.write_bytes(recording.read_bytes()[:kept_bytes])

    with pytest.raises(AudioError, match=said):
        decode(recording)


def test_a_silent_film_has_no_audio_stream(make_recording: Callable[..., Path]) -> None:
    """A video without sound is refused by what it holds instead."""
    film = make_recording("film.mp4", codec=None, video_codec="mpeg4")

    with pytest.raises(NoAudioStreamError, match=r"holds video \(mpeg4\) and no audio"):
        decode(film)
