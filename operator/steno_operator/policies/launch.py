"""Launch: give the job its Job, once, unless it asks for what the installation does not have.

The finalizer and the results' prefix come first, so that no object of the store can outlive an unwatched job.
"""

import posixpath
from datetime import datetime

from steno_operator.batch_job import batch_job_manifest
from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import Action, Adopt, CreateBatchJob, Plan
from steno_operator.policies.outcome import claim_failure
from steno_operator.profiles import WorkerProfile
from steno_types import (
    FINALIZER,
    RESULTS_PREFIX_ANNOTATION,
    Reason,
    SourceObject,
    TerminationMessage,
    TranscriptionJob,
)


def source_object(job: TranscriptionJob, installation: Installation) -> SourceObject:
    """Say in which bucket and under which key the recording lies."""
    source = job.spec.source
    if source.upload is not None:
        key = installation.layout.upload(job.metadata.namespace, source.upload.id)
        return SourceObject(bucket=installation.bucket, key=key)
    if source.s3 is None:
        raise ValueError("a source without s3 and without upload passed the API server's rules")
    return SourceObject(bucket=source.s3.bucket or installation.bucket, key=source.s3.key)


def _refusal(
    job: TranscriptionJob, source: SourceObject, profile_name: str, profile: WorkerProfile | None, at: Installation
) -> TerminationMessage | None:
    """Say why this job can never run here, if so."""
    if profile is None:
        known = ", ".join(sorted(at.profiles.profiles))
        return TerminationMessage(
            reason=Reason.PROFILE_UNKNOWN, message=f"There is no worker profile {profile_name!r}; there are: {known}."
        )
    engine = profile.engine_settings(job.spec).name
    if engine not in profile.engines:
        able = ", ".join(profile.engines)
        return TerminationMessage(
            reason=Reason.ENGINE_UNAVAILABLE,
            message=f"The worker profile {profile_name!r} cannot run the engine '{engine}'; it can run: {able}.",
        )
    # Some stores read "/a//b/../c" as "a/c": what counts is where the key may lead.
    key = posixpath.normpath(f"/{source.key}").lstrip("/")
    own = at.layout.namespace(job.metadata.namespace)
    if source.bucket == at.bucket and at.layout.holds(key) and not key.startswith(own):
        return TerminationMessage(
            reason=Reason.SOURCE_FORBIDDEN,
            message=f"The key {source.key!r} lies in another namespace's part of Steno's store.",
        )
    return None


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Create the Job if there is none, or refuse the job for good."""
    batch_job = observed.batch_job
    if batch_job is not None and batch_job.owner_uid == job.metadata.uid:
        return None
    results_prefix = installation.results_prefix(job)
    actions: list[Action] = []
    noted = job.metadata.annotations.get(RESULTS_PREFIX_ANNOTATION)
    if FINALIZER not in job.metadata.finalizers or noted != results_prefix:
        actions.append(Adopt(results_prefix=results_prefix))
    source = source_object(job, installation)
    profile_name, profile = installation.profiles.find(job.spec)
    if batch_job is not None:
        refusal: TerminationMessage | None = TerminationMessage(
            reason=Reason.NAME_TAKEN, message=f"The Job {batch_job.name!r} exists and belongs to someone else."
        )
    else:
        refusal = _refusal(job, source, profile_name, profile, installation)
    if refusal is not None:
        refused = claim_failure(job, refusal, installation, now)
        return Plan(actions=(*actions, *refused.actions), requeue_after_seconds=refused.requeue_after_seconds)
    if profile is None:
        raise AssertionError("an unknown profile is refused above")
    manifest = batch_job_manifest(job, profile_name, profile, source, installation)
    # Zero: the next decision finds the Job, says so in the status, and need not trust that this one came so far.
    return Plan(actions=(*actions, CreateBatchJob(manifest=manifest)), requeue_after_seconds=0)
