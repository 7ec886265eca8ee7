"""Refusals: what can never run here is said before any Job exists. Called by `launch` and `outcome`; pure."""

import posixpath
from typing import Final

from steno_operator.assignment import destination_prefix, source_object
from steno_operator.installation import Installation
from steno_types import Reason, TerminationMessage, TranscriptionJob

S3_SCHEME: Final = "s3://"
"""Of a model that lies in a bucket."""


def refusal(job: TranscriptionJob, at: Installation) -> TerminationMessage | None:
    """Say why this job can never run here, if so."""
    return (
        _profile_refusal(job, at)
        or _priority_refusal(job, at)
        or _source_refusal(job, at)
        or destination_refusal(job, at)
    )


def _profile_refusal(job: TranscriptionJob, at: Installation) -> TerminationMessage | None:
    name, profile = at.profiles.find(job.spec)
    if profile is None:
        known = ", ".join(sorted(at.profiles.profiles))
        return TerminationMessage(
            reason=Reason.PROFILE_UNKNOWN, message=f"There is no worker profile {name!r}; there are: {known}."
        )
    engine = profile.engine_settings(job.spec)
    if engine.name not in profile.engines:
        able = ", ".join(profile.engines)
        return TerminationMessage(
            reason=Reason.ENGINE_UNAVAILABLE,
            message=f"The worker profile {name!r} cannot run the engine '{engine.name}'; it can run: {able}.",
        )
    bucket, _, key = engine.model.removeprefix(S3_SCHEME).partition("/")
    if engine.model.startswith(S3_SCHEME) and _is_anothers(job, bucket, key, at):
        return TerminationMessage(
            reason=Reason.SOURCE_FORBIDDEN,
            message=f"engine.model {engine.model!r} lies in another namespace's part of Steno's store.",
        )
    return None


def _priority_refusal(job: TranscriptionJob, at: Installation) -> TerminationMessage | None:
    priority = job.spec.queue_priority
    if priority is None or job.spec.queue_name is not None or priority in at.queue_priorities:
        return None
    known = ", ".join(sorted(at.queue_priorities)) or "none"
    return TerminationMessage(
        reason=Reason.QUEUE_PRIORITY_UNKNOWN, message=f"There is no queue priority {priority!r}; there are: {known}."
    )


def _source_refusal(job: TranscriptionJob, at: Installation) -> TerminationMessage | None:
    source = source_object(job, at)
    if source is None:
        return None  # which addresses may be fetched is the worker's business
    if _is_anothers(job, source.bucket, source.key, at):
        return TerminationMessage(
            reason=Reason.SOURCE_FORBIDDEN,
            message=f"The key {source.key!r} lies in another namespace's part of Steno's store.",
        )
    return None


def _is_anothers(job: TranscriptionJob, bucket: str, key: str, at: Installation) -> bool:
    """Whether an object lies in Steno's part of its store, and not in that of the job's namespace."""
    own = at.layout.namespace(job.metadata.namespace)
    # Some stores keep steps like "..", some resolve them: one reading that leads astray is enough.
    return bucket == at.bucket and any(
        at.layout.holds(reading) and not reading.startswith(own) for reading in (key, _resolved(key))
    )


def destination_refusal(job: TranscriptionJob, at: Installation) -> TerminationMessage | None:
    """Say why the copy that the job asks for cannot be made where it is to go, if so."""
    if job.spec.outputs is None:
        return None
    destination = destination_prefix(job, at)
    if destination is None:
        return TerminationMessage(
            reason=Reason.OUTPUT_FORBIDDEN,
            message="outputs.destination.s3.bucket is not given, and this installation has no default destination "
            "(S3_STORAGE_BUCKET); name a bucket there.",
        )
    key = f"{destination.prefix}{job.metadata.name}"
    inside = at.layout.holds(key) or at.layout.holds(_resolved(key))
    if destination.bucket == at.bucket and inside:
        return TerminationMessage(
            reason=Reason.OUTPUT_FORBIDDEN,
            message=f"outputs.destination.s3.prefix {destination.prefix!r} lies in Steno's own part of its store, "
            f"s3://{at.bucket}/{at.layout.prefix}/; choose another prefix or another bucket.",
        )
    return None


def _resolved(key: str) -> str:
    """Say where a key may lead: some stores read "/a//b/../c" as "a/c"."""
    return posixpath.normpath(f"/{key}").lstrip("/")
