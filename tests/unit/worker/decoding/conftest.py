"""What the decoder's tests share: a recording decoded from beginning to end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from steno_worker.decoding import start_decoding
from steno_worker.samples import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """All that an `Audio` had to give."""

    samples: Samples
    duration_seconds: float
    duration_seconds_from_header: float | None
    warnings: tuple[str, ...]


@pytest.fixture
def decode(tmp_path: Path) -> Callable[..., Decoded]:
    """Decode a recording whole; options are those of `start_decoding`."""

    def decode_whole(recording: Path, **options: Any) -> Decoded:
        with start_decoding(recording, tmp_path / "spool", **options) as audio:
            return Decoded(
                samples=audio.read(0, audio.num_samples),
                duration_seconds=audio.duration_seconds,
                duration_seconds_from_header=audio.duration_seconds_from_header,
                warnings=audio.warnings,
            )

    return decode_whole
