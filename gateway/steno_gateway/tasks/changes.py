"""Change what may be changed of a task: end it, hold it back, let it go on, its priority and its expiration.

Called by `routes.changes`. Each is one merge patch of the job's spec, with the resourceVersion of what it was decided
on: a task that ends in the same moment is not changed any more, and is said to have ended.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic.alias_generators import to_camel

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.problems import ProblemError
from steno_gateway.requests import ChangeRequest
from steno_gateway.tasks.views import phase_of
from steno_kube import ConflictError
from steno_types import Reason, TranscriptionJob

CONFLICT_TRIES: Final = 10
"""Tries to change a job that changes meanwhile; its progress does every 10 s at most."""

Decision = Callable[[TranscriptionJob], Mapping[str, Any]]
"""Gives the fields of the spec to change, by their names in Python; raises where the job does not allow it."""


async def change(context: Context, caller: Caller, task_id: str, decide: Decision) -> TranscriptionJob:
    """Change a job as `decide` says, and give it as it is then.

    Raises
    ------
    ProblemError
        The job does not allow it.
    ResourceNotFoundError
        There is no such job.
    KubeError
        The API server refused the change, or did not answer.
    """
    fresh = False
    for _ in range(CONFLICT_TRIES):
        job = await context.reads.get(caller.namespace, task_id, fresh=fresh)
        changes = {name: value for name, value in decide(job).items() if getattr(job.spec, name) != value}
        if not changes:
            if fresh:
                return job
            # Another gateway may have changed it just now, and the cache not know.
            fresh = True
            continue
        try:
            changed = await context.jobs.patch_spec(job, {to_camel(name): value for name, value in changes.items()})
        except ConflictError:
            fresh = True
            continue
        await context.reads.delivered(changed)
        return changed
    raise ConflictError(f"{caller.namespace}/{task_id} changes faster than it can be changed")


def cancelled(job: TranscriptionJob) -> Mapping[str, Any]:
    """End the job; what it has published stays. Once more is no error, but after another end it is."""
    failure = job.status.failure
    if job.status.terminal is not None and (failure is None or failure.reason is not Reason.CANCELLED):
        raise _finished(job, "cancelled")
    return {"cancel": True}


def suspended(job: TranscriptionJob) -> Mapping[str, Any]:
    """Let no worker run for the job."""
    _insist_on_unfinished(job, "suspended")
    return {"suspend": True}


def resumed(job: TranscriptionJob) -> Mapping[str, Any]:
    """Let workers run for the job again."""
    _insist_on_unfinished(job, "resumed")
    return {"suspend": False}


def adjusted(request: ChangeRequest) -> Decision:
    """Set what the request names."""

    def decide(job: TranscriptionJob) -> Mapping[str, Any]:
        if "queue_priority" in request.model_fields_set:
            _insist_on_unfinished(job, "given another priority")
        return request.model_dump(include=request.model_fields_set)

    return decide


def _insist_on_unfinished(job: TranscriptionJob, done: str) -> None:
    if job.status.terminal is not None:
        raise _finished(job, done)


def _finished(job: TranscriptionJob, done: str) -> ProblemError:
    return ProblemError(
        problems.TASK_FINISHED,
        f"The task {job.metadata.name} is {phase_of(job).lower()} and cannot be {done}.",
        remedy=f"Ask GET /status/{job.metadata.name} what became of it.",
    )
