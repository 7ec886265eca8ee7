"""How much of a stranger's file the worker takes on. Knows no file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingLimits:
    """What a recording may ask of the worker; a job's own settings cannot raise it."""

    max_seconds: float = 43_200.0
    """Longest recording: 12 hours, 1.4 GB of spooled samples. Counted while decoding, as a header may lie."""
    max_streams: int = 64
    """Most audio streams. Broadcast masters have up to 32; FFmpeg itself stops at 1,000 streams of any kind."""
    max_channels: int = 64
    """Most channels of a stream: as many as FFmpeg's resampler can mix (``SWR_CH_MAX``)."""
    min_source_rate_hz: int = 1_000
    """Lowest rate of a stream. A FLAC frame has up to 65,535 samples: at 1 Hz one of them would last 18 hours."""
    max_source_rate_hz: int = 768_000
    """Highest rate of a stream: that of the fastest converters on sale, sixteen times 48 kHz."""
