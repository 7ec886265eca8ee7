"""A recording takes no more of the worker than it may, and what a header merely claims refuses nothing."""

import struct
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from av.audio.stream import AudioStream

from steno_worker.decoding import DecodingLimits, start_decoding
from steno_worker.errors import AudioTooLongError, AudioUndecodableError
from unit.worker.decoding.conftest import Decoded
from unit.worker.recordings import tone, write_recording, write_silence, write_wav

FIVE_SECONDS = DecodingLimits(max_seconds=5.0)
SAMPLE_BYTES_A_SECOND = 32_000


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz"),
    [("a.flac", "flac", 8_000), ("a.ogg", "libopus", 48_000), ("a.mp3", "libmp3lame", 8_000)],
    ids=["flac", "opus", "mp3"],
)
def test_what_expands_beyond_the_limit_stops_there(tmp_path: Path, name: str, codec: str, rate_hz: int) -> None:
    """Minutes of silence in a few bytes fill the disk up to the limit and no further."""
    recording = write_silence(tmp_path / name, codec=codec, rate_hz=rate_hz, seconds=120)
    spool = tmp_path / "spool"

    with start_decoding(recording, spool, limits=FIVE_SECONDS) as audio:
        with pytest.raises(AudioTooLongError, match=rf"{codec.removeprefix('lib')[:3]}.*is longer than the 5\.0 s"):
            audio.wait()
        spooled_bytes = spool.stat().st_size

    assert spooled_bytes <= 5 * SAMPLE_BYTES_A_SECOND


def test_the_limit_itself_is_allowed(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """Five seconds are not longer than five seconds."""
    recording = write_wav(tmp_path / "a.wav", [tone(seconds=5.0)])

    assert 5.0 == decode(recording, limits=FIVE_SECONDS).duration_seconds


def test_plain_samples_that_are_too_long_are_refused_at_once(tmp_path: Path) -> None:
    """Where the bytes themselves tell the duration, no thread is started and no file is made."""
    recording = write_wav(tmp_path / "a.wav", [tone(seconds=5.1)])

    with pytest.raises(AudioTooLongError, match=r"lasts 5\.1 s, which is longer than the 5\.0 s"):
        start_decoding(recording, tmp_path / "spool", limits=FIVE_SECONDS)

    assert [recording] == list(tmp_path.iterdir())


def test_a_wav_that_claims_days_is_decoded(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """A hundred hours in the header and two seconds in the file are two seconds."""
    recording = write_wav(tmp_path / "a.wav", [tone(seconds=2.0)], data_bytes=0x70000000)

    audio = decode(recording, limits=FIVE_SECONDS)

    assert 2.0 == audio.duration_seconds
    assert "are missing" in audio.warnings[0]


def test_a_flac_that_claims_days_is_decoded(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """The same where the header counts samples, which no byte of the file belies."""
    recording = write_recording(tmp_path / "a.flac", codec="flac")
    body = bytearray(recording.read_bytes())
    (packed,) = struct.unpack_from(">Q", body, 18)  # rate, channels, bits, and 36 bits of samples
    struct.pack_into(">Q", body, 18, packed >> 36 << 36 | 100 * 3600 * 16_000)
    recording.write_bytes(body)

    audio = decode(recording, limits=FIVE_SECONDS)

    assert 2.0 == audio.duration_seconds
    assert 360_000.0 == audio.duration_seconds_from_header
    assert "claims to last 360000.0 s; 2.0 s of audio could be decoded" in audio.warnings[0]


def test_too_many_streams_are_refused(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """As many as are allowed are taken, one more is not, and the message counts them."""
    recording = write_streams(tmp_path / "a.mka", count=5)

    assert () == decode(recording, limits=DecodingLimits(max_streams=5)).warnings
    with pytest.raises(AudioUndecodableError, match="has 5 audio streams, and at most 4 are taken"):
        decode(recording, limits=DecodingLimits(max_streams=4))


def test_too_many_channels_are_refused(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """One more than FFmpeg can mix is refused by its number."""
    with pytest.raises(AudioUndecodableError, match="has 65 channels, and at most 64 are taken"):
        decode(write_wav(tmp_path / "a.wav", [tone()] * 65))


@pytest.mark.parametrize("rate_hz", [1, 999, 768_001])
def test_rates_that_no_sound_has_are_refused(tmp_path: Path, decode: Callable[..., Decoded], rate_hz: int) -> None:
    """One sample a second would become sixteen thousand."""
    recording = write_wav(tmp_path / "a.wav", [tone()])
    body = bytearray(recording.read_bytes())
    struct.pack_into("<I", body, 24, rate_hz)
    recording.write_bytes(body)

    with pytest.raises(AudioUndecodableError, match=rf"has {rate_hz:,} samples a second; 1,000 to 768,000"):
        decode(recording)


def write_streams(path: Path, *, count: int) -> Path:
    """Write a second of the tone as often as that."""
    with av.open(path, mode="w") as container:
        streams = [container.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(count)]
        for stream in streams:
            assert isinstance(stream, AudioStream)
            frame = av.AudioFrame.from_ndarray(tone().reshape(1, -1), "s16", "mono")
            frame.sample_rate = 16_000
            container.mux(stream.encode(frame))
    return path
