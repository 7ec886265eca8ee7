"""Outcome: how the job ended, read from its manifest.

The manifest is the truth, not the pod's phase: a pod may end badly after its attempt has won, and a Job may end well
without one having written anything.

A job that wants a copy of its results is Complete once the copy is recorded, or once nothing is left that would make
it: then with a warning, as the transcript is there all the same. Where the attempt that won did not see the copy
through, another one is made for the copy alone.
"""

import posixpath
from datetime import datetime
from functools import partial

from steno_operator.conditions import condition
from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import Announcement, Plan
from steno_operator.policies import attempts
from steno_operator.policies.expiry import expiration_time
from steno_operator.policies.refusals import refusal
from steno_operator.policies.wanted import Deletion, let_go, wanted, working_deletions
from steno_types import (
    OPERATOR_ATTEMPT,
    ConditionType,
    Disposition,
    Manifest,
    Outcome,
    Output,
    Progress,
    TranscriptionJob,
    failure_for,
    shorten,
)
from steno_types.status import MAX_WARNINGS, TranscriptionJobStatus


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Write the status of an ended job; no plan while there is no manifest, or the copy is still to be tried."""
    del now
    manifest = observed.manifest
    if manifest is None:
        return None
    if job.status.stopping is not None or not _copy_is_owed(job, manifest, observed):
        return _conclude(job, manifest, observed, installation)
    batch_job = wanted(job, observed)
    if (batch_job is not None and not batch_job.finished) or any(pod.running for pod in observed.pods):
        # An attempt like any other: it is told of, its deadlines hold, and people may end it.
        return None
    if _copy_is_given_up(job, installation):
        return _conclude(job, manifest, observed, installation)
    if batch_job is None and job.status.job_ref is None:
        return None
    # It ended without the copy.
    return Plan(status=let_go(job, batch_job), requeue_after_seconds=0)


def _copy_is_owed(job: TranscriptionJob, manifest: Manifest, observed: Observed) -> bool:
    return manifest.outcome is Outcome.COMPLETE and job.spec.outputs is not None and not observed.delivered


def _copy_is_given_up(job: TranscriptionJob, installation: Installation) -> bool:
    """Whether no further attempt would make the copy: it is refused, or tried often enough, or cancelled."""
    status = job.status
    if job.spec.cancel or refusal(job, installation) is not None:
        return True
    last = status.attempts[-1].reason if status.attempts else None
    final = last is not None and failure_for(last).disposition is Disposition.TERMINAL
    spent = attempts.counted(status) > job.spec.backoff_limit
    return final or spent or attempts.interrupted(status) > attempts.MAX_INTERRUPTIONS


def _not_delivered(job: TranscriptionJob, manifest: Manifest, observed: Observed, installation: Installation) -> str:
    """Say that there is no copy, where the results are all the same, and why as far as the last attempt told."""
    home = f"s3://{installation.bucket}/{posixpath.dirname(manifest.outputs[0].key)}/"
    last = next((attempt.reason for attempt in reversed(job.status.attempts) if attempt.reason is not None), None)
    said = attempts.told_of(job.status, observed) if last is not None else None
    why = f" The last attempt said: {said.reason}: {said.message}" if said is not None else ""
    return shorten(
        "DeliveryFailed: The results were not copied to outputs.destination. They are in Steno's store, under "
        f"{home}, until the job is deleted.{why}"
    )


def _for_nothing(manifest: Manifest, observed: Observed, *, owed: bool) -> tuple[Deletion, ...]:
    """Delete the Jobs that still work though the job has ended; the one whose worker won ends by itself."""
    winners = [pod for pod in observed.pods if pod.name == manifest.attempt and not owed]
    won = {name for pod in winners for name in (pod.batch_job, pod.name)}
    return tuple(deletion for deletion in working_deletions(observed) if deletion.name not in won)


def _end(job: TranscriptionJob, manifest: Manifest, began: datetime | None) -> datetime:
    """Say when the job ended: when its outcome was claimed, but not before what is known to have come earlier.

    These are clocks of several machines, of which one may have been set; the TTL counts from here.
    """
    earlier = [attempt.start for attempt in job.status.attempts]
    if began is not None:
        earlier.append(began)
    if manifest.attempt == OPERATOR_ATTEMPT:
        earlier += [attempt.end for attempt in job.status.attempts if attempt.end is not None]
    # Another uid: of the job that this one is restored from, and younger than.
    if manifest.job.uid == job.metadata.uid and job.metadata.creation_timestamp is not None:
        earlier.append(job.metadata.creation_timestamp)
    return max(manifest.time, *earlier).replace(microsecond=0) if earlier else manifest.time.replace(microsecond=0)


def _conclude(job: TranscriptionJob, manifest: Manifest, observed: Observed, installation: Installation) -> Plan:
    """Turn the manifest into the final status."""
    owed = _copy_is_owed(job, manifest, observed)
    undelivered = (_not_delivered(job, manifest, observed, installation),) if owed else ()
    # A worker may have come and gone between two looks.
    began = job.status.start_time or min((pod.started for pod in observed.pods if pod.started), default=None)
    ended = _end(job, manifest, began)
    failure = manifest.failure
    complete = manifest.outcome is Outcome.COMPLETE
    say = partial(condition, job, since=ended)
    settled = [
        say(kind, "JobEnded", "The job has ended.", holds=False)
        for kind in (ConditionType.QUEUED, ConditionType.RUNNING, ConditionType.SUSPENDED)
        if kind is not ConditionType.SUSPENDED or job.status.condition(kind) is not None
    ]
    final = (
        say(ConditionType.COMPLETE, "Transcribed", "The transcript is ready.", holds=True)
        if failure is None
        else say(ConditionType.FAILED, failure.reason, f"{failure.message} {failure.remedy}".rstrip(), holds=True)
    )
    media = manifest.media
    total_seconds = media.duration_seconds if media else 0.0
    status = TranscriptionJobStatus(
        conditions=job.status.conditions,
        observed_generation=job.metadata.generation,
        start_time=began,
        completion_time=ended,
        expiration_time=expiration_time(job, ended, installation),
        job_ref=job.status.job_ref,
        launches=job.status.launches,
        attempts=tuple(attempts.with_outcome(attempt, manifest) for attempt in job.status.attempts),
        earlier_attempts=job.status.earlier_attempts,
        progress=Progress(percent=100, processed_seconds=total_seconds, total_seconds=total_seconds, time=ended)
        if complete
        else job.status.progress,
        media=media,
        real_time_factor=manifest.real_time_factor,
        effective=manifest.effective or job.status.effective,
        outputs=tuple(
            Output(format=o.format, uri=f"s3://{installation.bucket}/{o.key}", bytes=o.bytes, sha256=o.sha256)
            for o in manifest.outputs
        ),
        warnings=(*undelivered, *manifest.warnings)[:MAX_WARNINGS],
        failure=failure,
    ).with_conditions([*settled, final])
    told = [Announcement(kind="Warning", reason="DeliveryFailed", message=said) for said in undelivered]
    if failure is not None:
        told.append(Announcement(kind="Warning", reason=failure.reason, message=failure.message))
    # Zero: the next decision sees the terminal status and waits for the expiration.
    return Plan(
        actions=_for_nothing(manifest, observed, owed=owed),
        status=status,
        announcements=tuple(told),
        requeue_after_seconds=0,
    )
