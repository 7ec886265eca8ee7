"""What operator and worker do for a job, over stores in memory: take it, hear it, publish, set its status.

The renderings are the worker's own, of a transcript of two sentences: what a client reads here is spelled as the real
thing. A recording that begins as text does is refused as the worker's decoder does.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from steno_store import Layout
from steno_types import (
    Condition,
    ConditionType,
    Effective,
    FailureStatus,
    JobIdentity,
    Media,
    Output,
    Reason,
    Task,
    TranscriptionJob,
    TranscriptionJobStatus,
)
from steno_worker.rendering import render_all
from steno_worker.report import Coverage, Report
from steno_worker.transcript import EngineInfo, Segment, Transcript, Word
from support.object_store import InMemoryObjectStore
from support.transcription_jobs import InMemoryTranscriptionJobs

RECORDING: Final = b"RIFF\x24\x00\x00\x00WAVEfmt two sentences"
"""Something that is heard."""

TEXT: Final = b"This is no audio."
"""Something that is not."""

SENTENCES: Final = ("Good morning everyone.", "Shall we begin?")
TRANSLATED: Final = ("Good day.", "Let us begin.")
SECONDS: Final = 4.5
"""Playing time of every recording."""

_LOOK_SECONDS: Final = 0.005
"""Between two looks for something to do."""


class Transcriber:
    """Ends jobs."""

    def __init__(self, jobs: InMemoryTranscriptionJobs, store: InMemoryObjectStore, layout: Layout) -> None:
        self._jobs = jobs
        self._store = store
        self._layout = layout
        self.works = asyncio.Event()
        """Clear it to have jobs wait."""
        self.works.set()
        self.failing: Reason | None = None
        """Why every job fails, while it is set."""
        self.sentences: tuple[str, ...] = SENTENCES
        self.segments: tuple[Segment, ...] | None = None
        """What is heard in every recording, instead of the sentences."""
        self.language: str | None = "en"
        """Detected where the job names none."""

    async def run(self) -> None:
        """End the jobs there are and those that come, cancelled ones too while nothing else is done."""
        while True:
            for job in self._jobs.jobs:
                if job.status.terminal is None and (job.spec.cancel or self.works.is_set()):
                    await self._end(job)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _end(self, job: TranscriptionJob) -> None:
        reason = Reason.CANCELLED if job.spec.cancel else self.failing
        if reason is None and self._recording(job).startswith(TEXT):
            reason = Reason.AUDIO_UNDECODABLE
        if reason is not None:
            failure = FailureStatus.of(reason, "")
            await self._become(job, ConditionType.FAILED, TranscriptionJobStatus(failure=failure))
            return
        outputs = tuple(self._publish(job))
        language = None if job.spec.language == "auto" else job.spec.language
        await self._become(
            job,
            ConditionType.COMPLETE,
            TranscriptionJobStatus(
                outputs=outputs,
                media=Media(duration_seconds=SECONDS, language=language or self.language),
                effective=Effective(profile="cpu", image="worker", engine="fake 1", model="none"),
            ),
        )

    async def _become(self, job: TranscriptionJob, kind: ConditionType, status: TranscriptionJobStatus) -> None:
        now: datetime = self._jobs.now()
        condition = Condition(type=kind, status="True", reason="Test", last_transition_time=now)
        await self._jobs.patch_status(job, status.with_conditions([condition]))

    def _recording(self, job: TranscriptionJob) -> bytes:
        upload = job.spec.source.upload
        if upload is None:
            return RECORDING
        return self._store.objects[self._layout.upload(job.metadata.namespace, upload.id)]

    def _publish(self, job: TranscriptionJob) -> list[Output]:
        prefix = self._layout.results(job.metadata.namespace, job.metadata.name, job.metadata.uid)
        outputs = []
        for rendering in render_all(self._transcript(job), _report(job)):
            key = f"{prefix}attempts/pod-1/transcript.{rendering.format}"
            self._store.put(key, rendering.body)
            outputs.append(
                Output(
                    format=rendering.format,
                    uri=self._store.uri(key),
                    bytes=len(rendering.body),
                    sha256=hashlib.sha256(rendering.body).hexdigest(),
                )
            )
        return outputs

    def _transcript(self, job: TranscriptionJob) -> Transcript:
        translated = job.spec.task is Task.TRANSLATE
        sentences = TRANSLATED if translated else self.sentences
        segments = [_segment(number, text, words=job.spec.word_timestamps) for number, text in enumerate(sentences)]
        return Transcript(
            job=_identity(job),
            language=self.language if job.spec.language == "auto" else job.spec.language,
            duration_seconds=SECONDS,
            task=job.spec.task,
            engine=EngineInfo(name="fake", version="1", model="none", device="cpu", compute_type="none"),
            segments=tuple(segments) if self.segments is None else self.segments,
        )


def _segment(number: int, text: str, *, words: bool) -> Segment:
    start = 2.0 * number
    said = text.split()
    step = 1.5 / len(said)
    return Segment(
        id=number,
        start=start,
        end=start + 1.5,
        text=text,
        avg_log_prob=-0.25,
        no_speech_prob=0.01,
        compression_ratio=1.1,
        tokens=(1, 2, 3),
        words=tuple(
            Word(start=start + step * n, end=start + step * (n + 1), word=f"{' ' * bool(n)}{word}", probability=0.9)
            for n, word in enumerate(said)
        )
        if words
        else None,
    )


def _identity(job: TranscriptionJob) -> JobIdentity:
    return JobIdentity(namespace=job.metadata.namespace, name=job.metadata.name, uid=job.metadata.uid)


def _report(job: TranscriptionJob) -> Report:
    return Report(
        job=_identity(job),
        audio_seconds=SECONDS,
        coverage=Coverage(speech_seconds=3, covered_seconds=3),
    )


@contextlib.asynccontextmanager
async def at_work(transcriber: Transcriber) -> AsyncIterator[Transcriber]:
    """Let `transcriber` work beside the test; what goes wrong in it fails the test."""
    working = asyncio.create_task(transcriber.run(), name="transcriber")
    try:
        yield transcriber
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
