"""Create a TranscriptionJob for a caller.

Called by `submit` and by all else that makes a job: the one place where names are drawn, keys are compared and limits
are kept.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.problems import ProblemError
from steno_gateway.tasks.idempotency import DIGEST_ANNOTATION, Identity, check_same, identify
from steno_kube import AlreadyExistsError, KubeError, KubeUnavailableError
from steno_store import ObjectNotFoundError
from steno_types import FINALIZER, TranscriptionJob, TranscriptionJobSpec, UploadSource

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What came of a request for a job."""

    job: TranscriptionJob
    created: bool = True
    """False: the job was there already, from an earlier request of the same key."""


async def create(
    context: Context,
    caller: Caller,
    spec: TranscriptionJobSpec,
    *,
    annotations: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
    sha256: str | None = None,
) -> Submitted:
    """Create the job, with the finalizer: from its first moment on its deletion takes the upload along.

    Raises
    ------
    ProblemError
        The key stands for another request, the upload is gone, or there are too many tasks.
    KubeError
        The API server refused the job, or did not answer.
    """
    identity = None if idempotency_key is None else identify(caller.namespace, idempotency_key, spec, sha256)
    context.expiry.begin()
    submitted = await _create(context, caller, spec, {**(annotations or {})}, identity)
    if submitted.created and spec.source.upload is not None:
        await _insist_on_upload(context, submitted.job, spec.source.upload)
    return submitted


async def _create(
    context: Context,
    caller: Caller,
    spec: TranscriptionJobSpec,
    annotations: dict[str, str],
    identity: Identity | None,
) -> Submitted:
    namespace = caller.namespace
    name = f"tsj-{secrets.token_hex(6)}" if identity is None else identity.name
    if identity is not None:
        annotations[DIGEST_ANNOTATION] = identity.digest
    try:
        job = await context.jobs.create(namespace, name, spec, annotations=annotations, finalizers=(FINALIZER,))
    except AlreadyExistsError:
        if identity is None:
            raise
        job = await context.jobs.get(namespace, name)
        check_same(job, identity)
        return Submitted(job, created=False)
    except KubeUnavailableError:
        # The request may have got through and its answer been lost. A random name is ours; a key's is compared.
        try:
            job = await context.jobs.get(namespace, name)
        except KubeError as error:
            logger.info("%s/%s was not created: %s", namespace, name, error)
        else:
            if identity is not None:
                check_same(job, identity)
                # Whose upload it names cannot be told: the job of an earlier request keeps its own.
                return Submitted(job, created=job.spec.source == spec.source)
            return Submitted(job)
        raise
    return Submitted(job)


async def _insist_on_upload(context: Context, job: TranscriptionJob, upload: UploadSource) -> None:
    """Take the job back if its upload is gone, or condemned: whoever deletes it did not see the job (DESIGN, 4)."""
    namespace = job.metadata.namespace

    def is_there() -> bool:
        try:
            context.store.head(context.layout.upload(namespace, upload.id))
        except ObjectNotFoundError:
            return False
        try:
            context.store.head(context.layout.condemned(namespace, upload.id))
        except ObjectNotFoundError:
            return True
        return False

    there = False
    try:
        there = await run_in_threadpool(is_there)
    finally:
        if not there:
            await asyncio.shield(context.jobs.delete(namespace, job.metadata.name))
    if not there:
        raise ProblemError(
            problems.UPLOAD_GONE,
            f"The upload {upload.id} is no longer in the object store.",
            field="upload",
            remedy="Upload the recording again.",
        )
