"""TranscriptionJobs at the API server: the calls that operator and gateway share.

Every method makes one request and raises `KubeError`. Gives and takes the models of `steno_types`; must not know
what a job means.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from lightkube import AsyncClient
from lightkube.generic_resource import create_namespaced_resource
from lightkube.types import PatchType
from pydantic import ValidationError

from steno_kube.errors import translated
from steno_types import (
    API_VERSION,
    GROUP,
    KIND,
    PLURAL,
    VERSION,
    Progress,
    TranscriptionJob,
    TranscriptionJobSpec,
    TranscriptionJobStatus,
)

LIST_CHUNK: Final = 500
"""Objects per page of a list; client-go's default."""

_Resource: Final = create_namespaced_resource(GROUP, VERSION, KIND, PLURAL)


logger = logging.getLogger(__name__)


def merge_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Give the JSON merge patch (RFC 7386) that makes `old` be `new`, and leaves alone what neither knows."""
    patch: dict[str, Any] = dict.fromkeys(old.keys() - new.keys())
    for field, value in new.items():
        before = old.get(field)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            patch[field] = merge_patch(before, value)
        else:
            patch[field] = value
    return patch


def _parse(raw: Mapping[str, Any]) -> TranscriptionJob:
    return TranscriptionJob.model_validate(raw)


class TranscriptionJobs:
    """The TranscriptionJobs of a cluster."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def get(self, namespace: str, name: str) -> TranscriptionJob:
        """Read one job, fresh from the server."""
        with translated():
            return _parse(await self._client.get(_Resource, name, namespace=namespace))

    async def list(self, namespace: str) -> tuple[TranscriptionJob, ...]:
        """Read all jobs of a namespace; one that this version cannot read, a newer one's, is logged and left out."""
        jobs = []
        with translated():
            async for raw in self._client.list(_Resource, namespace=namespace, chunk_size=LIST_CHUNK):
                try:
                    jobs.append(_parse(raw))
                except ValidationError as error:
                    name = raw.metadata.name if raw.metadata else None
                    logger.warning("%s/%s is no TranscriptionJob this version can read: %s", namespace, name, error)
        return tuple(jobs)

    async def create(
        self,
        namespace: str,
        name: str,
        spec: TranscriptionJobSpec,
        *,
        annotations: Mapping[str, str] | None = None,
        finalizers: Sequence[str] = (),
    ) -> TranscriptionJob:
        """Create a job; `AlreadyExistsError` when the name is taken."""
        raw = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {
                "name": name,
                "namespace": namespace,
                "annotations": dict(annotations or {}),
                "finalizers": [*finalizers],
            },
            "spec": spec.to_wire(),
        }
        resource = _Resource.from_dict(raw)
        with translated():
            return _parse(await self._client.create(resource))

    async def delete(self, namespace: str, name: str) -> None:
        """Ask for a job's deletion; its finalizer does the rest."""
        with translated():
            await self._client.delete(_Resource, name, namespace=namespace)

    async def patch_metadata(self, job: TranscriptionJob, metadata: Mapping[str, Any]) -> TranscriptionJob:
        """Merge `metadata` into that of `job`; `ConflictError` when the job changed since it was read."""
        body = {"metadata": {**metadata, "resourceVersion": job.metadata.resource_version, "uid": job.metadata.uid}}
        with translated():
            raw = await self._client.patch(
                _Resource, job.metadata.name, body, namespace=job.metadata.namespace, patch_type=PatchType.MERGE
            )
        return _parse(raw)

    async def patch_status(self, job: TranscriptionJob, status: TranscriptionJobStatus) -> TranscriptionJob:
        """Make the status of `job` be `status`; `ConflictError` when the job changed since it was read.

        A field that `status` leaves unset is removed; one that this version does not know is left alone.
        """
        body = {
            "metadata": {"resourceVersion": job.metadata.resource_version, "uid": job.metadata.uid},
            "status": merge_patch(job.status.to_wire(), status.to_wire()),
        }
        with translated():
            raw = await self._client.patch(
                _Resource.Status,
                job.metadata.name,
                body,
                namespace=job.metadata.namespace,
                patch_type=PatchType.MERGE,
            )
        return _parse(raw)

    async def patch_progress(self, job: TranscriptionJob, progress: Progress) -> TranscriptionJob:
        """Make the progress in the status of `job` be `progress`, and nothing else.

        `ConflictError` when the job changed since it was read.
        """
        standing = job.status.progress
        body = {
            "metadata": {"resourceVersion": job.metadata.resource_version, "uid": job.metadata.uid},
            "status": {"progress": merge_patch(standing.to_wire() if standing else {}, progress.to_wire())},
        }
        with translated():
            raw = await self._client.patch(
                _Resource.Status,
                job.metadata.name,
                body,
                namespace=job.metadata.namespace,
                patch_type=PatchType.MERGE,
            )
        return _parse(raw)

    async def watch(
        self, namespace: str, name: str, *, resource_version: str, timeout_seconds: int
    ) -> AsyncIterator[tuple[str, TranscriptionJob]]:
        """Follow one job from `resource_version` on: ``(event type, job)`` until it is deleted.

        The server ends each request after `timeout_seconds` and lightkube begins another: whoever iterates sets the
        limit in time.
        """
        with translated():
            events = self._client.watch(
                _Resource,
                namespace=namespace,
                fields={"metadata.name": name},
                resource_version=resource_version,
                server_timeout=timeout_seconds,
            )
            async for kind, raw in events:
                yield kind, _parse(raw)
                if kind == "DELETED":
                    return
