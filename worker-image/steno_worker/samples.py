"""What decoder and engines hand to one another: sound as Whisper was trained on it. Knows no file and no engine."""

from typing import Final

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ: Final = 16_000
"""Whisper's training rate (Radford et al. 2022, section 2.2)."""

FULL_SCALE: Final = 32_768
"""What a 16-bit sample is divided by to lie in [-1, 1)."""

Samples = npt.NDArray[np.float32]
"""float32, shape (num_samples,), mono, `SAMPLE_RATE_HZ`, in [-1, 1)."""


def duration_seconds(samples: Samples) -> float:
    """Give the playing time of `samples`."""
    return len(samples) / SAMPLE_RATE_HZ
