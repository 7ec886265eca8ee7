"""TranscriptionJobs at the API server: the calls that operator and gateway share.

Every method makes one request and raises `KubeError`. Gives and takes the models of `steno_types`; must not know
what a job means.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from lightkube import AsyncClient
from lightkube.generic_resource import create_namespaced_resource
from lightkube.types import PatchType

from steno_kube.errors import translated
from steno_types import (
    API_VERSION,
    GROUP,
    KIND,
    PLURAL,
    VERSION,
    TranscriptionJob,
    TranscriptionJobSpec,
    TranscriptionJobStatus,
)

LIST_CHUNK: Final = 500
"""Objects per page of a list; client-go's default."""

_Resource: Final = create_namespaced_resource(GROUP, VERSION, KIND, PLURAL)


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
        """Read all jobs of a namespace."""
        with translated():
            listing = self._client.list(_Resource, namespace=namespace, chunk_size=LIST_CHUNK)
            return tuple([_parse(raw) async for raw in listing])

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
        wire = status.to_wire()
        gone = dict.fromkeys(job.status.to_wire().keys() - wire.keys())
        body = {
            "metadata": {"resourceVersion": job.metadata.resource_version, "uid": job.metadata.uid},
            "status": wire | gone,
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
