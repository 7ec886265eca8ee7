"""All channels are mixed, or one is heard alone."""

import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from steno_worker.errors import OptionUnsupportedError
from steno_worker.samples import SAMPLE_RATE_HZ
from unit.worker.decoding.conftest import Decoded
from unit.worker.recordings import TONE_HZ, loudest_hz, tone, write_recording, write_wav


@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 64])
def test_channels_that_nobody_placed_are_mixed(tmp_path: Path, decode: Callable[..., Decoded], count: int) -> None:
    """A WAV of any number of equal channels sounds like one of them."""
    audio = decode(write_wav(tmp_path / "a.wav", [tone()] * count))

    assert SAMPLE_RATE_HZ == len(audio.samples)
    assert pytest.approx(0.5, abs=0.01) == float(np.abs(audio.samples).max())


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize(
    ("name", "codec"), [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.m4a", "aac")], ids=["wav", "flac", "planar"]
)
def test_one_channel_is_heard_alone(
    tmp_path: Path, decode: Callable[..., Decoded], name: str, codec: str, channel: int
) -> None:
    """Of three tones on three channels, only the chosen one is left."""
    pitches = (300, 500, 700)
    raw = write_wav(tmp_path / "raw.wav", [tone(hz=hz) for hz in pitches])
    recording = convert(raw, tmp_path / name, codec)

    audio = decode(recording, channel=channel)

    assert pytest.approx(pitches[channel], abs=2) == loudest_hz(audio.samples)


def test_the_last_of_many_channels_can_be_heard_alone(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """Eight channels in planes of their own, which PyAV's arrays do not survive, are told apart."""
    recording = write_recording(tmp_path / "a.m4a", codec="aac", layout="7.1", rate_hz=48_000)

    audio = decode(recording, channel=7)

    assert pytest.approx(2.0, abs=0.1) == audio.duration_seconds


def test_the_only_channel_can_be_chosen(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """Channel 0 of a mono recording is that recording."""
    audio = decode(write_wav(tmp_path / "a.wav", [tone()]), channel=0)

    assert pytest.approx(TONE_HZ, abs=2) == loudest_hz(audio.samples)


@pytest.mark.parametrize(
    ("count", "channel", "said"),
    [
        pytest.param(1, 1, "channel 1, but the recording has 1 channel, number 0", id="mono"),
        pytest.param(2, 2, "channel 2, but the recording has 2 channels, 0 to 1", id="stereo"),
        pytest.param(2, -1, "channel -1", id="negative"),
    ],
)
def test_a_channel_that_is_not_there_is_refused(
    tmp_path: Path, decode: Callable[..., Decoded], count: int, channel: int, said: str
) -> None:
    """The message counts what is there, so that the caller can choose again."""
    with pytest.raises(OptionUnsupportedError, match=said):
        decode(write_wav(tmp_path / "a.wav", [tone()] * count), channel=channel)


@pytest.mark.parametrize("channel", [None, 0, 1], ids=["mixed", "first", "second"])
def test_channels_in_an_unusual_order_end_no_process(
    tmp_path: Path, decode: Callable[..., Decoded], channel: int | None
) -> None:
    """A CAF that says "right, left" is decoded, though PyAV frees its layout too often."""
    recording = write_caf(tmp_path / "a.caf", labels=(2, 1))

    audio = decode(recording, channel=channel)

    assert pytest.approx(TONE_HZ, abs=2) == loudest_hz(audio.samples)


def convert(source: Path, target: Path, codec: str) -> Path:
    """Write the samples of a WAV of three channels in another codec."""
    with av.open(source) as given, av.open(target, mode="w") as made:
        stream = made.add_stream(codec, rate=SAMPLE_RATE_HZ, layout="3.0")
        assert isinstance(stream, AudioStream)
        resampler = av.AudioResampler(format=stream.format, layout="3.0", rate=SAMPLE_RATE_HZ)
        for frame in given.decode(audio=0):
            array = frame.to_ndarray()
            placed = av.AudioFrame.from_ndarray(array, "s16", "3.0")
            placed.sample_rate = SAMPLE_RATE_HZ
            for converted in resampler.resample(placed):
                made.mux(stream.encode(converted))
        made.mux(stream.encode(None))
    return target


def write_caf(path: Path, *, labels: tuple[int, ...]) -> Path:
    """Write a CAF by hand, with a label of Apple's for each channel."""
    body = np.stack([tone()] * len(labels), axis=1).astype(">i2").tobytes()
    form = struct.pack(">d4sIIIII", SAMPLE_RATE_HZ, b"lpcm", 0, 2 * len(labels), 1, len(labels), 16)
    layout = struct.pack(">III", 0, 0, len(labels))
    layout += b"".join(struct.pack(">IIfff", label, 0, 0, 0, 0) for label in labels)
    chunks = ((b"desc", form), (b"chan", layout), (b"data", bytes(4) + body))
    path.write_bytes(
        b"caff\x00\x01\x00\x00" + b"".join(name + struct.pack(">q", len(part)) + part for name, part in chunks)
    )
    return path
