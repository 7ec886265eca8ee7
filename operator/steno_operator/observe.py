"""Read what one decision needs, and no more.

Called by `controller` before each `reconcile`. The order matters: Jobs and pods first, manifest and delivery record
after, so that a pod seen to have ended has written whatever it was going to.
"""

import asyncio
from dataclasses import replace

from steno_operator.batch_job import batch_job_name, batch_job_number
from steno_operator.context import Context
from steno_operator.observed import BatchJob, Observed, WorkerPod
from steno_operator.policies.wanted import wanted
from steno_store import keys, read_manifest
from steno_types import RESULTS_PREFIX_ANNOTATION, Outcome, TranscriptionJob


async def observe(job: TranscriptionJob, context: Context) -> Observed:
    """Read the job's Jobs, their pods, and its manifest and delivery record where there can be any.

    Raises
    ------
    StoreError
        The store does not say whether there is a manifest: `observe_workers` gives the rest.
    KubeError
        The API server does not answer.
    """
    deleting = job.metadata.deletion_timestamp is not None
    if job.status.terminal is not None and not deleting:
        return Observed(leftovers=tuple(sorted(_heard_of(job, context))))
    # A job that was never adopted has no Job, so no pods and no manifest either.
    if RESULTS_PREFIX_ANNOTATION not in job.metadata.annotations and job.status.job_ref is None and not deleting:
        return Observed()
    if deleting:
        # Whether anything is left is nothing to rest on hints.
        names = _batch_job_names(job, context)
        pods = await context.batch_jobs.pods_of(job)
        return Observed(
            batch_jobs=await _batch_jobs(job, names | {pod.batch_job for pod in pods}, context), pods=pods
        )
    observed = await observe_workers(job, context)
    # Nothing of ours is at work, or what was has ended: then there may be a manifest. A worker that is to stop is
    # taken away before anybody asks a store that may be long in answering; whether it had won is asked after.
    present = wanted(job, observed)
    at_work = present is not None and not (present.finished or present.deleting)
    if at_work and not any(pod.ended for pod in observed.pods):
        return observed
    prefix = context.installation.results_prefix(job)
    manifest = await asyncio.to_thread(read_manifest, context.store, prefix)
    complete = manifest is not None and manifest.outcome is Outcome.COMPLETE
    delivered = (
        complete
        and job.spec.outputs is not None
        and await asyncio.to_thread(context.store.exists, keys.delivery(prefix))
    )
    return replace(observed, manifest=manifest, delivered=delivered)


async def observe_workers(job: TranscriptionJob, context: Context) -> Observed:
    """Read the Jobs and pods of a job that is to stay, without asking the store."""
    names = _heard_of(job, context)
    if job.status.job_ref is not None:
        names.add(job.status.job_ref.name)
    batch_jobs = await _batch_jobs(job, names, context)
    pods = await _pods(job, context)
    unheard_of = {pod.batch_job for pod in pods} - names
    if wanted(job, Observed(batch_jobs=batch_jobs)) is None:
        # One that was created by an operator which died before it could say so.
        unheard_of |= {batch_job_name(job, job.status.launches or 0)} - names
    return Observed(batch_jobs=(*batch_jobs, *await _batch_jobs(job, unheard_of, context)), pods=pods)


def _heard_of(job: TranscriptionJob, context: Context) -> set[str]:
    heard_of = context.sightings.children(job.key).batch_jobs
    return {name for name in heard_of if batch_job_number(job, name) is not None}


def _batch_job_names(job: TranscriptionJob, context: Context) -> set[str]:
    """Say which names Jobs of the job's may have: as heard, as its status says, and the one that comes next."""
    names = _heard_of(job, context) | {batch_job_name(job, job.status.launches or 0)}
    if job.status.job_ref is not None:
        names.add(job.status.job_ref.name)
    return names


async def _batch_jobs(job: TranscriptionJob, names: set[str], context: Context) -> tuple[BatchJob, ...]:
    found = []
    for name in sorted(names, key=lambda name: batch_job_number(job, name) or 0):
        batch_job = await context.batch_jobs.get(job.metadata.namespace, name)
        if batch_job is None:
            context.sightings.lost("jobs", job.key, name)
        elif batch_job.owner_uid == job.metadata.uid:
            found.append(batch_job)
    return tuple(found)


async def _pods(job: TranscriptionJob, context: Context) -> tuple[WorkerPod, ...]:
    names = set(context.sightings.children(job.key).pods)
    names |= {attempt.name for attempt in job.status.attempts if attempt.end is None}
    found = []
    for name in names:
        pod = await context.batch_jobs.pod(job.metadata.namespace, name)
        if pod is None:
            context.sightings.lost("pods", job.key, name)
            context.roster.lost_pod(job.key, name)
        elif batch_job_number(job, pod.batch_job) is not None:
            found.append(pod)
    return tuple(sorted(found, key=lambda pod: (pod.created.timestamp() if pod.created else 0.0, pod.name)))
