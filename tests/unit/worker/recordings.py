"""Write recordings of a tone in any container and codec of FFmpeg, so that no binary lies in the repository."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from steno_worker.samples import SAMPLE_RATE_HZ, Samples

TONE_HZ = 440
"""Of every recording made here."""

_FRAME_SAMPLES = 1024


def loudest_hz(samples: Samples) -> float:
    """Find the pitch of a tone."""
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * SAMPLE_RATE_HZ / len(samples))


def write_recording(
    path: Path,
    *,
    codec: str | None = "pcm_s16le",
    video_codec: str | None = None,
    rate_hz: int = 16_000,
    layout: str = "mono",
    seconds: float = 2.0,
    starts_at_seconds: float = 0.0,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write `seconds` of the tone, of moving pictures, or of both, to `path`, whose suffix names the container.

    Pictures start at once, the tone at `starts_at_seconds`; `container_options` are those of FFmpeg's muxer.
    """
    with av.open(path, mode="w", options=container_options or {}) as container:
        video = (
            container.add_stream(video_codec, rate=10, width=64, height=64, pix_fmt="yuv420p")
            if video_codec
            else None
        )
        audio = container.add_stream(codec, rate=rate_hz, layout=layout) if codec else None
        if isinstance(video, VideoStream):
            _write_pictures(container, video, count=int(seconds * 10))
        if isinstance(audio, AudioStream):
            start = int(starts_at_seconds * rate_hz)
            _write_tone(container, audio, rate_hz=rate_hz, layout=layout, seconds=seconds, start=start)
    return path


def write_silence(path: Path, *, codec: str, rate_hz: int, seconds: int) -> Path:
    """Write silence in frames of ten seconds: hours of it in a moment, and in few bytes."""
    with av.open(path, mode="w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono")
        assert isinstance(stream, AudioStream)
        zeros = np.zeros((1, rate_hz * 10), np.int16)
        for number in range(seconds // 10):
            frame = av.AudioFrame.from_ndarray(zeros, "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, number * rate_hz * 10, Fraction(1, rate_hz)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_wav(
    path: Path, channels: "list[np.ndarray[tuple[int], np.dtype[np.int16]]]", *, data_bytes: int | None = None
) -> Path:
    """Write a WAV by hand, one array per channel; its header claims `data_bytes`, or tells the truth."""
    body = np.stack(channels, axis=1).astype("<i2").tobytes()
    claimed = len(body) if data_bytes is None else data_bytes
    count = len(channels)
    form = struct.pack("<HHIIHH", 1, count, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * count * 2, count * 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", claimed)
    path.write_bytes(b"RIFF" + struct.pack("<I", min(len(chunks) + claimed, 0xFFFFFFFF)) + chunks + body)
    return path


def tone(*, hz: int = TONE_HZ, seconds: float = 1.0) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """Give a tone at 16 kHz and half of full scale."""
    times = np.arange(int(SAMPLE_RATE_HZ * seconds)) / SAMPLE_RATE_HZ
    return np.asarray(16_384 * np.sin(2 * np.pi * hz * times)).astype(np.int16)


def remux(source: Path, target: Path, change: "Callable[[float, Packet[AudioStream]], bool]") -> Path:
    """Copy those packets of a tone for which `change`, told their seconds and free to alter them, says yes."""
    with av.open(source) as given, av.open(target, mode="w") as made:
        stream = given.streams.audio[0]
        copy = made.add_stream_from_template(stream)
        for packet in given.demux(stream):
            if packet.pts is not None and change(float(packet.pts * packet.time_base), packet):
                packet.stream = copy
                made.mux(packet)
    return target


def cut(recording: Path, *, kept: float) -> Path:
    """Keep the first part of a file, as a full disk or a broken upload does; `kept` is a share of its bytes."""
    body = recording.read_bytes()
    recording.write_bytes(body[: int(len(body) * kept)])
    return recording


def _write_tone(
    container: OutputContainer, stream: AudioStream, *, rate_hz: int, layout: str, seconds: float, start: int
) -> None:
    times = np.arange(int(rate_hz * seconds)) / rate_hz
    sound = (0.5 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.float32)
    channels = av.AudioLayout(layout).nb_channels
    resampler = av.AudioResampler(format=stream.format, layout=layout, rate=rate_hz, frame_size=_FRAME_SAMPLES)
    for offset in range(0, len(sound), _FRAME_SAMPLES):
        block = np.repeat(sound[offset : offset + _FRAME_SAMPLES], channels)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(block, "flt", layout)
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, start + offset, Fraction(1, rate_hz)
        for converted in resampler.resample(frame):
            container.mux(stream.encode(converted))
    for converted in resampler.resample(None):
        container.mux(stream.encode(converted))
    container.mux(stream.encode(None))


def _write_pictures(container: OutputContainer, stream: VideoStream, *, count: int) -> None:
    for number in range(count):
        picture = np.full((64, 64, 3), number % 256, dtype=np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
    container.mux(stream.encode(None))
