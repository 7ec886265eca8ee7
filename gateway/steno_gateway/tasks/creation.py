"""Create a TranscriptionJob for a caller.

Called by `submit` and by all else that makes a job: the one place where names are drawn, keys are compared and limits
are kept. In the usual case that is one request to the API server.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from steno_gateway import problems
from steno_gateway.access import record
from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.problems import ProblemError
from steno_gateway.tasks.idempotency import DIGEST_ANNOTATION, Identity, check_same, identify, releasing
from steno_gateway.tasks.limits import API_KEY_LABEL, Slot
from steno_gateway.tasks.permissible import check_spec
from steno_gateway.uploads.existing import StoredUpload, find, whole
from steno_kube import AlreadyExistsError, ConflictError, KubeError, KubeUnavailableError, ResourceNotFoundError
from steno_types import FINALIZER, TranscriptionJob, TranscriptionJobSpec, UploadSource

logger = logging.getLogger(__name__)

NAME_TRIES: Final = 3
"""Tries to create a job whose name was taken a moment ago and is free again."""


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
    slot: Slot | None = None,
) -> Submitted:
    """Create the job, with the finalizer: from its first moment on its deletion takes the upload along.

    Parameters
    ----------
    annotations
        Of the job.
    idempotency_key
        The client's, or one made of it; whoever takes it from a client has it checked first.
    sha256
        Of the upload's bytes, in hexadecimal, where they came with this very request.
    slot
        Held for this job already; None: one is taken here.

    Raises
    ------
    ProblemError
        What is asked for is not allowed, the key stands for another request, the upload is gone, or there are too
        many unfinished tasks.
    KubeError
        The API server refused the job, or did not answer.
    """
    check_spec(context.premises, caller.namespace, spec)
    identity = None if idempotency_key is None else identify(caller.namespace, idempotency_key, spec, sha256)
    context.expiry.begin()
    holding = context.limits.slot(caller, idempotency_key) if slot is None else contextlib.nullcontext(slot)
    async with holding as held:
        submitted = await _create(context, caller, spec, {**(annotations or {})}, identity)
        record.made(submitted.job.metadata.name)
        context.reads.seen(submitted.job)
        if held is not None:
            held.leave()  # the cache counts the job from here on
    if submitted.created and spec.source.upload is not None:
        await _insist_on_upload(context, submitted.job, spec.source.upload)
    return submitted


async def check_upload(context: Context, namespace: str, upload_id: str) -> StoredUpload:
    """Give what is known of the upload if it is there and stays, as far as can be told before a job names it."""
    stored = await find(context, namespace, upload_id)
    if stored is None or not await whole(context, namespace, upload_id):
        raise _upload_gone(upload_id)
    return stored


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
    for _ in range(NAME_TRIES):
        try:
            job = await context.jobs.create(
                namespace,
                name,
                spec,
                labels={API_KEY_LABEL: caller.name},
                annotations=annotations,
                finalizers=(FINALIZER,),
            )
        except AlreadyExistsError:
            if identity is None:
                raise
            with contextlib.suppress(ResourceNotFoundError):
                job = await context.jobs.get(namespace, name)
                check_same(job, identity)
                return Submitted(job, created=False)
        except KubeUnavailableError:
            found = await _heard_of(context, namespace, name, spec, identity)
            if found is None:
                raise
            return found
        else:
            return Submitted(job)
    raise releasing()


async def _heard_of(
    context: Context, namespace: str, name: str, spec: TranscriptionJobSpec, identity: Identity | None
) -> Submitted | None:
    """Look for a job whose creation was not answered; None: it is not there, as far as anybody tells."""
    # The request may have got through and its answer been lost. A random name is ours; a key's is compared.
    try:
        job = await context.jobs.get(namespace, name)
    except KubeError as error:
        logger.info("%s/%s was not created: %s", namespace, name, type(error).__name__)
        return None
    if identity is None:
        return Submitted(job)
    check_same(job, identity)
    # Whose upload it names cannot be told otherwise: the job of an earlier request keeps its own.
    return Submitted(job, created=job.spec.source == spec.source)


async def _insist_on_upload(context: Context, job: TranscriptionJob, upload: UploadSource) -> None:
    """Take the job back if its upload is gone, or condemned: whoever deletes it did not see the job (DESIGN, 4)."""
    there = False
    try:
        there = await whole(context, job.metadata.namespace, upload.id)
    finally:
        if not there:
            await asyncio.shield(asyncio.ensure_future(_take_back(context, job)))
    if not there:
        raise _upload_gone(upload.id)


async def _take_back(context: Context, job: TranscriptionJob) -> None:
    metadata = job.metadata
    # Another job of the name, or none: this one went by itself.
    with contextlib.suppress(ResourceNotFoundError, ConflictError):
        deleted = await context.jobs.delete(metadata.namespace, metadata.name, uid=metadata.uid)
        if deleted is None:
            context.reads.gone(job)
        else:
            context.reads.seen(deleted)


def _upload_gone(upload_id: str) -> ProblemError:
    return ProblemError(
        problems.UPLOAD_GONE,
        f"The upload {upload_id} is not in the object store, or about to be deleted.",
        field="upload",
        remedy="Upload the recording again.",
    )
