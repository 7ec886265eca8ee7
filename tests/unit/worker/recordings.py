"""Write recordings of a tone in any container and codec of FFmpeg, so that no binary lies in the repository."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

TONE_HZ = 440
"""Of every recording made here."""

_FRAME_SAMPLES = 1024


def write_recording(
    path: Path,
    *,
    codec: str | None = "pcm_s16le",
    video_codec: str | None = None,
    rate_hz: int = 16_000,
    layout: str = "mono",
    seconds: float = 2.0,
) -> Path:
    """Write `seconds` of the tone, of moving pictures, or of both, to `path`, whose suffix names the container."""
    with av.open(path, mode="w") as container:
        video = (
            container.add_stream(video_codec, rate=10, width=64, height=64, pix_fmt="yuv420p")
            if video_codec
            else None
        )
        audio = container.add_stream(codec, rate=rate_hz, layout=layout) if codec else None
        if isinstance(video, VideoStream):
            _write_pictures(container, video, count=int(seconds * 10))
        if isinstance(audio, AudioStream):
            _write_tone(container, audio, rate_hz=rate_hz, layout=layout, seconds=seconds)
    return path


def _write_tone(
    container: OutputContainer, stream: AudioStream, *, rate_hz: int, layout: str, seconds: float
) -> None:
    times = np.arange(int(rate_hz * seconds)) / rate_hz
    tone = (0.5 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.float32)
    channels = av.AudioLayout(layout).nb_channels
    resampler = av.AudioResampler(format=stream.format, layout=layout, rate=rate_hz, frame_size=_FRAME_SAMPLES)
    for start in range(0, len(tone), _FRAME_SAMPLES):
        frame = av.AudioFrame.from_ndarray(
            np.tile(tone[start : start + _FRAME_SAMPLES], (channels, 1)), "fltp", layout
        )
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
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
