"""Launch: give the job a Job, unless it has one, or must wait for it, or asks for what the installation cannot do.

The job is adopted first. It has one Job after another where it is resumed, or where one was lost; never two at work.
"""

from datetime import datetime
from typing import Final

from steno_operator.assignment import assignment
from steno_operator.batch_job import batch_job_manifest
from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import CreateBatchJob, Plan
from steno_operator.policies.adoption import adoption
from steno_operator.policies.refusals import refusal
from steno_operator.policies.retries import left
from steno_operator.policies.stopping import claim
from steno_operator.policies.waiting import POD_SECONDS, launched
from steno_operator.policies.wanted import still_going, unwanted_deletions, wanted
from steno_types import TranscriptionJob

POLL_SECONDS: Final = 2.0
"""Between looks at a Job that is on its way out; its events usually come first."""


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Create the Job if there is none, or refuse the job for good."""
    present = wanted(job, observed)
    deletions = unwanted_deletions(job, observed)
    if present is not None and not present.deleting:
        return Plan(actions=deletions, requeue_after_seconds=0) if deletions else None
    adopted = adoption(job, installation)
    if (said := refusal(job, installation)) is not None:
        # Zero: the next decision reads the manifest.
        return Plan(actions=(*adopted, claim(job, said, installation, now)), requeue_after_seconds=0)
    if deletions or present is not None or still_going(job, observed, now):
        return Plan(actions=deletions, requeue_after_seconds=POLL_SECONDS)
    if not observed.admitted:
        return Plan(actions=adopted)
    profile_name, profile = installation.profiles.find(job.spec)
    if profile is None:
        raise AssertionError("an unknown profile is refused above")
    number = job.status.launches or 0
    told = assignment(job, profile_name, profile, installation)
    manifest = batch_job_manifest(job, profile, told, installation, number=number, retries=left(job))
    return Plan(
        actions=(*adopted, CreateBatchJob(manifest=manifest)),
        status=launched(job, installation, now),
        # By then there is a pod, or that there is none is worth a word.
        requeue_after_seconds=POD_SECONDS,
    )
