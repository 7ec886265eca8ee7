"""Say of any job whether it waits, for what, behind how many, and until about when.

Called by the gateway, which keeps the `QueueOrder` and the start times of one moment for all that ask in it::

    order = QueueOrder(jobs, default_profile=..., priorities=...)
    starts = estimated_start_times(order, paces, now)
    explain(job, order, starts)

What the operator wrote is passed on in its own words, but for the scheduler's, which `unschedulable` puts plainly.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from steno_types.job import TranscriptionJob
from steno_types.queue_order import QueueOrder, Standing, standing
from steno_types.stage import Stage
from steno_types.status import ConditionType
from steno_types.unschedulable import in_plain_words
from steno_types.waiting import Waiting, WaitingReason

_PREPARING: Final = {
    Stage.FETCH: "Its worker runs and fetches the recording.",
    Stage.LOAD_MODEL: "Its worker runs and loads the model.",
    Stage.SELF_TEST: "Its worker runs and tests the model on a short clip.",
}
"""Stages of a running job in which nothing of it is transcribed yet; to people it still waits."""

_UNSAID: Final = {
    WaitingReason.BEHIND_OTHERS: "Other jobs go first.",
    WaitingReason.JOB_NOT_CREATED: "The API server fails to make its Job, and is asked again.",
    WaitingReason.QUOTA_EXHAUSTED: "A quota has no room for it.",
    WaitingReason.NO_NODE_FITS: "No node has what its worker asks for.",
    WaitingReason.IMAGE_PULLING: "Its node fetches the worker's image.",
    WaitingReason.WORKER_STARTING: "Its worker is about to start.",
    WaitingReason.WORKER_ENDED: "An attempt has ended, and another one follows.",
    WaitingReason.MODEL_LOADING: "Its worker runs and loads the model.",
    WaitingReason.SUSPENDED: "The job is suspended; set spec.suspend to false to go on.",
}
"""What a reason says where no condition says more."""


def explain(job: TranscriptionJob, order: QueueOrder, starts: Mapping[str, datetime]) -> Waiting | None:
    """Say what the job waits for; None if it waits for nothing: it transcribes, has ended, or is about to.

    Parameters
    ----------
    job
        Any job; one that `order` does not know has no position.
    order, starts
        The queues, and the result of `estimated_start_times` for them.
    """
    match standing(job):
        case Standing.ENDING:
            return None
        case Standing.SUSPENDED:
            return Waiting(reason=WaitingReason.SUSPENDED, message=_UNSAID[WaitingReason.SUSPENDED])
        case Standing.RUNNING:
            progress = job.status.progress
            said = _PREPARING.get(progress.stage) if progress is not None and progress.stage is not None else None
            return Waiting(reason=WaitingReason.MODEL_LOADING, message=said) if said is not None else None
        case Standing.PLACED | Standing.WAITING:
            reason, message = _as_the_operator_says(job)
            if reason is WaitingReason.BEHIND_OTHERS:
                message = _behind(job, order)
            return Waiting(
                position=order.position(job),
                reason=reason,
                message=message,
                estimated_start_time=starts.get(job.metadata.uid),
            )


def _as_the_operator_says(job: TranscriptionJob) -> tuple[WaitingReason, str]:
    queued = job.status.condition(ConditionType.QUEUED)
    if queued is None or not queued.is_true:
        return WaitingReason.BEHIND_OTHERS, ""
    try:
        reason = WaitingReason(queued.reason)
    except ValueError:
        # The word of another version's operator; its Job is there, and its message is for people.
        reason = WaitingReason.WORKER_STARTING
    said = in_plain_words(queued.message) if reason is WaitingReason.NO_NODE_FITS else queued.message
    return reason, said or _UNSAID[reason]


def _behind(job: TranscriptionJob, order: QueueOrder) -> str:
    position, key = order.position(job), order.key(job)
    if position is None:
        return _UNSAID[WaitingReason.BEHIND_OTHERS]
    queue = f"the queue {key.name!r}" if key.namespace is not None else f"the profile {key.name!r}"
    match position - 1:
        case 0:
            return f"It is the next job of {queue}."
        case 1:
            return f"One job of {queue} goes first."
        case ahead:
            return f"{ahead} jobs of {queue} go first."
