"""The operator's own calls to the API server; the only module here that imports lightkube.

Gives plain values (`observed`), takes plain manifests, raises `KubeError`. What operator and gateway both ask of
TranscriptionJobs is `steno_kube.TranscriptionJobs`'s business.
"""

from typing import Any, Final, cast

from lightkube import AsyncClient
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.core_v1 import ContainerStatus
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod
from lightkube.types import CascadeType
from pydantic import ValidationError

from steno_kube import ResourceNotFoundError, translated
from steno_operator.batch_job import CONTAINER
from steno_operator.observed import BatchJob, WorkerPod
from steno_types import GROUP, JOB_LABEL, KIND, PLURAL, VERSION, TerminationMessage

JOB_NAME_LABEL: Final = "batch.kubernetes.io/job-name"
"""On every pod of a Job, by the Job controller (since Kubernetes 1.27): the Job's name."""

LIST_CHUNK: Final = 500
"""Objects per page of a list; client-go's default."""

_TranscriptionJob: Final = create_namespaced_resource(GROUP, VERSION, KIND, PLURAL)


class BatchJobs:
    """Jobs and their pods."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def get(self, namespace: str, name: str) -> BatchJob | None:
        """Read a Job, fresh from the server; None when there is none of that name."""
        try:
            with translated():
                return _batch_job(await self._client.get(Job, name, namespace=namespace))
        except ResourceNotFoundError:
            return None

    async def pods(self, namespace: str, job_name: str, batch_job_name: str) -> tuple[WorkerPod, ...]:
        """Read the pods that work, or worked, for the TranscriptionJob `job_name`; oldest first.

        The Job's name tells them from those of an earlier TranscriptionJob of the same name.
        """
        with translated():
            listing = self._client.list(
                Pod, namespace=namespace, labels={JOB_LABEL: job_name, JOB_NAME_LABEL: batch_job_name}
            )
            pods = [pod async for pod in listing]
        return tuple(_worker_pod(pod) for pod in sorted(pods, key=_age))

    async def create(self, manifest: dict[str, Any]) -> None:
        """Create a Job; `AlreadyExistsError` when the name is taken."""
        batch_job = cast("Job", Job.from_dict(manifest))
        with translated():
            await self._client.create(batch_job)

    async def delete(self, namespace: str, name: str) -> None:
        """Delete a Job; it stays to be seen until its pods are gone. One that is gone already is no error."""
        try:
            with translated():
                await self._client.delete(Job, name, namespace=namespace, cascade=CascadeType.FOREGROUND)
        except ResourceNotFoundError:
            return


class UploadReaders:
    """Who reads an upload.

    Asked of the jobs as the server has them: one that this version cannot parse, a newer one's, keeps its upload too.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def of(self, namespace: str, upload_id: str) -> tuple[str, ...]:
        """Give the uids of the jobs that name the upload and are to stay; one being deleted needs it no more."""
        with translated():
            listing = self._client.list(_TranscriptionJob, namespace=namespace, chunk_size=LIST_CHUNK)
            return tuple(
                [
                    raw["metadata"]["uid"]
                    async for raw in listing
                    if (raw["spec"]["source"].get("upload") or {}).get("id") == upload_id
                    and "deletionTimestamp" not in raw["metadata"]
                ]
            )


def _age(pod: Pod) -> str:
    created = pod.metadata.creationTimestamp if pod.metadata else None
    return created.isoformat() if created else ""


def _batch_job(raw: Job) -> BatchJob:
    if raw.metadata is None or raw.metadata.name is None or raw.metadata.uid is None:
        raise ValueError("the API server sent a Job without name or uid")
    owner = next((o for o in raw.metadata.ownerReferences or [] if o.controller), None)
    conditions = {c.type: c for c in (raw.status.conditions if raw.status else None) or [] if c.status == "True"}
    failed = conditions.get("Failed")
    return BatchJob(
        name=raw.metadata.name,
        uid=raw.metadata.uid,
        owner_uid=owner.uid if owner else None,
        complete="Complete" in conditions,
        failed=failed is not None,
        failure_message=(failed.message or "") if failed else "",
        deleting=raw.metadata.deletionTimestamp is not None,
    )


def _worker_pod(raw: Pod) -> WorkerPod:
    name = (raw.metadata.name if raw.metadata else None) or ""
    status = raw.status
    containers = (status.containerStatuses if status else None) or []
    # By name: whatever a cluster injects beside it says nothing about the work.
    worker = next((container for container in containers if container.name == CONTAINER), None)
    if worker is not None:
        return _with_container(name, worker)
    scheduled = next((c for c in (status.conditions if status else None) or [] if c.type == "PodScheduled"), None)
    if scheduled is not None and scheduled.status == "False":
        return WorkerPod(
            name=name, waiting_reason=scheduled.reason or "Unschedulable", waiting_message=scheduled.message or ""
        )
    return WorkerPod(name=name)


def _with_container(name: str, container: ContainerStatus) -> WorkerPod:
    state = container.state
    if state is not None and state.terminated is not None:
        ended = state.terminated
        return WorkerPod(
            name=name,
            started=ended.startedAt,
            finished=ended.finishedAt,
            exit_code=ended.exitCode,
            termination=_termination(ended.message),
            out_of_memory=ended.reason == "OOMKilled",
        )
    if state is not None and state.running is not None:
        return WorkerPod(name=name, started=state.running.startedAt)
    waiting = state.waiting if state else None
    return WorkerPod(
        name=name,
        waiting_reason=(waiting.reason or "") if waiting else "",
        waiting_message=(waiting.message or "") if waiting else "",
    )


def _termination(message: str | None) -> TerminationMessage | None:
    """Read the worker's last word; what is not its JSON (the runtime's own words) is none."""
    try:
        return TerminationMessage.model_validate_json(message) if message else None
    except ValidationError:
        return None
