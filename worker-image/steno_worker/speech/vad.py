"""Find speech, by the Silero model that faster-whisper ships.

Handed to `planning` by `engines.chunked`. It runs on one core, at some 400 times real time. Must not know chunks.
"""

import os
from typing import Final

from steno_worker.samples import Samples
from steno_worker.speech.spans import Span

MIN_SILENCE_MILLISECONDS: Final = 160
"""Shorter pauses do not part two spans; what faster-whisper's batched pipeline takes (1.2.1)."""

PAD_MILLISECONDS: Final = 160
"""Added to each end of a span, as the model hears onsets late; no more than a pause, so that pads do not meet."""

_SILENCED: Final = {"ORT_DISABLE_TELEMETRY": "1"}
"""Without it ONNX Runtime, which runs Silero, reports its use to its maker."""


def find_speech(samples: Samples, max_seconds: float) -> list[Span]:
    """Give the stretches of speech in order, none longer than `max_seconds`.

    A longer one is parted at a pause of 98 ms or more; where it has none, in the middle of the sound.
    """
    os.environ.update(_SILENCED)  # read once, when it is first used
    # Imported only now: with it come CTranslate2 and ONNX Runtime, which an engine elsewhere may never need.
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415

    if not len(samples):
        return []
    options = VadOptions(
        max_speech_duration_s=max_seconds,
        min_silence_duration_ms=MIN_SILENCE_MILLISECONDS,
        speech_pad_ms=PAD_MILLISECONDS,
    )
    return [Span(start=found["start"], end=found["end"]) for found in get_speech_timestamps(samples, options)]
