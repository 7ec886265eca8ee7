"""Launch: give the job its Job, once, unless it asks for what the installation does not have or allow.

The finalizer and the results' prefix come first, so that no object of the store can outlive an unwatched job.
"""

import posixpath
from datetime import datetime

from steno_operator.assignment import assignment, destination_prefix, source_object
from steno_operator.batch_job import batch_job_manifest
from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import Action, Adopt, CreateBatchJob, Plan
from steno_operator.policies.outcome import claim_failure
from steno_operator.profiles import WorkerProfile
from steno_types import FINALIZER, RESULTS_PREFIX_ANNOTATION, Reason, TerminationMessage, TranscriptionJob


def _refusal(
    job: TranscriptionJob, profile_name: str, profile: WorkerProfile | None, at: Installation
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
    return _source_refusal(job, at) or _destination_refusal(job, at)


def _source_refusal(job: TranscriptionJob, at: Installation) -> TerminationMessage | None:
    source = source_object(job, at)
    if source is None:
        return None  # which addresses may be fetched is the worker's business
    key = _resolved(source.key)
    own = at.layout.namespace(job.metadata.namespace)
    if source.bucket == at.bucket and at.layout.holds(key) and not key.startswith(own):
        return TerminationMessage(
            reason=Reason.SOURCE_FORBIDDEN,
            message=f"The key {source.key!r} lies in another namespace's part of Steno's store.",
        )
    return None


def _destination_refusal(job: TranscriptionJob, at: Installation) -> TerminationMessage | None:
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
    # Some stores keep steps like "..", some resolve them: inside is what is inside by either reading.
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
    profile_name, profile = installation.profiles.find(job.spec)
    if batch_job is not None:
        refusal: TerminationMessage | None = TerminationMessage(
            reason=Reason.NAME_TAKEN, message=f"The Job {batch_job.name!r} exists and belongs to someone else."
        )
    else:
        refusal = _refusal(job, profile_name, profile, installation)
    if refusal is not None:
        refused = claim_failure(job, refusal, installation, now)
        return Plan(actions=(*actions, *refused.actions), requeue_after_seconds=refused.requeue_after_seconds)
    if profile is None:
        raise AssertionError("an unknown profile is refused above")
    told = assignment(job, profile_name, profile, installation)
    manifest = batch_job_manifest(job, profile, told, installation)
    # Zero: the next decision finds the Job, says so in the status, and need not trust that this one came so far.
    return Plan(actions=(*actions, CreateBatchJob(manifest=manifest)), requeue_after_seconds=0)
