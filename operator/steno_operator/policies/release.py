"""Release: a deleted job takes its Jobs, its pods and its objects along, in that order, then leaves a receipt.

Pods go first so that nothing writes behind the deletion's back. What holds a release up, a store that is away or a
node that is lost, is said in the condition Releasing; after the installation's release timeout the job goes all the
same, with a receipt that says that something may be left, and the sweep finishes.
"""

from datetime import datetime
from typing import Final

from steno_operator.conditions import condition
from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import Announcement, DeleteObjects, Plan, RemoveFinalizer
from steno_operator.policies.wanted import all_deletions
from steno_types import FINALIZER, ConditionType, Release, TranscriptionJob, TranscriptionJobStatus

POD_POLL_SECONDS: Final = 2.0
"""Between looks at pods that are on their way out; their events usually come first."""

REPEAT_SECONDS: Final = 5.0
"""Between a deletion that left something behind, as its receipt says, and the next one."""

PODS_SECONDS: Final = 60.0
"""After which pods that do not go are worth a word: a worker has 30 s."""


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Take the next step of a release; an empty plan once there is nothing left for us to hold."""
    deleted = job.metadata.deletion_timestamp
    if deleted is None:
        return None
    if FINALIZER not in job.metadata.finalizers:
        return Plan()
    receipt = job.status.release
    overdue = (now - deleted).total_seconds() >= installation.release_timeout_seconds
    if receipt is not None and (receipt.verified_empty or receipt.gave_up):
        message = f"Deleted {receipt.objects} objects, {receipt.bytes} bytes."
        told = (Announcement(kind="Normal", reason="Released", message=message),) if receipt.verified_empty else ()
        return Plan(actions=(RemoveFinalizer(),), announcements=told)
    if overdue:
        return _give_up(job, observed, now)
    return _wait(job, observed, deleted, now) or _erase(job, installation)


def _wait(job: TranscriptionJob, observed: Observed, deleted: datetime, now: datetime) -> Plan | None:
    """Wait for pods to be gone, and after a deletion that left something behind, before the next one."""
    receipt = job.status.release
    if receipt is not None and (pause := (receipt.time - now).total_seconds() + REPEAT_SECONDS) > 0:
        # No longer than that, where the clock was set back meanwhile.
        return Plan(requeue_after_seconds=min(pause, REPEAT_SECONDS))
    if not (observed.batch_jobs or observed.pods):
        return None
    slow = (now - deleted).total_seconds() >= PODS_SECONDS and bool(observed.pods)
    names = ", ".join(pod.name for pod in observed.pods)
    message = f"Waiting for pods to be gone: {names}. Are their nodes well?"
    return Plan(
        actions=all_deletions(observed),
        status=held(job, "PodsRemain", message, now) if slow else None,
        requeue_after_seconds=POD_POLL_SECONDS,
    )


def _erase(job: TranscriptionJob, installation: Installation) -> Plan:
    upload = job.spec.source.upload
    erase = DeleteObjects(
        results_prefix=installation.results_prefix(job), upload_id=upload.id if upload is not None else None
    )
    return Plan(actions=(erase,), requeue_after_seconds=0)


def held(job: TranscriptionJob, reason: str, message: str, now: datetime) -> TranscriptionJobStatus | None:
    """Say what holds the release up; None: that is said already."""
    said = job.status.condition(ConditionType.RELEASING)
    if said is not None and said.reason == reason:
        return None
    return job.status.with_conditions(
        [condition(job, ConditionType.RELEASING, reason, message, holds=True, since=now)]
    )


def _give_up(job: TranscriptionJob, observed: Observed, now: datetime) -> Plan:
    earlier = job.status.release
    receipt = Release(
        objects=earlier.objects if earlier else 0,
        bytes=earlier.bytes if earlier else 0,
        verified_empty=False,
        gave_up=True,
        time=now,
    )
    why = job.status.condition(ConditionType.RELEASING)
    said = f" {why.message}" if why is not None else ""
    message = f"The job goes, though something of it may be left.{said} The sweep deletes what is in the store."
    return Plan(
        actions=all_deletions(observed),
        status=job.status.model_copy(update={"release": receipt}),
        announcements=(Announcement(kind="Warning", reason="ReleaseTimedOut", message=message),),
        requeue_after_seconds=0,
    )
