"""One attempt, from the manifest that may be there already to the one that counts.

Called by `worker` with everything it works with. Reads as DESIGN.md's list: manifest, probe, fetch, decode,
transcribe, render, publish. Must not know the environment, exit codes or signals.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from steno_store import ObjectStore
from steno_types import (
    Assignment,
    Effective,
    EngineSettings,
    FailureStatus,
    Manifest,
    Media,
    Outcome,
    Stage,
)
from steno_worker.decoding import Audio, decode
from steno_worker.engines import Engine
from steno_worker.errors import TerminalError, WorkerError
from steno_worker.logs import fields
from steno_worker.progress import ProgressLog
from steno_worker.publish import Results
from steno_worker.rendering import NO_SPEECH, Rendering, render_all
from steno_worker.source import fetch
from steno_worker.transcript import Segment, Transcript

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one attempt has to do, and what it works with."""

    assignment: Assignment
    name: str
    """Of this pod."""
    store: ObjectStore
    scratch: Path
    """An empty folder; the recording lies there while it is decoded."""
    load_engine: Callable[[EngineSettings], Engine]
    progress: ProgressLog
    clock: Callable[[], float] = time.monotonic
    """Measures durations, in seconds."""

    @property
    def results(self) -> Results:
        """Where its results belong."""
        return Results(
            store=self.store, job=self.assignment.job, prefix=self.assignment.results_prefix, attempt=self.name
        )


def run_attempt(attempt: Attempt) -> Manifest:
    """Bring the job to an outcome, and give the manifest that counts: this attempt's or an earlier claimant's.

    A terminal failure is claimed as well, so the manifest may say Failed.

    Raises
    ------
    WorkerError
        Nothing is claimed: retryable, or terminal while the store is away or refuses.
    """
    if (claimed := attempt.results.claimed()) is not None:
        logger.info("the outcome is claimed already", extra=fields(outcome=claimed.outcome, by=claimed.attempt))
        return claimed
    try:
        attempt.results.probe()
        return _transcribe_and_publish(attempt)
    except TerminalError as error:
        return _claim_failure(attempt, error)


def _claim_failure(attempt: Attempt, error: TerminalError) -> Manifest:
    logger.error("%s", error, extra=fields(reason=error.reason))
    failure = FailureStatus.of(error.reason, str(error), exit_code=error.failure.exit_code)
    try:
        return attempt.results.claim(
            Manifest(
                job=attempt.assignment.job,
                attempt=attempt.name,
                outcome=Outcome.FAILED,
                time=datetime.now(UTC),
                failure=failure,
            )
        )
    except WorkerError as refusal:  # exit code and termination message still tell
        logger.warning("the failure could not be claimed: %s", refusal)
        raise error from refusal


def _transcribe_and_publish(attempt: Attempt) -> Manifest:
    clock, progress = attempt.clock, attempt.progress
    recording = _fetch(attempt)
    decoding_began = clock()
    try:
        audio = decode(recording)
    finally:
        recording.unlink()
    decoding_seconds = clock() - decoding_began
    progress.total_seconds = audio.duration_seconds

    engine = _load(attempt)
    transcribing_began = clock()
    transcript = _transcribe(attempt, engine, audio)
    renderings = render_all(transcript)
    processing_seconds = decoding_seconds + clock() - transcribing_began

    manifest = _publish(attempt, audio, transcript, renderings, processing_seconds)
    logger.info(
        "done",
        extra=fields(
            outcome=manifest.outcome,
            by=manifest.attempt,
            model=engine.info.model,
            audio_duration_s=round(audio.duration_seconds, 3),
            wall_time_s=round(processing_seconds, 3),
            real_time_factor=round(processing_seconds / audio.duration_seconds, 4),
            language=transcript.language,
            segment_count=len(transcript.segments),
        ),
    )
    return manifest


def _fetch(attempt: Attempt) -> Path:
    attempt.progress.enter(Stage.FETCH)
    recording = attempt.scratch / "recording"  # the source's own name stays out of file names
    began = attempt.clock()
    size_bytes = fetch(attempt.store, attempt.assignment.source, into=recording)
    logger.info("fetched", extra=fields(size_bytes=size_bytes, wall_time_s=round(attempt.clock() - began, 3)))
    return recording


def _load(attempt: Attempt) -> Engine:
    attempt.progress.enter(Stage.LOAD_MODEL)
    began = attempt.clock()
    engine = attempt.load_engine(attempt.assignment.engine)
    seconds = round(attempt.clock() - began, 3)
    logger.info("model loaded", extra=fields(wall_time_s=seconds, **engine.info.model_dump()))
    return engine


def _transcribe(attempt: Attempt, engine: Engine, audio: Audio) -> Transcript:
    assignment, progress = attempt.assignment, attempt.progress
    progress.enter(Stage.TRANSCRIBE)
    heard = engine.transcribe(audio.samples, language=assignment.language, word_timestamps=assignment.word_timestamps)
    segments: list[Segment] = []
    for segment in heard.segments:
        segments.append(segment)
        progress.advance(segment.end)
    progress.advance(audio.duration_seconds)
    return Transcript(
        job=assignment.job,
        language=heard.language,
        duration_seconds=round(audio.duration_seconds, 3),
        engine=engine.info,
        segments=tuple(segments),
    )


def _publish(
    attempt: Attempt,
    audio: Audio,
    transcript: Transcript,
    renderings: tuple[Rendering, ...],
    processing_seconds: float,
) -> Manifest:
    attempt.progress.enter(Stage.PUBLISH)
    assignment, engine, results = attempt.assignment, transcript.engine, attempt.results
    return results.claim(
        Manifest(
            job=assignment.job,
            attempt=attempt.name,
            outcome=Outcome.COMPLETE,
            outputs=results.write(renderings),
            time=datetime.now(UTC),
            media=Media(duration_seconds=transcript.duration_seconds, language=transcript.language),
            processing_seconds=round(processing_seconds, 3),
            real_time_factor=round(processing_seconds / audio.duration_seconds, 4),
            effective=Effective(
                profile=assignment.profile,
                image=assignment.image,
                engine=f"{engine.name} {engine.version}",
                model=engine.model,
                device=engine.device,
                compute_type=engine.compute_type,
                beam_size=engine.beam_size,
            ),
            warnings=audio.warnings if transcript.segments else (*audio.warnings, NO_SPEECH),
        )
    )
