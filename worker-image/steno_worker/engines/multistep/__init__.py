"""geraldthewes/multistep-transcriber as an engine: Whisper, then sentences, names, speakers, step by step.

Loaded by `load_engine`, in an image of its own (``worker-image/multistep``). The package is run as it is, and nothing
of it is patched; its faults, which ADR 0009 lists, are met from outside::

    settings      options and environment; what is absent is refused at once
    package       the only import of it
    overheard     what it prints: errors that it swallows
    names         its steps
    reading       their results: sound or not, mended, and as a transcript
    folder        where it keeps them, and their copies among the checkpoints
    steps         one after another
    accounting    what of the speech the transcript covers

Must not know what becomes of the segments.
"""

import logging
from collections.abc import Callable
from typing import Any, Final, Self

from steno_types import EngineSettings, Task
from steno_worker.engines import Hearing, SpeechRequest, Work
from steno_worker.engines.multistep.accounting import accounted, stretches_of
from steno_worker.engines.multistep.folder import StepFolder
from steno_worker.engines.multistep.overheard import is_out_of_memory, listening
from steno_worker.engines.multistep.package import Package
from steno_worker.engines.multistep.settings import MultistepEnvironment, MultistepOptions
from steno_worker.engines.multistep.steps import Walk
from steno_worker.errors import (
    DeviceOutOfMemoryError,
    EngineFailedError,
    LanguageUnsupportedError,
    OptionUnsupportedError,
)
from steno_worker.languages import tag_of
from steno_worker.logs import fields
from steno_worker.models import Locate, locate
from steno_worker.report import Coverage
from steno_worker.samples import SAMPLE_RATE_HZ
from steno_worker.speech.planning import FindSpeech
from steno_worker.speech.vad import find_speech
from steno_worker.transcript import EngineInfo

LANGUAGE_WINDOW_SAMPLES: Final = 30 * SAMPLE_RATE_HZ
"""Of the recording's beginning: what faster-whisper itself goes by when nobody tells it the language."""

ENGLISH: Final = "en"
"""The language of all of the package's models but Whisper's, where that is not English-only as well."""

_LANGUAGE: Final = "language"
"""Name of a checkpoint: the language that Whisper detected."""

logger = logging.getLogger(__name__)


class Multistep:
    """The package, with its Whisper model loaded."""

    def __init__(
        self,
        package: Package,
        whisper: Any,
        config: Any,
        *,
        settings: EngineSettings,
        model_digest: str,
        options: MultistepOptions,
        environment: MultistepEnvironment,
        find_speech: FindSpeech,
    ) -> None:
        self._package = package
        self._whisper = whisper
        self._options = options
        self._find_speech = find_speech
        self._secrets = environment.secrets
        self._config = config
        self.info = EngineInfo(
            name=settings.name,
            version=package.version,
            model=settings.model,
            device=whisper.model.device,
            compute_type=whisper.model.compute_type,
            model_digest=model_digest,
        )

    @classmethod
    def load(
        cls, settings: EngineSettings, *, locate: Locate = locate, find_speech: FindSpeech = find_speech
    ) -> Self:
        """Read options and environment, import the package, load its Whisper model.

        Raises
        ------
        ModelUnknownError, SettingsInvalidError
            Terminal, the platform's (exit 78).
        OptionUnsupportedError
            Terminal, the user's (exit 65).
        ModelDownloadFailedError, DeviceOutOfMemoryError, ScratchFullError
            Retryable (exit 69, 75).
        """
        options = MultistepOptions.read(settings)
        environment = MultistepEnvironment.read(options)
        package = Package.load()
        located = locate(settings.model)
        whisper = package.whisper(located.path, name=settings.model, secrets=environment.secrets)
        config = package.config.model_validate(environment.transcriber_config(options, model=str(located.path)))
        return cls(
            package,
            whisper,
            config,
            settings=settings,
            model_digest=located.digest,
            options=options,
            environment=environment,
            find_speech=find_speech,
        )

    def check(self, request: SpeechRequest) -> None:
        """Refuse at once what the package has no way to be told, or does not tell."""
        if request.language != "auto" and request.language.split("-", maxsplit=1)[0].lower() != ENGLISH:
            if request.language == "mixed":
                raise OptionUnsupportedError("language is mixed; multistep takes a recording for one language.")
            raise LanguageUnsupportedError(
                f"The language asked for is {request.language}; multistep's models are made for English."
            )
        refused = {
            "task is translate": request.task is Task.TRANSLATE,
            "prompt is set": request.prompt is not None,
            "hotwords are set": bool(request.hotwords),
            "wordTimestamps is set": request.word_timestamps,
        }
        for said, asked in refused.items():
            if asked:
                raise OptionUnsupportedError(f"{said}; multistep has no way to do that. Choose faster-whisper.")

    def transcribe(self, work: Work) -> Hearing:
        """Transcribe a recording, as `Engine.transcribe` promises."""
        stretches = stretches_of(work.audio, self._find_speech if work.vad else None)
        if not stretches:  # Whisper would make words of silence
            return Hearing(language=None, segments=(), coverage=Coverage(speech_seconds=0.0, covered_seconds=0.0))
        pieces = work.checkpoints.load()
        folder = StepFolder.make(work.scratch, work.checkpoints, pieces)
        folder.write_recording(work.audio)
        language = self._language(work, pieces.get(_LANGUAGE))
        duration_seconds = work.audio.duration_seconds
        walk = Walk(
            package=self._package,
            folder=folder,
            config=self._config,
            options=self._options,
            duration_seconds=duration_seconds,
            secrets=self._secrets,
            advance=_advancing(work.progress, duration_seconds),
        )
        lines = walk.lines()
        segments, coverage = accounted(lines, stretches, duration_seconds)
        speakers = {line.speaker for line in lines} - {None}
        logger.info("multistep is done", extra=fields(speakers=len(speakers), failed_steps=len(walk.warnings)))
        if language != ENGLISH and segments:
            walk.warnings.append(f"The language was detected as {language}; multistep's models are made for English.")
        return Hearing(
            language=language if segments else None,
            segments=segments,
            coverage=coverage,
            warnings=tuple(walk.warnings),
        )

    def _language(self, work: Work, known: bytes | None) -> str:
        """Detect the language as the package's Whisper does, which tells nobody."""
        if known is not None:
            return known.decode()
        if not self._whisper.model.is_multilingual:
            return ENGLISH
        try:
            with listening():
                language, *_ = self._whisper.detect_language(work.audio.read(0, LANGUAGE_WINDOW_SAMPLES))
        except RuntimeError as error:
            if is_out_of_memory(str(error)):
                raise DeviceOutOfMemoryError(f"The GPU ran out of memory ({error}).") from error
            raise EngineFailedError(f"The language could not be detected ({error}).") from error
        return work.checkpoints.put(_LANGUAGE, (tag_of(language) or language).encode()).decode()


def _advancing(progress: Callable[[float], None], duration_seconds: float) -> Callable[[int, int], None]:
    """Spread the recording's seconds evenly over the steps: nothing tells how far a step is."""

    def advance(done: int, wanted: int) -> None:
        progress(duration_seconds * min(done / wanted, 1.0))

    return advance
