"""Find a finished job's transcript in the store.

Called by `routes.download`. The status says where each rendering lies; an address counts only inside the job's own
results, so that no status can make the gateway hand out anything else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from steno_gateway import problems
from steno_gateway.problems import ProblemError
from steno_gateway.tasks.views import phase_of
from steno_store import Layout, StoreUnavailableError
from steno_types import (
    RESULTS_PREFIX_ANNOTATION,
    Output,
    Phase,
    TranscriptFormat,
    TranscriptionJob,
    failure_for,
)


class File(NamedTuple):
    """How a rendering is handed out."""

    suffix: str
    """Of its file's name, without the dot before it."""
    content_type: str
    """JSON is UTF-8 by definition (RFC 8259, section 8.1)."""


FILES: Final = {
    TranscriptFormat.JSON: File("json", "application/json"),
    TranscriptFormat.VERBOSE_JSON: File("verbose.json", "application/json"),
    TranscriptFormat.MARKDOWN: File("md", "text/markdown; charset=utf-8"),
    TranscriptFormat.SRT: File("srt", "application/x-subrip; charset=utf-8"),
    TranscriptFormat.VTT: File("vtt", "text/vtt; charset=utf-8"),
    TranscriptFormat.TEXT: File("txt", "text/plain; charset=utf-8"),
    TranscriptFormat.TSV: File("tsv", "text/tab-separated-values; charset=utf-8"),
    TranscriptFormat.REPORT: File("report.json", "application/json"),
}
"""As the worker writes them, and ``docs/outputs.md`` says. Not taken from the status, which knows neither: and what
becomes part of a header should be known here."""


@dataclass(frozen=True, slots=True)
class Result:
    """One rendering of one transcript."""

    key: str
    """Where it lies in Steno's bucket."""
    size_bytes: int
    sha256: str
    file: File


def find_result(
    job: TranscriptionJob, fmt: TranscriptFormat, *, layout: Layout, bucket: str, default_bucket: str | None = None
) -> Result:
    """Find the rendering `fmt` of the transcript, or say why there is none.

    `default_bucket` is where results go whose job wants a copy and names no bucket.
    """
    phase = phase_of(job)
    if phase is Phase.FAILED:
        raise _failed(job)
    if phase is not Phase.COMPLETED:
        raise ProblemError(
            problems.NOT_FINISHED,
            f"The task {job.metadata.name} is {phase.lower()}.",
            remedy=f"Ask GET /status/{job.metadata.name} until it says completed, then download again.",
        )
    if locations := delivered_to(job, default_bucket):
        raise _delivered(job, locations)
    home = f"s3://{bucket}/{results_prefix(job, layout)}"
    output = next((o for o in job.status.outputs if o.format == fmt and o.uri.startswith(home)), None)
    if output is None:
        raise gone(job)
    return _result(output, fmt, bucket)


def delivered_to(job: TranscriptionJob, default_bucket: str | None) -> tuple[str, ...]:
    """Give the addresses of the copies that a completed job made of its results; none where it was to make none.

    None either where they could not be made: the results are then to be had from Steno alone.
    """
    outputs = job.spec.outputs
    failed = any(warning.startswith(DELIVERY_FAILED) for warning in job.status.warnings)
    if outputs is None or failed:
        return ()
    place = outputs.destination.s3
    bucket = place.bucket or default_bucket
    if bucket is None:
        return ()
    prefix = place.prefix if place.prefix.endswith("/") or not place.prefix else f"{place.prefix}/"
    return tuple(f"s3://{bucket}/{prefix}{job.metadata.name}.{FILES[fmt].suffix}" for fmt in outputs.formats)


DELIVERY_FAILED: Final = "DeliveryFailed:"
"""Begins the operator's warning that the copies could not be made."""


def results_prefix(job: TranscriptionJob, layout: Layout) -> str:
    """Say where the job's results lie: where its annotation says, if that can be true at all."""
    namespace, name = job.metadata.namespace, job.metadata.name
    noted = job.metadata.annotations.get(RESULTS_PREFIX_ANNOTATION, "")
    return noted if layout.is_results(noted, namespace, name) else layout.results(namespace, name, job.metadata.uid)


def gone(job: TranscriptionJob) -> ProblemError:
    """Say that the task completed and its transcript is no longer to be had."""
    return ProblemError(
        problems.RESULT_GONE,
        f"The task {job.metadata.name} completed, but its transcript is no longer in the object store.",
        remedy="Send the recording again; whoever runs the cluster finds out who deleted the transcript.",
    )


def exactly(chunks: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    """Give the first `size_bytes` of what comes, and leave the rest.

    Raises
    ------
    StoreUnavailableError
        Less came. An answer under way is then cut off, so that no client takes it for whole.
    """
    left = size_bytes
    for chunk in chunks:
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return
    if left > 0:
        raise StoreUnavailableError(f"a transcript ended {left} bytes early")


def _delivered(job: TranscriptionJob, locations: tuple[str, ...]) -> ProblemError:
    return ProblemError(
        problems.DELIVERED,
        f"The task {job.metadata.name} was given an s3_path; its results are at {', '.join(locations)}.",
        remedy="Fetch them from there, with credentials of your own.",
        locations=locations,
    )


def _result(output: Output, fmt: TranscriptFormat, bucket: str) -> Result:
    return Result(
        key=output.uri.removeprefix(f"s3://{bucket}/"),
        size_bytes=output.bytes,
        sha256=output.sha256,
        file=FILES[fmt],
    )


def _failed(job: TranscriptionJob) -> ProblemError:
    failure = job.status.failure
    if failure is None:
        return ProblemError(
            problems.TASK_FAILED,
            f"The task {job.metadata.name} failed.",
            remedy=f"Ask GET /status/{job.metadata.name} why.",
        )
    return ProblemError(
        problems.TASK_FAILED,
        f"The task {job.metadata.name} failed: {failure.reason}: {failure.message}",
        remedy=failure_for(failure.reason).remedy,
    )
