"""Samples to FLAC, in pieces that fit an upload.

Called by `server`; `limits` plans chunks by `seconds_that_fit`. FLAC is lossless, half of WAV's bytes on speech (47 %
on the fixture meeting), and at worst 1 % more than these on noise, so that a chunk's length can be planned from its
bytes. Lossy formats would be smaller still and cost words. Must not know models or the client.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame

from steno_worker.samples import SAMPLE_RATE_HZ, Samples, duration_seconds

FLAC_HEADER_BYTES: Final = 16_384
"""FFmpeg's is 8.3 kB (measured), most of it padding."""

FLAC_MAX_BYTES_PER_SECOND: Final = 32_320
"""Of noise: 16,000 samples of 2 bytes, and frame headers of 0.5 % (measured), doubled for certainty."""

SHORTEST_UPLOAD_SECONDS: Final = 0.2
"""OpenAI refuses less than 0.1 s; what is shorter is filled up with silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A chunk, or a piece of one that is too large."""

    start_seconds: float
    """From the chunk's start."""
    duration_seconds: float
    flac: bytes


def seconds_that_fit(max_bytes: int) -> float:
    """Give how much audio a file of `max_bytes` holds for certain, whatever is heard in it."""
    return (max_bytes - FLAC_HEADER_BYTES) / FLAC_MAX_BYTES_PER_SECOND


def uploads_of(chunk: Samples, *, max_bytes: int, start_seconds: float = 0.0) -> Iterator[Upload]:
    """Encode a chunk; one that is longer than was planned is halved until its pieces fit."""
    flac = encode_flac(chunk)
    if len(flac) <= max_bytes:
        yield Upload(start_seconds=start_seconds, duration_seconds=duration_seconds(chunk), flac=flac)
        return
    middle = len(chunk) // 2
    yield from uploads_of(chunk[:middle], max_bytes=max_bytes, start_seconds=start_seconds)
    later_seconds = start_seconds + middle / SAMPLE_RATE_HZ
    yield from uploads_of(chunk[middle:], max_bytes=max_bytes, start_seconds=later_seconds)


def encode_flac(samples: Samples) -> bytes:
    """Encode `samples` as a FLAC file of 16 bits, at least `SHORTEST_UPLOAD_SECONDS` long."""
    whole = np.round(np.clip(samples, -1, 32767 / 32768) * 32768).astype(np.int16)
    lacking = round(SHORTEST_UPLOAD_SECONDS * SAMPLE_RATE_HZ) - len(whole)
    frame = AudioFrame.from_ndarray(np.pad(whole, (0, max(lacking, 0)))[np.newaxis], format="s16", layout="mono")
    frame.sample_rate, frame.pts = SAMPLE_RATE_HZ, 0
    file = io.BytesIO()
    with av.open(file, mode="w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE_HZ, layout="mono", format="s16")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
