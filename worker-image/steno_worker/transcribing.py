"""From a recording's samples to a transcript and its report: what a pod and a laptop do alike.

Called by `pipeline` for a job, and by `command` for ``steno transcribe``. Judges whether the transcript covers the
speech. Must not know where a recording comes from or where results go.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steno_types import JobIdentity
from steno_worker.checkpoints import Checkpoints
from steno_worker.decoding import Audio
from steno_worker.engines import Engine, Hearing, SpeechRequest, Work
from steno_worker.errors import TranscriptIncompleteError
from steno_worker.rendering import NO_SPEECH
from steno_worker.report import Coverage, Drop, Report
from steno_worker.speech.coverage import TOLERATED_SECONDS, missing_seconds, seconds_dropped
from steno_worker.transcript import Transcript

TOLD_SPANS: Final = 5
"""Missing stretches that a message names; the report has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed:
    """What came of a recording."""

    transcript: Transcript
    report: Report

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know, in sentences."""
        return self.report.warnings


def transcribe(
    recording: Path,
    audio: Audio,
    engine: Engine,
    request: SpeechRequest,
    *,
    job: JobIdentity,
    vad: bool,
    checkpoints: Checkpoints,
    scratch: Path,
    progress: Callable[[float], None],
) -> Transcribed:
    """Have `engine` transcribe a recording.

    Parameters
    ----------
    recording, audio
        The file, and its samples, which may still be growing.
    job
        Whose transcript it is.
    scratch
        A folder for the engine's own files.
    progress
        Told how many seconds of the audio are done.

    Raises
    ------
    TranscriptIncompleteError
        Terminal, the user's (exit 65): the transcript lacks more of the speech than is tolerated.
    WorkerError
        As `Engine.transcribe` and `Audio.read`.
    """
    hearing = engine.transcribe(
        Work(
            request=request,
            audio=audio,
            recording=recording,
            scratch=scratch,
            checkpoints=checkpoints,
            vad=vad,
            progress=progress,
        )
    )
    duration_seconds = round(audio.duration_seconds, 3)
    progress(duration_seconds)
    _judge(hearing.coverage)
    transcript = Transcript(
        job=job,
        language=hearing.language,
        duration_seconds=duration_seconds,
        task=request.task,
        engine=engine.info,
        segments=hearing.segments,
    )
    report = Report(
        job=job,
        audio_seconds=duration_seconds,
        coverage=hearing.coverage,
        warnings=(*audio.warnings, *hearing.warnings, *_warnings(hearing)),
    )
    return Transcribed(transcript=transcript, report=report)


def _judge(coverage: Coverage) -> None:
    missing = missing_seconds(coverage)
    if missing is None:
        return
    gaps = [span for span in coverage.dropped if span.reason is not Drop.NO_SPEECH]
    told = ", ".join(f"{span.start:.1f}-{span.end:.1f} s ({span.reason})" for span in gaps[:TOLD_SPANS])
    more = f" and {len(gaps) - TOLD_SPANS} more" if len(gaps) > TOLD_SPANS else ""
    raise TranscriptIncompleteError(
        f"Of {coverage.speech_seconds:.1f} s of speech {missing:.1f} s have no text: {told}{more}."
    )


def _warnings(hearing: Hearing) -> list[str]:
    """Say what the coverage means for a reader."""
    dropped = hearing.coverage.dropped
    warnings = []
    if not hearing.segments:
        warnings.append(NO_SPEECH)
    if hearing.segments and (missing := seconds_dropped(dropped, Drop.GAP, Drop.UNINTELLIGIBLE)):
        warnings.append(f"{missing:.1f} s of speech have no text; the report says where.")
    if hearing.segments and (other := seconds_dropped(dropped, Drop.NO_SPEECH)) > TOLERATED_SECONDS:
        warnings.append(
            f"{other:.1f} s that sounded like speech were taken for something else; the report says where."
        )
    return warnings
