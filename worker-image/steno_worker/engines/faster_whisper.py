"""Whisper on CTranslate2, by faster-whisper.

Loaded by `load_engine`. Speech is found first (Silero VAD), so that silence is never given to the model, which would
make words of it; what remains is decoded window after window. No window is conditioned on the text of the one before,
as an error would then be carried on.
"""

import importlib.metadata
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.transcribe import restore_speech_timestamps
from faster_whisper.vad import collect_chunks, get_speech_timestamps

from steno_types import EngineSettings
from steno_worker.engines import Heard
from steno_worker.errors import (
    DeviceOutOfMemoryError,
    LanguageUnsupportedError,
    ModelUnknownError,
    SettingsInvalidError,
)
from steno_worker.processors import thread_count
from steno_worker.samples import SAMPLE_RATE_HZ, Samples, duration_seconds
from steno_worker.transcript import EngineInfo, Segment, Word

_SILENCED: Final = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
"""Without these, ONNX Runtime (which runs the VAD) and the Hub's client report their use to their makers."""

_WHISPER_CODES: Final = {"cmn": "zh", "fil": "tl", "iw": "he", "jv": "jw", "nb": "no"}
"""Primary subtags of BCP 47 that Whisper spells otherwise, or knows by their macrolanguage."""

_BCP_47_CODES: Final = {"jw": "jv"}
"""Whisper's codes that are no BCP 47."""


class FasterWhisper:
    """A Whisper model in this process."""

    def __init__(self, model: WhisperModel, info: EngineInfo) -> None:
        self._model = model
        self.info = info

    @classmethod
    def load(cls, settings: EngineSettings) -> Self:
        """Load a model by its folder, its size (``large-v3``) or its repository on the Hugging Face Hub."""
        os.environ.update(_SILENCED)  # read once, when either is first used
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        compute_type = settings.compute_type or ("float16" if device == "cuda" else "int8")
        possible = ctranslate2.get_supported_compute_types(device)
        if compute_type not in possible:
            known = ", ".join(sorted(possible))
            raise SettingsInvalidError(f"engine.computeType is {compute_type}; on this {device} it may be {known}.")
        if settings.model.startswith("/") and not Path(settings.model).is_dir():
            raise ModelUnknownError(f"There is no folder {settings.model} in the worker's image or volumes.")
        try:
            with _device_errors():
                model = WhisperModel(
                    settings.model, device=device, compute_type=compute_type, cpu_threads=thread_count()
                )
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelUnknownError(f"The model {settings.model} cannot be loaded ({error}).") from error
        info = EngineInfo(
            name=settings.name,
            version=importlib.metadata.version("faster-whisper"),
            model=settings.model,
            device=device,
            compute_type=model.model.compute_type,
            beam_size=settings.beam_size,
        )
        return cls(model, info)

    def transcribe(self, samples: Samples, *, language: str, word_timestamps: bool) -> Heard:
        """Transcribe a recording, as `Engine` promises.

        Notes
        -----
        VAD and log-mel features are computed over the whole recording at once: 75 MB a minute of it at the peak
        (measured with faster-whisper 1.2.1 on 19 minutes).
        """
        given = None if language == "auto" else language
        code = given and whisper_code(given, known=self._model.supported_languages, model=self.info.model)
        spoken = get_speech_timestamps(samples)
        if not spoken:
            return Heard(language=given, segments=iter(()))
        chunks, _ = collect_chunks(samples, spoken)
        with _device_errors():
            pieces, about = self._model.transcribe(
                np.concatenate(chunks),
                language=code,
                beam_size=self.info.beam_size,
                word_timestamps=word_timestamps,
                condition_on_previous_text=False,
            )
        restored = restore_speech_timestamps(pieces, spoken, SAMPLE_RATE_HZ)
        return Heard(
            language=given or _BCP_47_CODES.get(about.language, about.language),
            segments=_segments(restored, end_seconds=duration_seconds(samples)),
        )


def whisper_code(language: str, *, known: Collection[str], model: str) -> str:
    """Give Whisper's code for a BCP 47 tag; `LanguageUnsupportedError` unless it is `known` to the model.

    faster-whisper would quietly take an English-only model for any language.
    """
    subtag = language.split("-", maxsplit=1)[0].lower()
    code = _WHISPER_CODES.get(subtag, subtag)
    if code not in known:
        few = ", ".join(sorted(known)) if len(known) <= 5 else f"{len(known)} others"  # noqa: PLR2004 -- to be read
        raise LanguageUnsupportedError(f"The language asked for is {language}; the model {model} knows {few}.")
    return code


def _segments(pieces: Iterator[Any], *, end_seconds: float) -> Iterator[Segment]:
    """Turn faster-whisper's segments into ours; a last one whose end the model never told ends with the recording."""
    number = 0
    with _device_errors():
        for piece in pieces:
            if not (text := piece.text.strip()):
                continue
            yield Segment(
                id=number,
                start=_time(piece.start, end_seconds),
                end=_time(piece.end, end_seconds),
                text=text,
                avg_log_prob=round(float(piece.avg_logprob), 4),
                no_speech_prob=round(float(piece.no_speech_prob), 4),
                compression_ratio=round(float(piece.compression_ratio), 4),
                words=None if piece.words is None else tuple(_word(word, end_seconds) for word in piece.words),
            )
            number += 1


def _word(word: Any, end_seconds: float) -> Word:
    return Word(
        start=_time(word.start, end_seconds),
        end=_time(word.end, end_seconds),
        word=word.word,
        probability=round(float(word.probability), 4),
    )


def _time(seconds: float, end_seconds: float) -> float:
    return round(min(max(float(seconds), 0.0), end_seconds), 3)


@contextmanager
def _device_errors() -> Iterator[None]:
    """Tell a full GPU from CTranslate2's other errors, which it raises as one type."""
    try:
        yield
    except RuntimeError as error:
        if "out of memory" in str(error) or "CUBLAS_STATUS_ALLOC_FAILED" in str(error):
            raise DeviceOutOfMemoryError(f"The GPU ran out of memory ({error}).") from error
        raise
