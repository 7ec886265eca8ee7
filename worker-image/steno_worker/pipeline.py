"""One attempt, from the manifest that may be there already to the copy at the user's own place.

Called by `worker` with everything it works with. Reads as DESIGN.md's list: manifest, probe, fetch, decode,
transcribe, render, publish, deliver. Must not know the environment, exit codes or signals.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from steno_store import ObjectStore
from steno_types import (
    Assignment,
    Effective,
    FailureStatus,
    Manifest,
    ManifestOutput,
    Media,
    Outcome,
    Stage,
    Telemetry,
)
from steno_worker import delivery
from steno_worker.checkpoints import StoredCheckpoints, fingerprint
from steno_worker.decoding import Audio, DecodingLimits, start_decoding
from steno_worker.engines import Engine, SpeechRequest
from steno_worker.errors import TerminalError, WorkerError
from steno_worker.intake import Fetched, IntakeLimits, fetch
from steno_worker.loading import LoadedEngines
from steno_worker.logs import fields
from steno_worker.progress import ProgressLog
from steno_worker.publish import Results
from steno_worker.rendering import DEFAULT_LAYOUT, CueLayout, render_all
from steno_worker.telemetry import gpu_memory_bytes, peak_rss_bytes
from steno_worker.transcribing import Transcribed, transcribe
from steno_worker.transcript import Transcript

SHORTEST_SECONDS: Final = 0.001
"""What a recording of a few samples counts for in rates; its duration is rounded to nothing."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the installation allows of any job."""

    intake: IntakeLimits
    decoding: DecodingLimits = field(default_factory=DecodingLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one attempt has to do, and what it works with."""

    assignment: Assignment
    name: str
    """Of this pod."""
    store: ObjectStore
    scratch: Path
    """An empty folder; the recording and its samples lie there while they are worked on."""
    engines: LoadedEngines
    progress: ProgressLog
    limits: Limits
    layout: CueLayout = DEFAULT_LAYOUT
    """Of subtitles."""
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
        Before the claim: nothing is claimed; retryable, or terminal while the store is away or refuses. After it: the
        outcome stands, and its copy is still owed to the user.
    """
    manifest = attempt.results.claimed()
    if manifest is None:
        manifest = _claim(attempt)
    else:
        logger.info("the outcome is claimed already", extra=fields(outcome=manifest.outcome, by=manifest.attempt))
    if attempt.assignment.destination is not None and manifest.outcome is Outcome.COMPLETE:
        attempt.progress.enter(Stage.DELIVER)
        delivery.deliver(attempt.store, attempt.assignment, manifest, attempt=attempt.name)
    return manifest


def _claim(attempt: Attempt) -> Manifest:
    try:
        attempt.results.probe()
        if attempt.assignment.destination is not None:
            delivery.probe(attempt.store, attempt.assignment.destination, name=attempt.assignment.job.name)
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
    recording = attempt.scratch / "recording"  # the source's own name stays out of file names
    fetched = _fetch(attempt, recording)
    processing_began = attempt.clock()
    with start_decoding(
        recording, attempt.scratch / "samples", limits=attempt.limits.decoding, channel=attempt.assignment.channel
    ) as audio:
        # The samples are decoded while the model is loaded.
        engine = _load(attempt)
        loading_seconds = attempt.clock() - processing_began
        transcribed = _transcribe(attempt, engine, recording, audio, fetched)
    recording.unlink()
    attempt.progress.enter(Stage.PUBLISH)
    outputs = attempt.results.write(render_all(transcribed.transcript, transcribed.report, attempt.layout))
    processing_seconds = attempt.clock() - processing_began - loading_seconds
    return _publish(attempt, transcribed, outputs, processing_seconds)


def _fetch(attempt: Attempt, into: Path) -> Fetched:
    attempt.progress.enter(Stage.FETCH)
    began = attempt.clock()
    assignment = attempt.assignment
    fetched = fetch(attempt.store, assignment.source, assignment.source_url, into=into, limits=attempt.limits.intake)
    seconds = round(attempt.clock() - began, 3)
    logger.info("fetched", extra=fields(size_bytes=fetched.size_bytes, wall_time_s=seconds))
    return fetched


def _load(attempt: Attempt) -> Engine:
    began = attempt.clock()
    engine = attempt.engines.get(attempt.assignment.engine, scratch=attempt.scratch, entering=attempt.progress.enter)
    seconds = round(attempt.clock() - began, 3)
    logger.info("model ready", extra=fields(wall_time_s=seconds, **engine.info.model_dump()))
    return engine


def _transcribe(attempt: Attempt, engine: Engine, recording: Path, audio: Audio, fetched: Fetched) -> Transcribed:
    assignment, progress = attempt.assignment, attempt.progress
    request = request_of(assignment)
    engine.check(request)
    progress.enter(Stage.TRANSCRIBE)
    scratch = attempt.scratch / "engine"
    scratch.mkdir()

    def advance(processed_seconds: float) -> None:
        progress.total_seconds = audio.expected_seconds
        progress.advance(processed_seconds)

    work = fingerprint(_what_it_depends_on(assignment, engine, fetched))
    with StoredCheckpoints(attempt.store, assignment.results_prefix, work) as checkpoints:
        transcribed = transcribe(
            recording,
            audio,
            engine,
            request,
            job=assignment.job,
            vad=assignment.engine.vad,
            checkpoints=checkpoints,
            scratch=scratch,
            progress=advance,
        )
    progress.total_seconds = audio.duration_seconds
    return transcribed


def request_of(assignment: Assignment) -> SpeechRequest:
    """Say what a job asks of an engine."""
    return SpeechRequest(
        language=assignment.language,
        task=assignment.task,
        prompt=assignment.prompt,
        hotwords=assignment.hotwords,
        word_timestamps=assignment.word_timestamps,
    )


def _what_it_depends_on(assignment: Assignment, engine: Engine, fetched: Fetched) -> dict[str, object]:
    """Say what must be alike for one attempt to go on where another ended; the batch size need not."""
    settings = assignment.model_dump(
        mode="json", include={"language", "task", "prompt", "hotwords", "word_timestamps", "channel"}
    )
    chosen = assignment.engine.model_dump(mode="json", exclude={"batch_size"})
    return {"source": fetched.sha256, **settings, "engine": chosen, "info": engine.info.model_dump(mode="json")}


def _publish(
    attempt: Attempt, transcribed: Transcribed, outputs: tuple[ManifestOutput, ...], processing_seconds: float
) -> Manifest:
    assignment, progress = attempt.assignment, attempt.progress
    transcript, coverage = transcribed.transcript, transcribed.report.coverage
    engine = transcript.engine
    duration_seconds = max(transcript.duration_seconds, SHORTEST_SECONDS)
    real_time_factor = round(processing_seconds / duration_seconds, 4)
    telemetry = Telemetry(
        stage_seconds={stage: round(seconds, 3) for stage, seconds in progress.stage_seconds.items()},
        peak_rss_bytes=peak_rss_bytes(),
        gpu_memory_bytes=gpu_memory_bytes() if engine.device == "cuda" else None,
    )
    manifest = attempt.results.claim(
        Manifest(
            job=assignment.job,
            attempt=attempt.name,
            outcome=Outcome.COMPLETE,
            outputs=outputs,
            time=datetime.now(UTC),
            media=Media(
                duration_seconds=transcript.duration_seconds,
                language=transcript.language,
                speech_seconds=coverage.speech_seconds,
            ),
            processing_seconds=round(processing_seconds, 3),
            real_time_factor=real_time_factor,
            effective=Effective(
                profile=assignment.profile,
                image=assignment.image,
                engine=f"{engine.name} {engine.version}",
                model=engine.model,
                model_digest=engine.model_digest,
                device=engine.device,
                compute_type=engine.compute_type,
                beam_size=engine.beam_size,
            ),
            telemetry=telemetry,
            warnings=transcribed.warnings,
        )
    )
    logger.info(
        "done",
        extra=fields(
            outcome=manifest.outcome,
            by=manifest.attempt,
            model_size=engine.model,
            audio_duration_s=transcript.duration_seconds,
            wall_time_s=round(processing_seconds, 3),
            real_time_factor=real_time_factor,
            language=transcript.language,
            segment_count=len(transcript.segments),
            words_per_minute=round(60 * _word_count(transcript) / duration_seconds, 1),
            peak_rss_bytes=telemetry.peak_rss_bytes,
            gpu_memory_bytes=telemetry.gpu_memory_bytes,
            stage_seconds=telemetry.stage_seconds,
        ),
    )
    return manifest


def _word_count(transcript: Transcript) -> int:
    """Count what spaces part; scripts without them are undercounted."""
    return sum(len(segment.text.split()) for segment in transcript.segments)
