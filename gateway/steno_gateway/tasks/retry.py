"""Do a finished task again: a new job from the same source and settings, without another upload.

Called by `routes.retry`. The old job stays as it is. An upload is deleted with the last job that names it, so that
the new one keeps it even when the old one is released.
"""

from typing import Final

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.problems import ProblemError
from steno_gateway.tasks.creation import Submitted, check_upload, create
from steno_gateway.tasks.views import FILE_NAME_ANNOTATION, phase_of
from steno_types import GROUP

RETRY_OF_ANNOTATION: Final = f"{GROUP}/retry-of"
"""On a job that does another one's work again: that one's name."""


async def retry(context: Context, caller: Caller, task_id: str, *, idempotency_key: str | None) -> Submitted:
    """Make a job like one that has finished.

    Raises
    ------
    ProblemError
        It has not finished, its upload is gone, or what `creation.create` says.
    ResourceNotFoundError
        There is no such job.
    KubeError
        The API server refused the new job, or did not answer.
    """
    old = await context.reads.get(caller.namespace, task_id)
    if old.status.terminal is None:
        raise ProblemError(
            problems.TASK_UNFINISHED,
            f"The task {task_id} is {phase_of(old).lower()}.",
            remedy=f"Wait until it is completed or failed, or end it with POST /cancel/{task_id}.",
        )
    if old.spec.source.upload is not None:
        await check_upload(context, caller.namespace, old.spec.source.upload.id)
    kept = {name: old.metadata.annotations.get(name) for name in (FILE_NAME_ANNOTATION,)}
    return await create(
        context,
        caller,
        old.spec.model_copy(update={"cancel": False, "suspend": False}),
        annotations={RETRY_OF_ANNOTATION: task_id, **{name: value for name, value in kept.items() if value}},
        idempotency_key=idempotency_key,
    )
